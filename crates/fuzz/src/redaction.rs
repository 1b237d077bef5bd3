//! What a person is shown of a request or a log line: any bytes are taken, and a second time hides nothing more.

use serde_json::Value;
use tidegate_slack::redaction::{form_body, json, json_body, json_text, line, text};

/// Checks one input: a body, or a line of a log. Panics if a property fails.
pub fn check(input: &[u8]) {
    let whole = String::from_utf8_lossy(input);
    for hide in [text, line, json_text] {
        let once = hide(&whole).into_owned();
        assert_eq!(hide(&once), once, "of {whole:?}");
    }
    for body in [json_body(input), form_body(input)] {
        let is_json = |text: &str| serde_json::from_str::<Value>(text).is_ok();
        if let Some(text) = body
            .as_str()
            .filter(|text| !is_json(&whole) && !is_json(text))
        {
            assert_eq!(line(text), text, "of {whole:?}");
        }
        let mut again = body.clone();
        json(&mut again);
        assert_eq!(again, body, "of {whole:?}");
    }
}
