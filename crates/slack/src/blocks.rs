//! Block Kit for what Tidegate builds: blocks, elements, forms, messages and views as JSON, each within Slack's limits
//! for every input. Blocks that Tidegate reads stay JSON ([`crate::api`]).
//!
//! The limits are in [`limits`], and they are kept in one way everywhere:
//!
//! - A text for people that is too long is cut and ends with an ellipsis. An empty one becomes a dash.
//! - A value that comes back to the app is never cut, because half of it could not be read: an option without a usable
//!   value is left out, and so are the value of a button and what a view remembers.
//! - What has no room in one block goes on in the next one (`fields`, `actions`, `paragraphs`). A surface that has no
//!   room for a block ends by saying how many are left out.
//! - What Slack refuses when it is empty is `None` or no block.

mod block;
mod element;
mod form;
pub mod limits;
mod surface;

pub use block::{
    actions, context, divider, fields, header, input, paragraphs, section, section_with,
};
pub use element::{
    button, channels_select, checkboxes, danger, link_button, multi_select, multi_users_select,
    option, overflow, primary, select, select_one, text_input, users_select,
};
pub use form::{Field, Form, Question};
pub use surface::{Modal, home, message, modal};

use serde_json::{Value, json};

use crate::text::{DASH, one_line, prefix};

/// A text object without mark-up: one line of at most `max` characters.
fn plain_text(text: &str, max: usize) -> Value {
    json!({"type": "plain_text", "text": one_line(text, max), "emoji": true})
}

/// A text object of finished mrkdwn, of at most `max` characters.
fn mrkdwn(markup: &str, max: usize) -> Value {
    let markup = if markup.trim().is_empty() {
        DASH
    } else {
        markup
    };
    json!({"type": "mrkdwn", "text": crate::mrkdwn::cut(markup, max)})
}

/// An id of a block, an action or a view.
fn id(text: &str) -> &str {
    prefix(text, limits::ID)
}
