//! `pins.*`: what stays in view in a channel.

use super::types::file::File;
use super::types::message::Message;
use super::types::{Empty, List};
use crate::ids::{ChannelId, Ts, UserId};

method! {
    /// Pins a message.
    Write "pins.add": Add {
        /// Where.
        channel: ChannelId,
        /// Which.
        timestamp: Ts,
    } => Empty
}

method! {
    /// Takes a pin off.
    Write "pins.remove": Remove {
        /// Where.
        channel: ChannelId,
        /// Which.
        timestamp: Ts,
    } => Empty
}

method! {
    /// What is pinned, up to a hundred; this method has no pages.
    Read "pins.list": ListPins {
        /// Where.
        channel: ChannelId,
    } => Pins
}

answer! {
    /// What is pinned.
    Pins {
        must {
            /// Latest first.
            items: List<Pin>,
        }
    }
}

answer! {
    /// One of them.
    Pin {
        /// `message` or `file`.
        #[serde(rename = "type")]
        kind: String,
        /// Unix seconds.
        created: i64,
        /// By whom.
        created_by: Option<UserId>,
        /// If it is a message.
        message: Option<Message>,
        /// If it is a file.
        file: Option<File>,
    }
}
