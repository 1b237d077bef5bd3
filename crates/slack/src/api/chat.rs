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
        /// The channel or direct message; a person's id sends it to them from the app.
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
        /// The channel that the person is in.
        channel: ChannelId,
        /// The person who sees it, `U…` or `W…`.
        user: UserId,
        /// The text in mrkdwn, which stands for the blocks where they cannot be shown.
        text: String,
        /// Rich content: blocks of Block Kit, 50 at most.
        blocks: Option<Vec<Value>>,
        /// The head of the thread to show it in; `None` shows it in the channel.
        thread_ts: Option<Ts>,
    } => PostedEphemeral
}

method! {
    /// Changes a message. What is left out of text and blocks goes.
    Write "chat.update": Update {
        /// The id of the channel that the message is in, `C…`, `G…` or `D…`.
        channel: ChannelId,
        /// The message's timestamp, which identifies it within the channel.
        ts: Ts,
        /// What it says now.
        text: Option<String>,
        /// Rich content: blocks of Block Kit, 50 at most.
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
        /// The id of the channel that the message is in, `C…`, `G…` or `D…`.
        channel: ChannelId,
        /// The message's timestamp, which identifies it within the channel.
        ts: Ts,
    } => Deleted
}

method! {
    /// A message's address for people.
    Read "chat.getPermalink": GetPermalink {
        /// The channel that the message is in.
        channel: ChannelId,
        /// The message's timestamp, which identifies it within the channel.
        message_ts: Ts,
    } => Permalink
}

method! {
    /// Puts previews under the links of a message.
    WriteForm "chat.unfurl": Unfurl {
        /// The channel that the message is in.
        channel: ChannelId,
        /// The message's timestamp, which identifies it within the channel.
        ts: Ts,
        /// An object: each link as it stands in the message, with its preview.
        unfurls: Value,
    } => Empty
}

answer! {
    /// What has been said or changed.
    Posted {
        /// The conversation that it went to; a direct message, `D…`, if a person was named.
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
        /// Its timestamp, which no other method takes.
        message_ts: Option<Ts>,
    }
}

answer! {
    /// What has been taken back.
    Deleted {
        /// The channel that the message was in.
        channel: Option<ChannelId>,
        /// The timestamp that the message had.
        ts: Option<Ts>,
    }
}

answer! {
    /// The address of a message, which browsers open.
    Permalink {
        must {
            /// An `https` address that opens the message for people who may see it.
            permalink: String,
        }
        /// The channel that the message is in.
        channel: Option<ChannelId>,
    }
}
