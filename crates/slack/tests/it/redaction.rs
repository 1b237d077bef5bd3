//! Secrets of every kind are hidden wherever they are planted, and everything else stays.

mod planted;
mod shapes;

use std::io::Write as _;

use proptest::prelude::*;
use serde_json::json;
use tidegate_slack::redaction::{self, HIDDEN, Redacted};

use self::planted::{LOOKS, NAMES, PARTS, SESAME, harmless, levels, tree};

proptest! {
    #[test]
    fn in_json_secrets_go_and_the_rest_stays((planted, hidden) in tree()) {
        prop_assume!(levels(&planted) <= 4);
        let mut value = planted.clone();
        redaction::json(&mut value);
        prop_assert_eq!(&value, &hidden);
        prop_assert!(!value.to_string().contains(SESAME));
        redaction::json(&mut value);
        prop_assert_eq!(&value, &hidden);
        prop_assert_eq!(redaction::json_body(planted.to_string().as_bytes()), hidden);
    }

    #[test]
    fn in_a_form_secrets_go_and_the_rest_stays((planted, hidden) in tree(), text in harmless()) {
        prop_assume!(levels(&planted) <= 4);
        let payload = json!({"inside": planted}).to_string();
        let fields = [
            ("token", "sesame"), ("text", text.as_str()), ("response_url", "https://127.0.0.1/sesame"),
            ("payload", payload.as_str()), ("trigger_id", "1.2.sesame"), ("user_name", "ada"),
        ];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let shown = redaction::form_body(body.as_bytes());
        let text = if text.starts_with("{ \"spaces") { serde_json::from_str(&text).unwrap() } else { json!(text) };
        prop_assert_eq!(&shown, &json!({
            "token": HIDDEN, "text": text, "response_url": HIDDEN,
            "payload": {"inside": hidden}, "trigger_id": HIDDEN, "user_name": "ada",
        }));
        prop_assert!(!shown.to_string().contains(SESAME));
    }

    /// A body that is cut off anywhere tells nothing but how it looks.
    #[test]
    fn in_a_body_that_is_cut_off_no_secret_is_left((planted, _) in tree(), cut in any::<prop::sample::Index>()) {
        prop_assume!(levels(&planted) <= 2);
        let whole = json!([planted]).to_string();
        let mut cut = cut.index(whole.len());
        while !whole.is_char_boundary(cut) {
            cut -= 1;
        }
        // These two are known by their length and by the `@` after them.
        let rest = |start: &str| whole[..cut].rsplit_once(start).map_or("", |(_, rest)| rest).len();
        prop_assume!(!(1..32).contains(&rest("Bearer ")) && !(1..16).contains(&rest("postgres://")));
        let shown = redaction::line(&whole[..cut]).into_owned();
        prop_assert!(!shown.contains(SESAME), "{}", shown);
        prop_assert_eq!(redaction::line(&shown).into_owned(), shown);
    }

    #[test]
    fn any_text_is_taken_and_a_second_time_changes_nothing(text in "(?s).{0,200}", glue in prop::collection::vec(
        prop_oneof![
            "[a-z0-9_\\\\\"'%&?=:/.@ ()\\[\\]{}<>-]{0,8}",
            prop::sample::select(LOOKS.to_vec()).prop_map(str::to_owned),
            prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned),
            prop::sample::select(PARTS.to_vec()).prop_map(|(with, _)| with.to_owned()),
            prop::sample::select(vec![": Basic ", ": OAuth a=\"", "; b=", "\", c=", "\\n", "%20"])
                .prop_map(str::to_owned),
        ], 0..12)) {
        for text in [text, glue.concat()] {
            let once = redaction::text(&text).into_owned();
            prop_assert_eq!(redaction::text(&once), once.as_str());
            let once = redaction::line(&text).into_owned();
            prop_assert_eq!(redaction::line(&once), once.as_str());
        }
    }
}

