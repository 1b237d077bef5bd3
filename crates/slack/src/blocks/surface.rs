//! The surfaces that hold blocks: messages, modals and home tabs.

use serde_json::{Value, json};

use super::{context, id, limits, plain_text, section};
use crate::mrkdwn;
use crate::text::{DASH, length};

/// A message's `text` and `blocks`. The text is mrkdwn, and all that notifications and screen readers get, so it says
/// by itself what the blocks say.
pub fn message(text: &str, blocks: Vec<Value>) -> Value {
    let text = if text.trim().is_empty() { DASH } else { text };
    let text = mrkdwn::cut(text, limits::MESSAGE_TEXT);
    json!({"text": text, "blocks": folded(blocks, limits::MESSAGE_BLOCKS)})
}

/// A home tab as `views.publish` takes it. If there are more than 100 blocks, the last one says how many are left out.
pub fn home(blocks: Vec<Value>) -> Value {
    json!({"type": "home", "blocks": folded(blocks, limits::VIEW_BLOCKS)})
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
        "blocks": folded(modal.blocks, limits::VIEW_BLOCKS),
    })
}

/// The blocks as far as there is room, and then how many are left out. Slack refuses a surface without blocks.
fn folded(mut blocks: Vec<Value>, most: usize) -> Vec<Value> {
    if blocks.len() > most {
        let left_out = blocks.len() - (most - 1);
        blocks.truncate(most - 1);
        blocks.push(context(&format!("{left_out} more parts are not shown.")));
    }
    if blocks.is_empty() {
        blocks.push(section(DASH));
    }
    blocks
}
