//! Removes credentials from a request before a person reads it.

use serde_json::Value;
use tidegate_pipeline::job::kind;

/// Returns the body of a request as JSON, with tokens, `response_url` and `trigger_id` hidden.
pub(super) fn body(kind_of_job: &str, bytes: &[u8]) -> Value {
    if kind_of_job == kind::SLACK_EVENT {
        if let Ok(mut json) = serde_json::from_slice::<Value>(bytes) {
            redact(&mut json);
            return json;
        }
        return String::from_utf8_lossy(bytes).into_owned().into();
    }
    let mut fields = serde_json::Map::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        let value = match serde_json::from_str::<Value>(&value) {
            Ok(json @ Value::Object(_)) => json,
            _ => value.into_owned().into(),
        };
        fields.insert(name.into_owned(), value);
    }
    let mut fields = Value::Object(fields);
    redact(&mut fields);
    fields
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let secret = matches!(
                    name.as_str(),
                    "token" | "response_url" | "trigger_id" | "response_urls"
                );
                if secret && !value.is_null() {
                    *value = "(hidden)".into();
                } else {
                    redact(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(redact),
        _ => {}
    }
}
