//! `pins.*`: messages and files that stay in view in a channel.

use super::types::file::File;
use super::types::message::Message;
use super::types::{Empty, List};
use crate::ids::{ChannelId, Ts, UserId};

method! {
    /// Pins a message to its channel. `already_pinned` is a refusal.
    Write "pins.add": Add {
        /// The channel that the message is in.
        channel: ChannelId,
        /// The message's timestamp, which identifies it within the channel.
        timestamp: Ts,
    } => Empty
}

method! {
    /// Removes a pin from a message. `no_pin` is a refusal.
    Write "pins.remove": Remove {
        /// The channel that the message is in.
        channel: ChannelId,
        /// The message's timestamp, which identifies it within the channel.
        timestamp: Ts,
    } => Empty
}

method! {
    /// Lists the pins of a channel, up to a hundred; this method has no pages.
    Read "pins.list": ListPins {
        /// The channel whose pins are listed.
        channel: ChannelId,
    } => Pins
}

answer! {
    /// The pins of a channel.
    Pins {
        must {
            /// The pins, the latest first.
            items: List<Pin>,
        }
    }
}

answer! {
    /// A pinned message or file.
    Pin {
        /// The kind of what is pinned: `message` or `file`.
        #[serde(rename = "type")]
        kind: String,
        /// The time at which it was pinned, in Unix seconds.
        created: i64,
        /// The person or bot user who pinned it.
        created_by: Option<UserId>,
        /// If it is a message.
        message: Option<Message>,
        /// If it is a file.
        file: Option<File>,
    }
}
