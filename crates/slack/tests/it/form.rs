//! Forms: any bytes decode to some form, and what was encoded comes back.

use proptest::collection::vec;
use proptest::prelude::*;
use secrecy::ExposeSecret;
use tidegate_slack::command::{Form, SlashCommand, tenant};

fn encoded<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_some_form(body in vec(any::<u8>(), 0..400)) {
        let form = Form::parse(&body);
        let command = SlashCommand::from_form(&form);
        prop_assert_eq!(command.map(|c| c.tenant), tenant(&form).filter(|_| {
            form.get("command").is_some_and(|c| c.starts_with('/'))
        }));
    }

    #[test]
    fn a_command_keeps_what_the_user_typed(text in any::<String>(), url in any::<String>()) {
        let fields = [
            ("token", "x"), ("team_id", "T1"), ("channel_id", "C1"), ("user_id", "U1"),
            ("command", "/tidegate"), ("text", &text), ("response_url", &url),
        ];
        let body = encoded(fields);
        let command = SlashCommand::from_form(&Form::parse(body.as_bytes())).unwrap();
        prop_assert_eq!(command.text, text);
        prop_assert_eq!(command.response_url.expose_secret(), &url);
        prop_assert_eq!(command.tenant, "T1".into());
    }

    #[test]
    fn unknown_fields_never_matter(fields in vec((any::<String>(), any::<String>()), 0..6)) {
        let known = encoded([("command", "/x"), ("team_id", "T1"), ("text", "a")]);
        let unknown: Vec<_> = fields.iter().map(|(n, v)| (format!("new_{n}"), v.as_str())).collect();
        let unknown = encoded(unknown.iter().map(|(n, v)| (n.as_str(), *v)));
        for body in [format!("{known}&{unknown}"), format!("{unknown}&{known}")] {
            let form = Form::parse(body.as_bytes());
            let command = SlashCommand::from_form(&form).unwrap();
            prop_assert_eq!((command.text.as_str(), command.tenant.as_str()), ("a", "T1"));
            prop_assert!(!form.is_ssl_check());
        }
    }

    #[test]
    fn only_an_exact_probe_is_a_probe(value in any::<String>(), text in any::<String>()) {
        let body = encoded([("text", text.as_str()), ("ssl_check", &value)]);
        prop_assert_eq!(Form::parse(body.as_bytes()).is_ssl_check(), value == "1");
    }
}

#[test]
fn the_word_payload_in_a_text_is_a_text() {
    let body = b"command=%2Ftidegate&text=payload%3D%7B%22type%22%3A%22x%22%7D&team_id=T1";
    let command = SlashCommand::from_form(&Form::parse(body)).unwrap();
    assert_eq!(command.text, r#"payload={"type":"x"}"#);
    assert_eq!(Form::parse(body).get("payload"), None);
}

#[test]
fn broken_percent_encoding_and_invalid_utf8_decode_to_something() {
    for (body, text) in [
        (&b"text=%"[..], "%"),
        (b"text=%zz", "%zz"),
        (b"text=%e", "%e"),
        (b"text=%ff", "\u{fffd}"),
        (b"text=\xff", "\u{fffd}"),
        (b"text=a+b%2Bc", "a b+c"),
        (b"text", ""),
        (b"&&text=a&=", "a"),
    ] {
        assert_eq!(Form::parse(body).get("text"), Some(text), "{body:?}");
    }
}
