//! Which answers are done, refused and ambiguous, and what a refusal says.

use serde_json::json;

use tidegate_outcome::MAX_RETRY_AFTER;

use super::*;

type Judged = Outcome<Value, SlackRejection>;

fn judge(status: u16, retry_after: Option<&str>, body: &str) -> Judged {
    super::judge(status, retry_after, body.as_bytes())
}

fn limited(retry_after: u64) -> Judged {
    Outcome::Refused(Refusal::RateLimited { retry_after })
}

#[test]
fn a_rate_limit_is_obeyed_to_the_second() {
    assert_eq!(judge(429, Some("7"), ""), limited(7));
    assert_eq!(judge(429, Some("600"), ""), limited(600));
    assert_eq!(
        judge(200, Some("3"), r#"{"ok":false,"error":"ratelimited"}"#),
        limited(3)
    );
    for odd in [None, Some(""), Some("soon"), Some("-1"), Some("1.5")] {
        assert_eq!(judge(429, odd, ""), limited(DEFAULT_RETRY_AFTER), "{odd:?}");
    }
    let absurd = judge(429, Some("9223372036854775807"), "");
    assert_eq!(absurd, limited(MAX_RETRY_AFTER));
}

#[test]
fn only_a_clear_no_is_a_refusal() {
    let refused = |code: &str| Outcome::rejected(SlackRejection::Permanent(code.to_owned()));
    assert_eq!(
        judge(200, None, r#"{"ok":false,"error":"channel_not_found"}"#),
        refused("channel_not_found")
    );
    assert_eq!(
        judge(200, None, r#"{"ok":false,"error":"<script>"}"#),
        refused("unknown")
    );
    assert_eq!(judge(404, None, "no"), refused("http_404"));
    let revoked = judge(200, None, r#"{"ok":false,"error":"token_revoked"}"#);
    assert_eq!(
        revoked,
        Outcome::rejected(SlackRejection::Credential("token_revoked".to_owned()))
    );
}

#[test]
fn a_missing_scope_says_which_one_to_add() {
    let answer = r#"{"ok":false,"error":"missing_scope","needed":"chat:write","provided":"identify, users:read.email"}"#;
    let Outcome::Refused(Refusal::Rejected(why @ SlackRejection::MissingScope { .. })) =
        judge(200, None, answer)
    else {
        panic!("not a missing scope");
    };
    assert_eq!(
        why.to_string(),
        "missing_scope: add `chat:write` to the app and install it again"
    );
    let SlackRejection::MissingScope { provided, .. } = why else {
        unreachable!()
    };
    assert_eq!(provided, ["identify", "users:read.email"]);
}

#[test]
fn what_is_no_scope_name_is_not_repeated() {
    for (needed, kept) in [
        (json!("<script>"), vec![]),
        (json!("chat:write,`rm -rf`,\u{e9}"), vec!["chat:write"]),
        (json!("x".repeat(61)), vec![]),
        (json!("x,".repeat(500)), vec!["x"; MAX_SCOPES]),
        (json!(["chat:write"]), vec![]),
        (json!(null), vec![]),
    ] {
        let answer = json!({"ok": false, "error": "missing_scope", "needed": needed});
        let Outcome::Refused(Refusal::Rejected(SlackRejection::MissingScope { needed, .. })) =
            judge(200, None, &answer.to_string())
        else {
            panic!("{answer}");
        };
        assert_eq!(needed, kept);
    }
    let bare = judge(200, None, r#"{"ok":false,"error":"missing_scope"}"#);
    let Outcome::Refused(why) = bare else {
        panic!("{bare:?}");
    };
    assert_eq!(why.to_string(), "missing_scope");
}

#[test]
fn everything_unclear_is_ambiguous() {
    for (status, body) in [
        (500, ""),
        (503, "busy"),
        (200, "<html>"),
        (200, "{}"),
        (200, r#"{"ok":false,"error":"fatal_error"}"#),
        (200, r#"{"ok":false,"error":"internal_error"}"#),
    ] {
        assert!(
            matches!(judge(status, None, body), Outcome::Ambiguous(_)),
            "{status} {body}"
        );
    }
}

#[test]
fn a_response_url_answers_with_plain_text() {
    assert_eq!(
        judge_response_url(200, None, b"ok"),
        Outcome::Done(Value::Null)
    );
    let used = judge_response_url(404, None, b"used_url");
    assert_eq!(
        used,
        Outcome::rejected(SlackRejection::Permanent("http_404".to_owned()))
    );
}
