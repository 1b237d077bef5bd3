//! `chat.scheduleMessage` and related methods: messages that Slack posts later.

use serde_json::Value;

use crate::api::pages::paged;
use crate::api::types::{Empty, List, Metadata};
use crate::ids::{ChannelId, Ts};

method! {
    /// Has Slack post a message later.
    Write "chat.scheduleMessage": ScheduleMessage {
        /// The channel or direct message that gets it.
        channel: ChannelId,
        /// The time to post it, in Unix seconds, at most 120 days from now.
        post_at: i64,
        /// The text in mrkdwn, which stands for the blocks where they cannot be shown.
        text: String,
        /// Rich content: blocks of Block Kit, 50 at most.
        blocks: Option<Vec<Value>>,
        /// The head of the thread to answer in; `None` posts in the channel.
        thread_ts: Option<Ts>,
        /// Data that the app attaches: an `event_type` and an `event_payload`.
        metadata: Option<Value>,
    } => Scheduled
}

method! {
    /// Cancels a message that has not been posted yet.
    Write "chat.deleteScheduledMessage": DeleteScheduledMessage {
        /// The channel that would have got it.
        channel: ChannelId,
        /// The id that `chat.scheduleMessage` answered with, `Q…`.
        scheduled_message_id: String,
    } => Empty
}

method! {
    /// Lists the messages that have not been posted yet.
    Read "chat.scheduledMessages.list": ListScheduledMessages {
        /// The channel whose messages are listed; all channels if empty.
        channel: Option<ChannelId>,
        /// The cursor from the page before; `None` begins at the first page.
        cursor: Option<String>,
        /// Most messages in one page.
        limit: Option<u32>,
    } => ScheduledPage
}

paged!(ListScheduledMessages);

answer! {
    /// A message that Slack will post.
    Scheduled {
        must {
            /// The id by which it can be cancelled, `Q…`.
            scheduled_message_id: String,
        }
        /// The time at which Slack posts it, in Unix seconds.
        post_at: i64,
    }
}

answer! {
    /// A page of messages that Slack will post.
    ScheduledPage {
        must {
            /// The messages, in no promised order.
            scheduled_messages: List<ScheduledMessage>,
        }
        /// Where the next page begins.
        response_metadata: Metadata,
    }
}

answer! {
    /// A message that Slack will post.
    ScheduledMessage {
        must {
            /// The id by which it can be cancelled, `Q…`.
            id: String,
        }
        /// The channel that gets it.
        channel_id: Option<ChannelId>,
        /// The time at which Slack posts it, in Unix seconds.
        post_at: i64,
        /// The text in mrkdwn.
        text: String,
    }
}
