//! `conversations.*` that change something.

use super::OneChannel;
use crate::api::types::Empty;
use crate::ids::{ChannelId, TenantId, UserId};

method! {
    /// Makes a channel. `name_taken` is a refusal, also if the other one is archived.
    Write "conversations.create": Create {
        /// Lower case, 80 characters at most.
        name: String,
        /// Whether people can enter only by invitation; public by default.
        is_private: Option<bool>,
        /// The workspace, for a token of an organisation.
        team_id: Option<TenantId>,
    } => OneChannel
}

method! {
    /// Archives a channel: nobody can post there, and its history stays readable.
    Write "conversations.archive": Archive {
        /// The id of the channel, `C…` or `G…`.
        channel: ChannelId,
    } => Empty
}

method! {
    /// Opens a closed channel again.
    Write "conversations.unarchive": Unarchive {
        /// The id of the channel, `C…` or `G…`.
        channel: ChannelId,
    } => Empty
}

method! {
    /// Gives a channel another name.
    Write "conversations.rename": Rename {
        /// The id of the channel, `C…` or `G…`.
        channel: ChannelId,
        /// Slack may change it: the answer says to what.
        name: String,
    } => OneChannel
}

method! {
    /// Brings people into a channel.
    Write "conversations.invite": Invite {
        /// The id of the channel, `C…` or `G…`.
        channel: ChannelId,
        /// Joined by commas, 1000 at most.
        users: String,
        /// Invites those who can be, though others cannot.
        force: Option<bool>,
    } => OneChannel
}

method! {
    /// Puts a person out of a channel.
    Write "conversations.kick": Kick {
        /// The id of the channel, `C…` or `G…`.
        channel: ChannelId,
        /// The person who is put out, `U…` or `W…`.
        user: UserId,
    } => Empty
}

method! {
    /// Enters a public channel as the token's user.
    Write "conversations.join": Join {
        /// The id of the channel, `C…`.
        channel: ChannelId,
    } => OneChannel
}

method! {
    /// Takes the token's user out of a channel.
    Write "conversations.leave": Leave {
        /// The id of the channel, `C…` or `G…`.
        channel: ChannelId,
    } => Left
}

answer! {
    /// The result of leaving a channel.
    Left {
        /// Whether the token's user was not in it before.
        not_in_channel: bool,
    }
}

method! {
    /// Opens a direct message, or finds the one that is there.
    Write "conversations.open": Open {
        /// The id of the direct message; `None` if `users` name it.
        channel: Option<ChannelId>,
        /// The other people's ids, joined by commas, 8 at most.
        users: Option<String>,
        /// Answers with the whole conversation instead of its id.
        return_im: Option<bool>,
    } => OneChannel
}

method! {
    /// Says what a channel is about at present.
    Write "conversations.setTopic": SetTopic {
        /// The id of the channel, `C…` or `G…`.
        channel: ChannelId,
        /// The new text, 250 characters at most.
        topic: String,
    } => Empty
}

method! {
    /// Says what a channel is for.
    Write "conversations.setPurpose": SetPurpose {
        /// The id of the channel, `C…` or `G…`.
        channel: ChannelId,
        /// The new text, 250 characters at most.
        purpose: String,
    } => Empty
}
