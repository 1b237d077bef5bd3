//! Block Kit's pieces, each within Slack's limits whatever it is given.

use serde_json::{Value, json};

use super::text::{fit, length, plain};

/// Most blocks of a message.
pub(super) const MESSAGE_BLOCKS: usize = 50;
/// Most blocks of a modal or a home tab.
pub(super) const VIEW_BLOCKS: usize = 100;
/// Most options of a select.
pub(super) const OPTIONS: usize = 100;

const SECTION: usize = 3000;
const FIELD: usize = 2000;
const BUTTON: usize = 75;
const OPTION: usize = 75;
const HEADER: usize = 150;
/// Slack takes far more, but cuts what notifications show; the blocks carry the rest.
const FALLBACK: usize = 3000;

/// A message's `text` and `blocks`. The text is what notifications and screen readers get, so it says it all by itself.
pub(super) fn message(text: &str, mut blocks: Vec<Value>) -> Value {
    blocks.truncate(MESSAGE_BLOCKS);
    json!({"text": fit(text, FALLBACK), "blocks": blocks})
}

/// A paragraph of mrkdwn.
pub(super) fn section(markup: &str) -> Value {
    json!({"type": "section", "text": mrkdwn(markup, SECTION)})
}

/// A paragraph of mrkdwn with a button or select at its right.
pub(super) fn section_with(markup: &str, accessory: Value) -> Value {
    let mut block = section(markup);
    block["accessory"] = accessory;
    block
}

/// Lines of mrkdwn, in as few paragraphs as hold them.
pub(super) fn paragraphs(lines: &[String]) -> Vec<Value> {
    let mut blocks = Vec::new();
    let mut paragraph = String::new();
    for line in lines {
        if !paragraph.is_empty() && length(&paragraph) + 1 + length(line) > SECTION {
            blocks.push(section(&paragraph));
            paragraph.clear();
        }
        if !paragraph.is_empty() {
            paragraph.push('\n');
        }
        paragraph.push_str(line);
    }
    if !paragraph.is_empty() {
        blocks.push(section(&paragraph));
    }
    blocks
}

/// Up to ten short facts in two columns.
pub(super) fn fields(facts: &[String]) -> Value {
    let facts: Vec<_> = facts.iter().take(10).map(|f| mrkdwn(f, FIELD)).collect();
    json!({"type": "section", "fields": facts})
}

/// A line of small print.
pub(super) fn context(markup: &str) -> Value {
    json!({"type": "context", "elements": [mrkdwn(markup, FIELD)]})
}

/// A heading; plain text.
pub(super) fn header(text: &str) -> Value {
    json!({"type": "header", "text": plain_text(text, HEADER)})
}

/// A line across.
pub(super) fn divider() -> Value {
    json!({"type": "divider"})
}

/// A row of buttons and selects. Slack refuses an empty one, so there is none then.
pub(super) fn actions(mut elements: Vec<Value>) -> Option<Value> {
    elements.truncate(25);
    (!elements.is_empty()).then(|| json!({"type": "actions", "elements": elements}))
}

/// A button.
pub(super) fn button(label: &str, action: &str, value: &str) -> Value {
    json!({"type": "button", "text": plain_text(label, BUTTON), "action_id": action, "value": value})
}

/// The button that most will want.
pub(super) fn primary(mut button: Value) -> Value {
    button["style"] = "primary".into();
    button
}

/// The button that one should think about.
pub(super) fn danger(mut button: Value) -> Value {
    button["style"] = "danger".into();
    button
}

/// A select with fixed options. `None` without any, which Slack refuses.
pub(super) fn select(action: &str, placeholder: &str, mut options: Vec<Value>) -> Option<Value> {
    options.truncate(OPTIONS);
    (!options.is_empty()).then(|| {
        json!({
            "type": "static_select",
            "action_id": action,
            "placeholder": plain_text(placeholder, OPTION),
            "options": options,
        })
    })
}

/// An option of a select, a radio group or checkboxes.
pub(super) fn option(label: &str, value: &str) -> Value {
    json!({"text": plain_text(label, OPTION), "value": value})
}

pub(super) fn plain_text(text: &str, max: usize) -> Value {
    json!({"type": "plain_text", "text": plain(text, max), "emoji": true})
}

fn mrkdwn(markup: &str, max: usize) -> Value {
    let markup = if markup.trim().is_empty() {
        "–"
    } else {
        markup
    };
    json!({"type": "mrkdwn", "text": fit(markup, max)})
}
