//! `chat.*`: posting, changing and deleting messages. Posts of Tidegate's own go through the outbox, which sends them once.

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
    /// Posts a message to a channel or direct message.
    Write "chat.postMessage": PostMessage {
        /// The channel or direct message; a person's id sends it to them from the app.
        channel: ChannelId,
        /// The text in mrkdwn, which stands for the blocks where they cannot be shown. Slack cuts it off at 40,000 characters.
        text: String,
        /// Rich content: blocks of Block Kit, 50 at most.
        blocks: Option<Vec<Value>>,
        /// The older form of rich content.
        attachments: Option<Vec<Value>>,
        /// The head of the thread to answer in; `None` posts in the channel.
        thread_ts: Option<Ts>,
        /// Whether an answer in a thread is shown in the channel too.
        reply_broadcast: Option<bool>,
        /// Data that the app attaches: an `event_type` and an `event_payload`.
        metadata: Option<Value>,
        /// Whether Slack shows previews of links.
        unfurl_links: Option<bool>,
        /// Whether Slack shows previews of pictures and films.
        unfurl_media: Option<bool>,
    } => Posted
}

method! {
    /// Shows a message in a channel to one person, until they reload Slack.
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
    /// Changes a message. If only one of text and blocks is given, the other is removed.
    Write "chat.update": Update {
        /// The id of the channel that the message is in, `C…`, `G…` or `D…`.
        channel: ChannelId,
        /// The message's timestamp, which identifies it within the channel.
        ts: Ts,
        /// The new text in mrkdwn.
        text: Option<String>,
        /// Rich content: blocks of Block Kit, 50 at most.
        blocks: Option<Vec<Value>>,
        /// The older form of rich content.
        attachments: Option<Vec<Value>>,
        /// Data that the app attaches: an `event_type` and an `event_payload`.
        metadata: Option<Value>,
        /// Whether an answer in a thread is shown in the channel too.
        reply_broadcast: Option<bool>,
    } => Posted
}

method! {
    /// Deletes a message that the token's user posted.
    Write "chat.delete": Delete {
        /// The id of the channel that the message is in, `C…`, `G…` or `D…`.
        channel: ChannelId,
        /// The message's timestamp, which identifies it within the channel.
        ts: Ts,
    } => Deleted
}

method! {
    /// Tells the address of a message.
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
    /// A message that was posted or changed.
    Posted {
        /// The conversation that it went to; a direct message, `D…`, if a person was named.
        channel: Option<ChannelId>,
        /// The message's timestamp, which identifies it within the channel.
        ts: Option<Ts>,
        /// The message as Slack stored it.
        message: Option<Message>,
    }
}

answer! {
    /// A message that was shown to one person. No method changes it by its timestamp.
    PostedEphemeral {
        /// Its timestamp, which no other method takes.
        message_ts: Option<Ts>,
    }
}

answer! {
    /// A message that was deleted.
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
