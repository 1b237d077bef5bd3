//! Texts of others as they are printed: nothing in them reaches the terminal as a command. JSON needs none of this, because it
//! escapes by itself.

use std::borrow::Cow;

use serde_json::Value;

/// Returns a text with its control characters and line breaks spelled out: `\n`, `\u{1b}`.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let acts = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Returns a text of an answer for a line that is printed. Empty if there is none.
pub(super) fn text(value: &Value) -> Cow<'_, str> {
    plain(value.as_str().unwrap_or_default())
}

/// Returns a list of texts for a line that is printed, with commas between them.
pub(super) fn list(value: &Value) -> String {
    let texts = value.as_array().into_iter().flatten();
    let texts: Vec<Cow<'_, str>> = texts.map(text).collect();
    texts.join(",")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_terminal_is_told_nothing_by_a_text() {
        for (stored, printed) in [
            ("Checkout is down – ä 日本", "Checkout is down – ä 日本"),
            ("a\nINC-2 fixed", "a\\nINC-2 fixed"),
            ("\u{1b}[2Jgone\r\0", "\\u{1b}[2Jgone\\r\\u{0}"),
            ("\u{9b}1m\u{7f}\u{2028}", "\\u{9b}1m\\u{7f}\\u{2028}"),
        ] {
            assert_eq!(text(&json!(stored)), printed);
        }
        assert_eq!(list(&json!(["a\n", "b", 1])), "a\\n,b,");
        assert_eq!(text(&json!(null)), "");
    }
}