#[test]
fn in_a_line_the_values_after_names_of_secrets_go() {
    for (line, shown) in [
        ("token=sesame user=U1", "token=(hidden) user=U1"),
        (
            "kind=x bot_token=\"sesame b\" n=1",
            "kind=x bot_token=\"(hidden)\" n=1",
        ),
        (
            "Grant { token: \"sesame\", refresh_token: Some(\"sesame\") }",
            "Grant { token: \"(hidden)\", refresh_token: Some(\"(hidden)\") }",
        ),
        (
            r#"{"error":"odd: {\"token\":\"ses\\\"sesame\",\"n\":1}","tenant":"T1"}"#,
            r#"{"error":"odd: {\"token\":\"(hidden)\",\"n\":1}","tenant":"T1"}"#,
        ),
        (
            "payload=%7B%22token%22%3A%22sesame%22%2C%22n%22%3A1%7D",
            "payload=%7B%22token%22%3A%22(hidden)%22%2C%22n%22%3A1%7D",
        ),
        (
            "\u{1b}[3mtoken\u{1b}[0m\u{1b}[2m=\u{1b}[0m\"sesame\" \u{1b}[3mn\u{1b}[0m=1",
            "\u{1b}[3mtoken\u{1b}[0m\u{1b}[2m=\u{1b}[0m\"(hidden)\" \u{1b}[3mn\u{1b}[0m=1",
        ),
        (
            r#"{"response_urls":["https:\/\/hooks.slack.com\/a\/sesame"],"n":1}"#,
            r#"{"response_urls":(hidden),"n":1}"#,
        ),
        (
            r"https:\/\/hooks.slack.com\/services\/sesame and https:\/\/ada:sesame@a.example\/x",
            r"https:\/\/hooks.slack.com\/(hidden) and https:\/\/(hidden)@a.example\/x",
        ),
        ("{\"token\": \"sesame", "{\"token\": \"(hidden)"),
        // What looks like a secret may be part of a name, or be followed by more of the value.
        (
            "1xoxb-sesame-token=xoxb-sesame n=1",
            "1(hidden)=(hidden) n=1",
        ),
        ("?xoxb-sesame_secret=sesame&n", "?(hidden)=(hidden)&n"),
        ("token=xoxb-sesame/sesame,n", "token=(hidden),n"),
        ("token=sesame?code=sesame#sesame n", "token=(hidden) n"),
        // The name of a secret may follow an escape, whose last letter is no part of it.
        (
            "team=T1%26response_url%3Dhttps%3A%2F%2F127.0.0.1%2Fsesame",
            "team=T1%26response_url%3D(hidden)",
        ),
        (
            r"why: a\ntrigger_id=1.sesame\u0026x=1",
            r"why: a\ntrigger_id=(hidden)\u0026x=1",
        ),
        // Headers without quotes.
        (
            "Authorization: OAuth sesame, n",
            "Authorization: OAuth (hidden), n",
        ),
        (
            "> authorization: Basic c2VzYW1lOg==sesame\r\n> accept: *",
            "> authorization: Basic (hidden)\r\n> accept: *",
        ),
        (
            "Proxy-Authorization: Bearer sesame (short)",
            "Proxy-Authorization: Bearer (hidden) (short)",
        ),
        (
            "Authorization: OAuth realm=\"a\", oauth_signature=\"sesame\", n",
            "Authorization: OAuth (hidden), n",
        ),
        ("Cookie: a=sesame; b=sesame n=1", "Cookie: (hidden) n=1"),
        (
            "Set-Cookie: s=sesame; Path=/; Secure",
            "Set-Cookie: (hidden); Secure",
        ),
        (
            "X-Slack-Signature: v0=sesame n=1",
            "X-Slack-Signature: (hidden) n=1",
        ),
    ] {
        assert_eq!(redaction::line(line), shown);
    }
    for line in [
        "needs_token=true secret=None token=\"\"",
        "secret.stale error=the token: expected a value at line 1",
        "authorization: the rights are missing, cookie: the browser sent none",
        r#"{"message":"token.refreshed","tokens":2,"tenant":"T1"}"#,
    ] {
        assert_eq!(redaction::line(line), line);
    }
}

#[test]
fn a_secret_goes_from_a_fragment_and_from_a_url_within_a_url() {
    for (text, shown) in [
        (
            "https://a.example/cb#access_token=sesame&token_type=bearer",
            "https://a.example/cb#access_token=(hidden)&token_type=bearer",
        ),
        (
            "?r=https%3A%2F%2Fb%3fn%3d1%26access_token%3Dsesame%26n%3D2&n=3",
            "?r=https%3A%2F%2Fb%3fn%3d1%26access_token%3D(hidden)%26n%3D2&n=3",
        ),
        (
            "https%3A%2F%2Fa%2Fcb%23id_token%3dsesame",
            "https%3A%2F%2Fa%2Fcb%23id_token%3d(hidden)",
        ),
        (
            "%3Fpassword%3Dsesame!%26a%3Db and ?password=sesame!&a. Then ?password=sesame.",
            "%3Fpassword%3D(hidden)%26a%3Db and ?password=(hidden)&a. Then ?password=(hidden).",
        ),
        ("use whsec_c2VzYW1l/+== now", "use (hidden) now"),
    ] {
        assert_eq!(redaction::text(text), shown);
        assert_eq!(redaction::text(shown), shown);
    }
}

