//! Fields of a modal: the block that asks, and the limits that ingress checks before anything is queued.

use serde_json::{Value, json};
use tidegate_slack::ids::UserId;

use crate::render::blocks::{context, option, plain_text, section};
use crate::render::text::{cut, length};

/// Most characters that a text input of Slack's takes.
const INPUT: usize = 3000;

/// A block, and what its value must be.
pub(super) struct Field {
    pub(super) block: Value,
    limit: Option<(String, Value)>,
}

/// What is asked for, and how a field is labelled.
pub(super) struct Ask<'a> {
    /// Its block id.
    pub(super) id: &'a str,
    pub(super) label: &'a str,
    pub(super) required: bool,
}

impl Field {
    pub(super) fn limit(&self) -> Option<(String, Value)> {
        self.limit.clone()
    }

    /// A paragraph between the fields, in mrkdwn.
    pub(super) fn words(markup: &str) -> Self {
        Self::bare(section(markup))
    }

    /// Small print between the fields, in mrkdwn.
    pub(super) fn note(markup: &str) -> Self {
        Self::bare(context(markup))
    }

    fn bare(block: Value) -> Self {
        Self { block, limit: None }
    }

    fn asking(ask: &Ask<'_>, element: &Value, mut limit: Value) -> Self {
        limit["required"] = ask.required.into();
        let block = json!({
            "type": "input",
            "block_id": ask.id,
            "label": plain_text(ask.label, 2000),
            "optional": !ask.required,
            "element": element,
        });
        Self {
            block,
            limit: Some((ask.id.to_owned(), limit)),
        }
    }

    /// A text of `max` characters at most. An action id of its own makes Slack show a new initial value when the modal
    /// is updated; otherwise it keeps what was typed.
    pub(super) fn text(
        ask: &Ask<'_>,
        action: &str,
        max: usize,
        initial: &str,
        lines: bool,
    ) -> Self {
        let max = max.min(INPUT);
        let mut element = json!({
            "type": "plain_text_input",
            "action_id": action,
            "max_length": max,
            "multiline": lines,
        });
        if !initial.is_empty() {
            element["initial_value"] = cut(initial, max).into();
        }
        Self::asking(ask, &element, json!({"max": max}))
    }

    /// One of these options; labels and values.
    pub(super) fn select(
        ask: &Ask<'_>,
        action: &str,
        options: &[(String, String)],
        initial: Option<&str>,
    ) -> Self {
        let mut element = json!({
            "type": "static_select",
            "action_id": action,
            "options": drawn(options),
        });
        if let Some(chosen) = options
            .iter()
            .find(|(_, value)| Some(value.as_str()) == initial)
        {
            element["initial_option"] = option(&chosen.0, &chosen.1);
        }
        Self::asking(ask, &element, json!({}))
    }

    /// Any of these options, `most` at most.
    pub(super) fn several(
        ask: &Ask<'_>,
        action: &str,
        options: &[(String, String)],
        initial: &[String],
        most: usize,
    ) -> Self {
        let mut element = json!({
            "type": "multi_static_select",
            "action_id": action,
            "max_selected_items": most,
            "options": drawn(options),
        });
        let chosen = options.iter().filter(|(_, value)| initial.contains(value));
        let chosen: Vec<_> = chosen
            .take(most)
            .map(|(label, value)| option(label, value))
            .collect();
        if !chosen.is_empty() {
            element["initial_options"] = chosen.into();
        }
        Self::asking(ask, &element, json!({}))
    }

    /// A person of the workspace.
    pub(super) fn person(ask: &Ask<'_>, action: &str, initial: Option<&UserId>) -> Self {
        let mut element = json!({"type": "users_select", "action_id": action});
        if let Some(user) = initial {
            element["initial_user"] = user.as_str().into();
        }
        Self::asking(ask, &element, json!({}))
    }

    /// Boxes to tick, ten at most.
    pub(super) fn boxes(
        ask: &Ask<'_>,
        action: &str,
        options: &[(&str, &str)],
        ticked: &[&str],
    ) -> Self {
        let all: Vec<_> = options
            .iter()
            .map(|(label, value)| option(label, value))
            .collect();
        let mut element = json!({"type": "checkboxes", "action_id": action, "options": all});
        let chosen = options.iter().filter(|(_, value)| ticked.contains(value));
        let chosen: Vec<_> = chosen.map(|(label, value)| option(label, value)).collect();
        if !chosen.is_empty() {
            element["initial_options"] = chosen.into();
        }
        Self::asking(ask, &element, json!({}))
    }

    /// Tells the app at once when something is chosen, so that it can fill in the rest.
    pub(super) fn told_at_once(mut self) -> Self {
        self.block["dispatch_action"] = true.into();
        self
    }

    /// Explains the field below it.
    pub(super) fn hint(mut self, words: &str) -> Self {
        self.block["hint"] = plain_text(words, 2000);
        self
    }
}

/// Options as drawn; those without a value that Slack takes are left out.
fn drawn(options: &[(String, String)]) -> Vec<Value> {
    let usable = options
        .iter()
        .filter(|(_, value)| (1..=150).contains(&length(value)));
    usable.map(|(label, value)| option(label, value)).collect()
}
