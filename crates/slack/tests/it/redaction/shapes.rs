//! In the shapes that Slack publishes, only secrets are hidden.

use serde_json::Value;
use tidegate_slack::redaction::{self, HIDDEN};

use crate::corpus;

#[test]
fn of_the_published_shapes_only_secrets_are_hidden() {
    let folders = [corpus::answers(), corpus::interactions(), corpus::events()];
    let mut files = 0;
    for folder in folders.into_iter().flatten() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let Ok(mut value) = serde_json::from_slice::<Value>(&std::fs::read(&path).unwrap())
            else {
                continue;
            };
            files += 1;
            // The shapes have blank values, which hide nothing.
            fill(&mut value, "sesame");
            let mut shown = value.clone();
            redaction::json(&mut shown);
            compare(&path.display().to_string(), &value, &shown);
        }
    }
    eprintln!("{files} files");
}

fn fill(value: &mut Value, text: &str) {
    match value {
        Value::String(blank) if blank.is_empty() => text.clone_into(blank),
        Value::Array(values) => values.iter_mut().for_each(|value| fill(value, text)),
        Value::Object(fields) => fields.values_mut().for_each(|value| fill(value, text)),
        _ => {}
    }
}

/// The names that are hidden in Slack's published shapes, by a list that was read by a person.
const EXPECTED: [&str; 11] = [
    "token",
    "secret",
    "bot_access_token",
    "access_token",
    "refresh_token",
    "response_url",
    "response_urls",
    "trigger_id",
    "interactivity_pointer",
    "upload_url",
    "permalink_public",
];

fn compare(file: &str, before: &Value, after: &Value) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            assert_eq!(before.len(), after.len(), "{file}");
            for (name, value) in before {
                if after[name] == HIDDEN {
                    assert!(
                        EXPECTED.contains(&name.as_str()),
                        "{file}: `{name}` is hidden"
                    );
                } else {
                    assert!(
                        !EXPECTED.contains(&name.as_str()) || value.is_null() || value.is_boolean(),
                        "{file}: `{name}` is not hidden"
                    );
                    compare(file, value, &after[name]);
                }
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            assert_eq!(before.len(), after.len(), "{file}");
            for (before, after) in before.iter().zip(after) {
                compare(file, before, after);
            }
        }
        _ => assert_eq!(before, after, "{file}"),
    }
}
