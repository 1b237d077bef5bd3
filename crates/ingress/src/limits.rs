//! Checks the field limits of modals. The worker that opens a modal writes the limits into its `private_metadata`, so that
//! ingress can reject a field without reading any state:
//! `{"limits": {"<block_id>": {"required": true, "min": 3, "max": 80}}}`. `min` and `max` are in characters and apply to texts
//! only. `required` applies to texts and choices.

use serde::Deserialize;
use std::collections::BTreeMap;
use tidegate_slack::interaction::View;

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    limits: BTreeMap<String, Limit>,
}

#[derive(Debug, Default, Deserialize)]
struct Limit {
    #[serde(default)]
    required: bool,
    #[serde(default)]
    min: Option<usize>,
    #[serde(default)]
    max: Option<usize>,
}

/// Returns the errors of a submitted modal as pairs of block id and text. A modal without limits has none.
pub(super) fn check(view: &View<'_>) -> Vec<(String, String)> {
    let metadata = view.private_metadata.as_deref().unwrap_or_default();
    let Ok(metadata) = serde_json::from_str::<Metadata>(metadata) else {
        return Vec::new();
    };
    let judge = |(block, limit): (String, Limit)| {
        let error = if view.is_blank(&block) {
            limit.missing()
        } else {
            limit.error(view.text(&block).trim())
        };
        Some((block, error?))
    };
    metadata.limits.into_iter().filter_map(judge).collect()
}

impl Limit {
    fn missing(&self) -> Option<String> {
        self.required.then(|| "This field is required.".to_owned())
    }

    fn error(&self, text: &str) -> Option<String> {
        let length = text.chars().count();
        // The input is a choice, which has no text.
        if length == 0 {
            return None;
        }
        if let Some(min) = self.min.filter(|min| length < *min) {
            return Some(format!(
                "At least {min} characters, please: there are {length}."
            ));
        }
        let max = self.max.filter(|max| length > *max)?;
        Some(format!(
            "At most {max} characters, please: there are {length}."
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tidegate_slack::interaction::Interaction;

    use super::*;

    fn errors(metadata: &str, title: &str) -> Vec<(String, String)> {
        let input = json!({"type": "plain_text_input", "value": title});
        errors_of(metadata, &input)
    }

    fn errors_of(metadata: &str, input: &Value) -> Vec<(String, String)> {
        let payload = json!({
            "type": "view_submission",
            "view": {
                "private_metadata": metadata,
                "state": {"values": {"title": {"input": input}}},
            },
        })
        .to_string();
        check(Interaction::parse(&payload).unwrap().view.as_ref().unwrap())
    }

    const LIMITS: &str = r#"{"limits":{"title":{"required":true,"min":3,"max":5}},"more":1}"#;

    #[test]
    fn a_field_outside_its_limits_gets_an_error_of_its_own() {
        for (title, error) in [
            ("", Some("This field is required.")),
            ("  ", Some("This field is required.")),
            ("ab", Some("At least 3 characters, please: there are 2.")),
            ("abc", None),
            ("éééée", None),
            ("abcdef", Some("At most 5 characters, please: there are 6.")),
        ] {
            let expected: Vec<_> = error
                .iter()
                .map(|e| ("title".to_owned(), (*e).to_owned()))
                .collect();
            assert_eq!(errors(LIMITS, title), expected, "{title:?}");
        }
    }

    #[test]
    fn a_required_choice_must_be_made_and_has_no_length() {
        let option = json!({"text": {"type": "plain_text", "text": "P1"}, "value": "P1"});
        for (input, is_missing) in [
            (
                json!({"type": "static_select", "selected_option": null}),
                true,
            ),
            (
                json!({"type": "static_select", "selected_option": option}),
                false,
            ),
            (json!({"type": "users_select", "selected_user": null}), true),
            (
                json!({"type": "users_select", "selected_user": "U1"}),
                false,
            ),
            (json!({"type": "checkboxes", "selected_options": []}), true),
            (
                json!({"type": "checkboxes", "selected_options": [option]}),
                false,
            ),
            (
                json!({"type": "multi_users_select", "selected_users": ["U1"]}),
                false,
            ),
            (
                json!({"type": "datetimepicker", "selected_date_time": null}),
                true,
            ),
            (
                json!({"type": "datetimepicker", "selected_date_time": 1_800_000_000}),
                false,
            ),
        ] {
            let missing = [("title".to_owned(), "This field is required.".to_owned())];
            let expected = if is_missing { &missing[..] } else { &[] };
            assert_eq!(errors_of(LIMITS, &input), expected, "{input}");
        }
    }

    #[test]
    fn a_modal_of_someone_else_has_no_limits() {
        for metadata in ["", "opaque", "{}", r#"{"limits":7}"#, "[]"] {
            assert_eq!(errors(metadata, ""), [], "{metadata}");
        }
    }
}
