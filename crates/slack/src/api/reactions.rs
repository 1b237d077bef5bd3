//! `reactions.*`: emoji on messages.

use super::pages::paged;
use super::types::message::Message;
use super::types::{Empty, List, Metadata};
use crate::ids::{ChannelId, Ts, UserId};

method! {
    /// Reacts to a message. `already_reacted` is a refusal.
    Write "reactions.add": Add {
        /// The channel that the message is in.
        channel: ChannelId,
        /// The message's timestamp, which identifies it within the channel.
        timestamp: Ts,
        /// The emoji's name without colons, such as `eyes`.
        name: String,
    } => Empty
}

method! {
    /// Takes a reaction back. `no_reaction` is a refusal.
    Write "reactions.remove": Remove {
        /// The channel that the message is in.
        channel: ChannelId,
        /// The message's timestamp, which identifies it within the channel.
        timestamp: Ts,
        /// The emoji's name without colons, such as `eyes`.
        name: String,
    } => Empty
}

method! {
    /// How people reacted to a message.
    Read "reactions.get": Get {
        /// The channel that the message is in.
        channel: ChannelId,
        /// The message's timestamp, which identifies it within the channel.
        timestamp: Ts,
        /// Whether the answer names everybody who reacted.
        full: Option<bool>,
    } => Reacted
}

method! {
    /// Lists the items that a person reacted to.
    Read "reactions.list": ListReactions {
        /// Who; the token's own if empty.
        user: Option<UserId>,
        /// Whether the answer names everybody who reacted.
        full: Option<bool>,
        /// The cursor from the page before; `None` begins at the first page.
        cursor: Option<String>,
        /// Most items in one page.
        limit: Option<u32>,
    } => ReactedPage
}

paged!(ListReactions);

answer! {
    /// Something that was reacted to.
    Reacted {
        /// The kind of item: `message`, `file` or `file_comment`.
        #[serde(rename = "type")]
        kind: String,
        /// The channel that the message is in.
        channel: Option<ChannelId>,
        /// With its reactions, if it is a message.
        message: Option<Message>,
    }
}

answer! {
    /// A page of what somebody reacted to.
    ReactedPage {
        must {
            /// The items that the person reacted to, the latest first.
            items: List<Reacted>,
        }
        /// Where the next page begins.
        response_metadata: Metadata,
    }
}
