//! The blocks of which messages and views consist.

use serde_json::{Value, json};

use super::{id, limits, mrkdwn, plain_text};
use crate::text::length;

/// A paragraph of mrkdwn.
pub fn section(markup: &str) -> Value {
    json!({"type": "section", "text": mrkdwn(markup, limits::SECTION)})
}

/// A paragraph of mrkdwn with a button, select or menu at its right.
pub fn section_with(markup: &str, accessory: Value) -> Value {
    let mut block = section(markup);
    block["accessory"] = accessory;
    block
}

/// Lines of mrkdwn, in as few sections as hold them.
pub fn paragraphs(lines: &[String]) -> Vec<Value> {
    let mut blocks = Vec::new();
    let mut paragraph = String::new();
    for line in lines {
        if !paragraph.is_empty() && length(&paragraph) + 1 + length(line) > limits::SECTION {
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

/// Short facts in mrkdwn, in two columns: a section for every ten.
pub fn fields(facts: &[String]) -> Vec<Value> {
    let rows = facts.chunks(limits::FIELDS).map(|row| {
        let row: Vec<_> = row.iter().map(|f| mrkdwn(f, limits::FIELD)).collect();
        json!({"type": "section", "fields": row})
    });
    rows.collect()
}

/// A line of small print, in mrkdwn.
pub fn context(markup: &str) -> Value {
    json!({"type": "context", "elements": [mrkdwn(markup, limits::CONTEXT)]})
}

/// A heading, in plain text.
pub fn header(text: &str) -> Value {
    json!({"type": "header", "text": plain_text(text, limits::HEADER)})
}

/// A line between blocks, which has no content.
pub fn divider() -> Value {
    json!({"type": "divider"})
}

/// Buttons, selects and menus in a row: a block for every 25.
pub fn actions(elements: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let elements: Vec<Value> = elements.into_iter().collect();
    let rows = elements.chunks(limits::ACTIONS);
    rows.map(|row| json!({"type": "actions", "elements": row}))
        .collect()
}

/// A block of a modal that asks for something with one element. Its id is how the answer is found.
pub fn input(block_id: &str, label: &str, required: bool, element: &Value) -> Value {
    json!({
        "type": "input",
        "block_id": id(block_id),
        "label": plain_text(label, limits::LABEL),
        "optional": !required,
        "element": element,
    })
}
