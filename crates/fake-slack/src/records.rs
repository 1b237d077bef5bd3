//! What the stand-in remembers and shows: people, channels, messages and the list of API calls.

use serde::Serialize;
use serde_json::Value;

/// A conversation of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Channel {
    /// `C…`, or `D…` for a direct message with the bot.
    pub id: String,
    /// The name without `#`.
    pub name: String,
    /// Whether it is private.
    pub is_private: bool,
    /// Whether posting is refused with `is_archived`.
    pub is_archived: bool,
    /// Unix seconds of its creation.
    pub created: u64,
}

/// A member of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct User {
    /// `U…`.
    pub id: String,
    /// The handle without `@`.
    pub name: String,
    /// The name people read.
    pub real_name: String,
    /// Whether this is an app's bot.
    pub is_bot: bool,
}

/// A message that everyone in its channel sees.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PostedMessage {
    /// The channel it is in.
    pub channel: String,
    /// Its id and time, `seconds.micros`.
    pub ts: String,
    /// Who posted it.
    pub user: String,
    /// The bot id, when an app posted it.
    pub bot_id: Option<String>,
    /// The text.
    pub text: String,
    /// The thread it belongs to.
    pub thread_ts: Option<String>,
    /// Its blocks, each with a `block_id`.
    pub blocks: Option<Value>,
    /// The metadata given with it.
    pub metadata: Option<Value>,
    /// The client's own id for it.
    pub client_msg_id: Option<String>,
    /// When it was last edited.
    pub edited_ts: Option<String>,
    /// The reactions to it.
    pub reactions: Vec<Reaction>,
}

/// One emoji under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reaction {
    /// The emoji's name without colons.
    pub name: String,
    /// Who reacted with it.
    pub users: Vec<String>,
}

/// A message that one user sees.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ephemeral {
    /// Its id and time.
    pub ts: String,
    /// The channel it is in.
    pub channel: String,
    /// The only user who sees it.
    pub user: String,
    /// Whether Slack itself says it, and not the app.
    pub from_slack: bool,
    /// The text.
    pub text: String,
    /// Its blocks.
    pub blocks: Option<Value>,
    /// The thread it is shown in.
    pub thread_ts: Option<String>,
}

/// One request of the app to this stand-in; it holds neither the token nor the content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// When it came, in Unix milliseconds.
    pub at_ms: u64,
    /// The Web API method, or `response_url`.
    pub method: String,
    /// The channel it was about.
    pub channel: Option<String>,
    /// `ok`, Slack's error code, or the name of the fault that answered, with `_applied` when it took effect.
    pub outcome: String,
}

/// A modal that the app has opened and nobody has closed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OpenView {
    /// The user who sees it.
    pub user: String,
    /// The view as `views.open` answered it.
    pub view: Value,
}