/// The path of a call is logged as it came.
#[test]
fn an_api_key_after_an_escape_goes() {
    let key = "tg_T0ACME00001_0123456789abcdef_sesame";
    for before in [
        "/v1/workspaces/%20",
        "/v1/workspaces/a%2F",
        "%3A",
        "%3a",
        "%7E",
        r"a\n",
        r"a\t",
        r"a\u0020",
        r"a\u00e9",
        r"a\u00E9",
    ] {
        let (text, shown) = (format!("{before}{key} n"), format!("{before}{HIDDEN} n"));
        assert_eq!(redaction::line(&text), shown);
        assert_eq!(redaction::text(&text), shown);
    }
    for word in ["a", "0", "%2", "20", "_", r"u0020"] {
        let text = format!("{word}{key}");
        assert_eq!(redaction::line(&text), text);
    }
}

/// Such a text is what a body was that was cut off before somebody put it into JSON.
#[test]
fn in_json_a_text_that_looks_like_json_and_is_none_is_treated_as_a_line() {
    for (text, shown) in [
        (r#"{"token":"sesame","n":"#, r#"{"token":"(hidden)","n":"#),
        (
            r#" [{"client_secret": "ses"#,
            r#" [{"client_secret": "(hidden)"#,
        ),
        (
            "{token: \"sesame\"} and more",
            "{token: \"(hidden)\"} and more",
        ),
    ] {
        let mut value = json!({"text": text});
        redaction::json(&mut value);
        assert_eq!(value, json!({"text": shown}));
        assert_eq!(redaction::json_text(text), shown);
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("payload", text)
            .finish();
        assert_eq!(
            redaction::form_body(form.as_bytes()),
            json!({"payload": shown})
        );
    }
}

/// A raw line break is what damages this text, and it goes with the secret. What is left is read as JSON, in which escapes are read.
#[test]
fn json_that_only_its_secret_damaged_is_read_as_json() {
    let text = "{\"refresh_token\": \"a\nb\", \"\\u0074oken\": \"sesame\"}";
    let shown = r#"{"refresh_token":"(hidden)","token":"(hidden)"}"#;
    assert_eq!(redaction::json_text(text), shown);
    assert_eq!(redaction::json_text(shown), shown);
    assert_eq!(redaction::json_body(text.as_bytes()), json!(shown));
    let mut value = json!({"text": text});
    redaction::json(&mut value);
    assert_eq!(value, json!({"text": shown}));
}

#[test]
fn a_log_line_is_written_without_its_secrets() {
    let mut lines = Vec::new();
    let mut writer = Redacted(&mut lines);
    writer
        .write_all(b"odd answer: xoxb-1-sesame \xff\n")
        .unwrap();
    writer.write_all(b"nothing here\n").unwrap();
    let written = String::from_utf8(lines).unwrap();
    assert_eq!(written, "odd answer: (hidden) \u{fffd}\nnothing here\n");
}

/// A text that makes every beginning of a secret promising, and its end far away. A quadratic search would not end in a minute.
#[test]
fn a_large_text_takes_time_in_proportion() {
    for unit in [
        "://",
        ":%2F%2F",
        "?a=",
        "&token=",
        "&token=x",
        "%26token%3D",
        "%26token%3Dx",
        "#token=",
        "whsec_",
        "token",
        "token ",
        "token\\",
        "\"token\":[",
        "tg_",
        "bearer ",
        "hooks.slack.com/.",
        "xoxb-",
        "xoxe.",
        "{",
        "[",
        "token:\\\"",
        "%22token%22%3A%22%5C",
        "\\u0026",
        "%20tg_",
        "\\u0020token",
        "Cookie: a=",
        "Cookie: a=\"",
        "a=\"b\", ",
        "Authorization: Basic ",
    ] {
        let text = unit.repeat(600_000 / unit.len());
        let _ = redaction::line(&text);
        let _ = redaction::text(&text);
        let _ = redaction::json_body(json!({ "text": text }).to_string().as_bytes());
    }
}
