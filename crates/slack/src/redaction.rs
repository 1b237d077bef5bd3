//! Hides secrets before a person reads a request, an answer or a log line.
//!
//! What is hidden is known by its kind, not by where it stands:
//!
//! - the value of a name that ends in `token` or `secret`, or that is a capability such as `response_url` (`names.rs`);
//! - Slack's tokens and Tidegate's API keys, and in URLs the user, what works as a password, and the paths of Slack's webhooks,
//!   wherever they are in a text (`texts.rs`);
//! - in text that nothing can parse, such as a log line or a body that was cut off, the same values by name (`lines.rs`).
//!
//! A text in JSON or a form may itself be JSON: `payload` and `private_metadata` are. It is treated the same way, a few levels deep.
//! Every function takes time in proportion to its input, and hides nothing more when it is called again.

mod lines;
mod names;
mod texts;

use std::borrow::Cow;
use std::ops::Range;

use serde_json::{Map, Value};

pub use self::lines::{Redacted, line};
pub use self::texts::text;

/// What stands in place of a secret.
pub const HIDDEN: &str = "(hidden)";

/// How many levels of JSON in a text in JSON are parsed. Deeper ones are treated as text that nothing can parse.
const LEVELS: usize = 4;

/// Hides the secrets in a JSON value. Numbers, booleans and the order of lists stay as they are, and so does every name and text that
/// holds no secret. Under the name of a secret, `null`, booleans and empty texts stay too, because they hold none. If two names of
/// an object differ only in their secrets, one of them is left.
pub fn json(value: &mut Value) {
    hide_in(value, LEVELS);
}

/// Returns the body of a JSON request with its secrets hidden. A body that is no JSON is returned as text. Bytes that are not UTF-8
/// become U+FFFD.
pub fn json_body(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    match serde_json::from_str(&text) {
        Ok(mut value) => {
            json(&mut value);
            value
        }
        Err(_) => damaged(&text, LEVELS).into_owned().into(),
    }
}

/// Returns the fields of a form request by name, with their secrets hidden. A field with a JSON object, such as `payload`, is
/// returned as that object. Of several fields with one name, only the last is returned.
pub fn form_body(body: &[u8]) -> Value {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(body) {
        let value = match serde_json::from_str::<Value>(&value) {
            Ok(json @ Value::Object(_)) => json,
            _ => value.into_owned().into(),
        };
        // A body that is no form looks like one field whose name is all of it.
        fields.insert(line(&name).into_owned(), value);
    }
    let mut fields = Value::Object(fields);
    json(&mut fields);
    fields
}

/// Hides the secrets in a text that may be JSON. JSON without secrets stays byte for byte.
pub fn json_text(text: &str) -> Cow<'_, str> {
    hide_in_text(text, LEVELS)
}

fn hide_in(value: &mut Value, levels: usize) {
    match value {
        Value::Object(fields) => {
            hide_in_names(fields);
            for (name, value) in fields {
                if names::is_secret(name) && can_be_secret(value) {
                    *value = HIDDEN.into();
                } else {
                    hide_in(value, levels);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| hide_in(value, levels)),
        Value::String(text) => {
            if let Cow::Owned(hidden) = hide_in_text(text, levels) {
                *text = hidden;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Hides the secrets in the names of an object. Links are names in what Slack calls unfurls.
fn hide_in_names(fields: &mut Map<String, Value>) {
    let with_secrets: Vec<(String, String)> = fields
        .keys()
        .filter_map(|name| match text(name) {
            Cow::Owned(hidden) => Some((name.clone(), hidden)),
            Cow::Borrowed(_) => None,
        })
        .collect();
    for (name, hidden) in with_secrets {
        if let Some(value) = fields.remove(&name) {
            fields.insert(hidden, value);
        }
    }
}

/// Hides the secrets in a text of a JSON value, which may itself be JSON.
fn hide_in_text(text: &str, levels: usize) -> Cow<'_, str> {
    if !text.trim_start().starts_with(['{', '[']) {
        return self::text(text);
    }
    let Some(levels) = levels.checked_sub(1) else {
        return line(text);
    };
    let Ok(parsed) = serde_json::from_str::<Value>(text) else {
        return damaged(text, levels + 1);
    };
    let mut hidden = parsed.clone();
    hide_in(&mut hidden, levels);
    if hidden == parsed {
        // The text stays byte for byte, with its spaces and the order of its names.
        return Cow::Borrowed(text);
    }
    Cow::Owned(hidden.to_string())
}

/// Hides the secrets in JSON that is cut off or damaged: it still has names, and values after them. If only a secret damaged it,
/// the rest is JSON, whose names say more than those of a line, because they may be written with escapes.
fn damaged(text: &str, levels: usize) -> Cow<'_, str> {
    match line(text) {
        Cow::Owned(rest) if serde_json::from_str::<Value>(&rest).is_ok() => {
            Cow::Owned(hide_in_text(&rest, levels).into_owned())
        }
        shown => shown,
    }
}

fn can_be_secret(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::String(text) => !text.is_empty(),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => true,
    }
}

/// Replaces what `secret_at` finds, from left to right. It is given the text and a position, and returns the range of the secret
/// that it finds there, which does not begin before the position.
fn replace(text: &str, secret_at: impl Fn(&str, usize) -> Option<Range<usize>>) -> Cow<'_, str> {
    let mut replaced = String::new();
    let (mut copied, mut at) = (0, 0);
    while at < text.len() {
        match secret_at(text, at) {
            Some(secret) => {
                replaced.push_str(&text[copied..secret.start]);
                replaced.push_str(HIDDEN);
                (copied, at) = (secret.end, secret.end);
            }
            None => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    replaced.push_str(&text[copied..]);
    Cow::Owned(replaced)
}

/// Tells whether an escape ends before `at`: `%20`, or in JSON `\n` or `\u0020`. Its letters and digits are no part of the word that
/// follows.
fn follows_escape(bytes: &[u8], at: usize) -> bool {
    let before = &bytes[..at];
    let hex = |digits: usize, start: &[u8]| {
        let (rest, end) = before.split_at(at.saturating_sub(digits));
        end.len() == digits && end.iter().all(u8::is_ascii_hexdigit) && rest.ends_with(start)
    };
    let letter = |end: &[u8]| matches!(end, [b'\\', b'b' | b'f' | b'n' | b'r' | b't']);
    hex(2, b"%") || hex(4, b"\\u") || before.last_chunk::<2>().is_some_and(|end| letter(end))
}

/// The length of the longest beginning of `bytes` that `belongs` takes.
fn run(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    let end = bytes.iter().position(|byte| !belongs(*byte));
    end.unwrap_or(bytes.len())
}
