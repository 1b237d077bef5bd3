//! `chat.*`: saying, changing and taking back. Posts of Tidegate's own go through the outbox, which sends them once.

mod scheduled;

use serde_json::Value;

pub use self::scheduled::{
    DeleteScheduledMessage, ListScheduledMessages, ScheduleMessage, Scheduled, ScheduledMessage,
    ScheduledPage,
};
use super::types::Empty;
use super::types::message::Message;
use crate::ids::{ChannelId, Ts, UserId};

method! {
    /// Says something in a channel.
    Write "chat.postMessage": PostMessage {
        /// Where.
        channel: ChannelId,
        /// What, or what stands for it where blocks cannot be shown. Slack cuts it off at 40,000 characters.
        text: String,
        /// Rich content, 50 at most.
        blocks: Option<Vec<Value>>,
        /// The older form of rich content.
        attachments: Option<Vec<Value>>,
        /// Answers in that thread.
        thread_ts: Option<Ts>,
        /// Shows an answer in a thread to the channel too.
        reply_broadcast: Option<bool>,
        /// What the app wants to find again.
        metadata: Option<Value>,
        /// Shows previews of links.
        unfurl_links: Option<bool>,
        /// Shows previews of pictures and films.
        unfurl_media: Option<bool>,
    } => Posted
}

method! {
    /// Shows something in a channel to one person, as long as they do not look away.
    Write "chat.postEphemeral": PostEphemeral {
        /// Where.
        channel: ChannelId,
        /// To whom.
        user: UserId,
        /// What.
        text: String,
        /// Rich content.
        blocks: Option<Vec<Value>>,
        /// In that thread.
        thread_ts: Option<Ts>,
    } => PostedEphemeral
}

method! {
    /// Changes a message. What is left out of text and blocks goes.
    Write "chat.update": Update {
        /// Where.
        channel: ChannelId,
        /// Which.
        ts: Ts,
        /// What it says now.
        text: Option<String>,
        /// Rich content.
        blocks: Option<Vec<Value>>,
        /// The older form of rich content.
        attachments: Option<Vec<Value>>,
        /// What the app wants to find again.
        metadata: Option<Value>,
        /// Shows an answer in a thread to the channel too.
        reply_broadcast: Option<bool>,
    } => Posted
}

method! {
    /// Takes a message back.
    Write "chat.delete": Delete {
        /// Where.
        channel: ChannelId,
        /// Which.
        ts: Ts,
    } => Deleted
}

method! {
    /// A message's address for people.
    Read "chat.getPermalink": GetPermalink {
        /// Where.
        channel: ChannelId,
        /// Which.
        message_ts: Ts,
    } => Permalink
}

method! {
    /// Puts previews under the links of a message.
    WriteForm "chat.unfurl": Unfurl {
        /// Where.
        channel: ChannelId,
        /// Which.
        ts: Ts,
        /// By link.
        unfurls: Value,
    } => Empty
}

answer! {
    /// What has been said or changed.
    Posted {
        /// Where it went.
        channel: Option<ChannelId>,
        /// Under which it is kept.
        ts: Option<Ts>,
        /// As Slack has it.
        message: Option<Message>,
    }
}

answer! {
    /// What has been shown to one person. It cannot be changed by this name.
    PostedEphemeral {
        /// Its name.
        message_ts: Option<Ts>,
    }
}

answer! {
    /// What has been taken back.
    Deleted {
        /// Where.
        channel: Option<ChannelId>,
        /// Which.
        ts: Option<Ts>,
    }
}

answer! {
    /// A message's address.
    Permalink {
        must {
            /// For people.
            permalink: String,
        }
        /// Where.
        channel: Option<ChannelId>,
    }
}
