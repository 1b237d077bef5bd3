//! What the stand-in remembers and shows: people, channels, messages and the list of API calls.

use serde::Serialize;
use serde_json::Value;

/// A conversation of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Channel {
    /// `C…`, or `D…` for a direct message with the bot.
    pub id: String,
    /// The workspace it belongs to.
    pub team: String,
    /// The other workspaces that share it (Slack Connect).
    pub shared_with: Vec<String>,
    /// The name without `#`.
    pub name: String,
    /// Whether it is private.
    pub is_private: bool,
    /// Whether posting is refused with `is_archived`.
    pub is_archived: bool,
    /// Unix seconds of its creation.
    pub created: u64,
    /// Who made it; nobody known for what was there from the start.
    pub creator: String,
}

/// A member of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "Slack has the same flags")]
pub struct User {
    /// The id of the person or bot user, `U…`.
    pub id: String,
    /// The workspace this is a member of.
    pub team: String,
    /// The handle without `@`.
    pub name: String,
    /// The name people read.
    pub real_name: String,
    /// Whether this is an app's bot.
    pub is_bot: bool,
    /// Whether this is a guest, who sees only some channels: `is_restricted`.
    pub is_guest: bool,
    /// Whether this administers the workspace.
    pub is_admin: bool,
    /// Whether the account has been deactivated: `deleted`.
    pub is_deactivated: bool,
}

/// A message that everyone in its channel sees.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PostedMessage {
    /// The channel it is in.
    pub channel: String,
    /// Its id and time, `seconds.micros`.
    pub ts: String,
    /// The id of the person or bot user who posted it, `U…`.
    pub user: String,
    /// The bot id, when an app posted it.
    pub bot_id: Option<String>,
    /// The text in mrkdwn, as it was posted.
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
    /// The files shared by it, as Slack writes them.
    pub files: Vec<Value>,
    /// What the app shows under its links, by link.
    pub unfurls: Option<Value>,
    /// The workspace whose installation or member posted it; none for an org-wide installation.
    pub team: Option<String>,
    /// The organisation of the author, if there is one.
    pub enterprise: Option<String>,
    /// The kind of token it was posted with; none when a person typed it.
    pub token_kind: Option<TokenKind>,
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
    /// The text in mrkdwn, as it was sent.
    pub text: String,
    /// Its blocks of Block Kit; `None` if it has only text.
    pub blocks: Option<Value>,
    /// The thread it is shown in.
    pub thread_ts: Option<String>,
}

/// The identity in which a token lets its bearer act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// The app's bot in one installation.
    Bot,
    /// A person who let the app act for them.
    User,
    /// The app itself, in no workspace.
    App,
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
    /// The workspace the token is good for; none for an org-wide installation, and without a good token.
    pub team: Option<String>,
    /// The organisation the token's workspace belongs to, or that it is good for.
    pub enterprise: Option<String>,
    /// The kind of the token.
    pub token_kind: Option<TokenKind>,
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
