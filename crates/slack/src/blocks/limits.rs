//! Slack's limits, in characters ([`crate::text::length`]) or in pieces. Contract: docs.slack.dev/reference/block-kit
//! and docs.slack.dev/reference/views.

/// Blocks of a message.
pub const MESSAGE_BLOCKS: usize = 50;
/// Characters of all texts in a message's blocks together. Slack documents no such limit, and refuses messages with
/// `msg_blocks_too_long` that have more than 11,000 or so (github.com/slackapi/bolt-js/issues/2867 and /2509).
pub const MESSAGE_BLOCKS_TEXT: usize = 10_000;
/// Blocks of a modal or a home tab.
pub const VIEW_BLOCKS: usize = 100;
/// Characters of a message's `text` beside its blocks. Slack takes 40,000, but notifications show far fewer, and what
/// is beyond some thousands is sent on in further messages.
pub const MESSAGE_TEXT: usize = 3000;

/// Characters of a `block_id`, an `action_id` or a `callback_id`.
pub const ID: usize = 255;

/// Characters of a section's text.
pub const SECTION: usize = 3000;
/// Fields of a section.
pub const FIELDS: usize = 10;
/// Characters of one field.
pub const FIELD: usize = 2000;
/// Characters of a context's text. Slack takes 3000.
pub const CONTEXT: usize = 2000;
/// Characters of a header.
pub const HEADER: usize = 150;
/// Elements of an actions block.
pub const ACTIONS: usize = 25;
/// Characters of an input's label, and of its hint.
pub const LABEL: usize = 2000;

/// Characters on a button.
pub const BUTTON: usize = 75;
/// Characters of a button's value.
pub const BUTTON_VALUE: usize = 2000;
/// Characters of the address that a button opens.
pub const URL: usize = 3000;
/// Options of a select.
pub const OPTIONS: usize = 100;
/// Options of a group of checkboxes.
pub const BOXES: usize = 10;
/// Options of an overflow menu.
pub const OVERFLOW: usize = 5;
/// Characters of an option's label.
pub const OPTION: usize = 75;
/// Characters of an option's value.
pub const OPTION_VALUE: usize = 150;
/// Characters of a select's placeholder. Slack takes 150.
pub const PLACEHOLDER: usize = 75;
/// Characters that a person can write into a text input.
pub const INPUT: usize = 3000;

/// Characters of a modal's title, and on its buttons.
pub const TITLE: usize = 24;
/// Characters that a view remembers (`private_metadata`).
pub const METADATA: usize = 3000;
