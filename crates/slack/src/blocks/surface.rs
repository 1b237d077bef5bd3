//! The surfaces that hold blocks: messages, modals and home tabs.

use serde_json::{Value, json};

use super::{context, id, limits, plain_text, section};
use crate::mrkdwn;
use crate::text::{DASH, length};

/// A message's `text` and `blocks`, as many of them as fit into one message. The text is mrkdwn, and all that notifications and screen readers get, so it says
/// by itself what the blocks say.
pub fn message(text: &str, blocks: Vec<Value>) -> Value {
    let text = if text.trim().is_empty() { DASH } else { text };
    let text = mrkdwn::cut(text, limits::MESSAGE_TEXT);
    let blocks = folded(blocks, limits::MESSAGE_BLOCKS, limits::MESSAGE_BLOCKS_TEXT);
    json!({"text": text, "blocks": blocks})
}

/// The characters of all texts in a block.
fn characters(value: &Value) -> usize {
    match value {
        Value::Object(fields) => {
            let own = fields.get("text").and_then(Value::as_str).map_or(0, length);
            own + fields.values().map(characters).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(characters).sum(),
        _ => 0,
    }
}

/// A home tab as `views.publish` takes it. If there are more than 100 blocks, the last one says how many are left out.
pub fn home(blocks: Vec<Value>) -> Value {
    json!({"type": "home", "blocks": folded(blocks, limits::VIEW_BLOCKS, usize::MAX)})
}

/// A modal with a button that submits it and one that closes it. Texts are plain.
#[derive(Debug, Clone)]
pub struct Modal<'a> {
    /// Names the modal when it is submitted, at most 255 characters.
    pub callback: &'a str,
    /// Its heading, at most 24 characters.
    pub title: &'a str,
    /// The label of the button that submits it, at most 24 characters.
    pub submit: &'a str,
    /// Data that comes back with every interaction in it. More than 3000 characters are left out whole.
    pub private_metadata: &'a str,
    /// The blocks that it shows, at most 100.
    pub blocks: Vec<Value>,
}

/// A modal as `views.open` and `views.update` take it.
pub fn modal(modal: Modal<'_>) -> Value {
    let fits = length(modal.private_metadata) <= limits::METADATA;
    json!({
        "type": "modal",
        "callback_id": id(modal.callback),
        "title": plain_text(modal.title, limits::TITLE),
        "submit": plain_text(modal.submit, limits::TITLE),
        "close": plain_text("Cancel", limits::TITLE),
        "private_metadata": if fits { modal.private_metadata } else { "" },
        "blocks": folded(modal.blocks, limits::VIEW_BLOCKS, usize::MAX),
    })
}

/// Characters that are kept free for the note of what is left out.
const NOTE: usize = 100;

/// The blocks as far as there is room, then how many are left out, and then the buttons among those: without its buttons a
/// message is of no use. Slack refuses a surface without blocks.
fn folded(mut blocks: Vec<Value>, most: usize, most_text: usize) -> Vec<Value> {
    let text: usize = blocks.iter().map(characters).sum();
    let all = blocks.len();
    if all > most || text > most_text {
        let buttons: Vec<Value> = blocks.extract_if(.., |block| is_actions(block)).collect();
        let buttons = fitting(buttons, most / 2, most_text / 2);
        let places = most - 1 - buttons.len();
        let needed: usize = buttons.iter().map(characters).sum();
        blocks = fitting(blocks, places, most_text.saturating_sub(NOTE + needed));
        let left_out = all - blocks.len() - buttons.len();
        blocks.push(context(&format!("{left_out} more parts are not shown.")));
        blocks.extend(buttons);
    }
    if blocks.is_empty() {
        blocks.push(section(DASH));
    }
    blocks
}

/// The first blocks, as many as have room.
fn fitting(blocks: Vec<Value>, most: usize, most_text: usize) -> Vec<Value> {
    let mut room = most_text;
    let fits = |block: &Value| {
        let needed = characters(block);
        let fits = needed <= room;
        room = room.saturating_sub(needed);
        fits
    };
    blocks.into_iter().take(most).take_while(fits).collect()
}

fn is_actions(block: &Value) -> bool {
    block["type"] == "actions"
}
