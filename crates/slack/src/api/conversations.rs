//! `conversations.*`: channels, groups and direct messages, who is in them, and what was said.

mod changes;

pub use self::changes::{
    Archive, Create, Invite, Join, Kick, Leave, Left, Open, Rename, SetPurpose, SetTopic, Unarchive,
};
use super::pages::paged;
use super::types::channel::Channel;
use super::types::message::Message;
use super::types::{List, Metadata};
use crate::ids::{ChannelId, TenantId, Ts, UserId};

method! {
    /// Lists the conversations of a workspace that the token may see, page by page.
    Read "conversations.list": ListChannels {
        /// `public_channel`, `private_channel`, `mpim`, `im`; the first alone if empty.
        types: Option<Vec<String>>,
        /// Leaves the archived ones out.
        exclude_archived: Option<bool>,
        /// The workspace, for a token of an organisation.
        team_id: Option<TenantId>,
        /// The cursor from the page before; `None` begins at the first page.
        cursor: Option<String>,
        /// Page size; 200 at most is Slack's advice, though it takes 1000.
        limit: Option<u32>,
    } => ChannelPage
}

method! {
    /// Describes one conversation that the token may see.
    Read "conversations.info": Info {
        /// The id of the conversation, `C…`, `G…` or `D…`.
        channel: ChannelId,
        /// Whether the answer has the number of members.
        include_num_members: Option<bool>,
    } => OneChannel
}

method! {
    /// Reads the messages of a conversation, latest first, without the replies in threads.
    Read "conversations.history": History {
        /// The id of the conversation, `C…`, `G…` or `D…`.
        channel: ChannelId,
        /// Only messages after that timestamp.
        oldest: Option<Ts>,
        /// Only messages before that timestamp.
        latest: Option<Ts>,
        /// Takes `oldest` and `latest` themselves too.
        inclusive: Option<bool>,
        /// Whether messages come with the metadata that apps attached.
        include_all_metadata: Option<bool>,
        /// The cursor from the page before; `None` begins at the first page.
        cursor: Option<String>,
        /// Page size, 999 at most; 15 for an app outside the Marketplace.
        limit: Option<u32>,
    } => MessagePage
}

method! {
    /// A thread, its head first.
    Read "conversations.replies": Replies {
        /// The conversation that the thread is in.
        channel: ChannelId,
        /// The timestamp of the message that the thread began with.
        ts: Ts,
        /// Only replies after that timestamp.
        oldest: Option<Ts>,
        /// Only replies before that timestamp.
        latest: Option<Ts>,
        /// Takes `oldest` and `latest` themselves too.
        inclusive: Option<bool>,
        /// Whether messages come with the metadata that apps attached.
        include_all_metadata: Option<bool>,
        /// The cursor from the page before; `None` begins at the first page.
        cursor: Option<String>,
        /// Page size, 1000 at most; 15 for an app outside the Marketplace.
        limit: Option<u32>,
    } => MessagePage
}

method! {
    /// Lists the members of a conversation, page by page.
    Read "conversations.members": Members {
        /// The id of the conversation, `C…`, `G…` or `D…`.
        channel: ChannelId,
        /// The cursor from the page before; `None` begins at the first page.
        cursor: Option<String>,
        /// Most members in one page.
        limit: Option<u32>,
    } => MemberPage
}

paged!(ListChannels, History, Replies, Members);

answer! {
    /// A page of conversations.
    ChannelPage {
        must {
            /// Fewer than asked for is no sign of the end.
            channels: List<Channel>,
        }
        /// Where the next page begins.
        response_metadata: Metadata,
    }
}

answer! {
    /// A conversation that was read or changed.
    OneChannel {
        must {
            /// The conversation after the call.
            channel: Channel,
        }
    }
}

answer! {
    /// A page of messages.
    MessagePage {
        must {
            /// The messages in the method's order.
            messages: List<Message>,
        }
        /// Whether this is not the last page.
        has_more: bool,
        /// Where the next page begins.
        response_metadata: Metadata,
    }
}

answer! {
    /// A page of members.
    MemberPage {
        must {
            /// Their ids, people and bot users alike.
            members: List<UserId>,
        }
        /// Where the next page begins.
        response_metadata: Metadata,
    }
}
