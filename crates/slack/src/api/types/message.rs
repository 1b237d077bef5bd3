//! A message as Slack stores it.

use serde_json::Value;

use super::List;
use super::file::File;
use crate::ids::{ChannelId, TenantId, Ts, UserId};

answer! {
    /// A message of a channel. Blocks and attachments are as Slack sent them: a stored message loses nothing.
    Message {
        must {
            /// The timestamp that identifies it within the channel.
            ts: Ts,
        }
        /// The kind of message, such as `bot_message`; `None` for a plain one.
        subtype: Option<String>,
        /// Its channel, in the few answers that say so.
        channel: Option<ChannelId>,
        /// The author, if it is a person or bot user.
        user: Option<UserId>,
        /// The workspace that the author belongs to, `T…`.
        team: Option<TenantId>,
        /// The bot's id, `B…`, if an app wrote it.
        bot_id: Option<String>,
        /// The app's id, `A…`, if an app wrote it.
        app_id: Option<String>,
        /// The name an app chose for it.
        username: Option<String>,
        /// The text in mrkdwn, which stands for the blocks where they cannot be shown.
        text: String,
        /// The thread it belongs to; its own `ts` at the head of a thread.
        thread_ts: Option<Ts>,
        /// The author of the first message of the thread.
        parent_user_id: Option<UserId>,
        /// At the head of a thread.
        reply_count: u64,
        /// At the head of a thread.
        latest_reply: Option<Ts>,
        /// The latest change; `None` if it was never changed.
        edited: Option<Edited>,
        /// Rich content: blocks of Block Kit.
        blocks: List<Value>,
        /// The older form of rich content, and previews of links.
        attachments: List<Value>,
        /// Files that came with it.
        files: List<File>,
        /// The reactions, one for each emoji.
        reactions: List<Reaction>,
        /// The metadata that an app attached, if that was asked for.
        metadata: Option<Value>,
    }
}

answer! {
    /// A change of a message.
    Edited {
        /// The person or bot user who changed it last.
        user: Option<UserId>,
        /// The time of the latest change, as Slack writes timestamps.
        ts: Option<Ts>,
    }
}

answer! {
    /// One emoji on a message or file.
    Reaction {
        must {
            /// The emoji's name without colons, such as `eyes`.
            name: String,
        }
        /// The number of people who reacted with it.
        count: u64,
        /// The people who reacted with it; Slack may leave some out.
        users: List<UserId>,
    }
}
