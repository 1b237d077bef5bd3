//! A conversation as Slack describes it.

use super::List;
use crate::ids::{ChannelId, TenantId, UserId};

answer! {
    /// A channel, group or direct message.
    Channel {
        must {
            /// The id of the conversation, `C…`, `G…` or `D…`.
            id: ChannelId,
        }
        /// The name without `#`; empty for direct messages.
        name: String,
        /// Whether it is a direct message between two.
        is_im: bool,
        /// Whether it is a direct message of several people.
        is_mpim: bool,
        /// Whether people can enter only by invitation.
        is_private: bool,
        /// Whether it is archived, so that nobody can post there.
        is_archived: bool,
        /// Whether the token's user is in it.
        is_member: bool,
        /// Whether it is shared with another workspace or another organisation.
        is_shared: bool,
        /// Whether it is shared with another organisation: Slack Connect.
        is_ext_shared: bool,
        /// Whether workspaces of one organisation share it.
        is_org_shared: bool,
        /// The person or bot user who made it.
        creator: Option<UserId>,
        /// The time at which it was made, in Unix seconds.
        created: i64,
        /// The time of its latest change, in Unix milliseconds.
        updated: i64,
        /// The number of members, if that was asked for.
        num_members: Option<u64>,
        /// The other person of a direct message.
        user: Option<UserId>,
        /// The workspace that it is seen from.
        context_team_id: Option<TenantId>,
        /// The workspaces that share it.
        shared_team_ids: List<TenantId>,
        /// The topic: what it is about at present.
        topic: Option<Note>,
        /// The purpose: what it is for.
        purpose: Option<Note>,
    }
}

answer! {
    /// A topic or a purpose.
    Note {
        /// The text; empty if nobody wrote one.
        value: String,
        /// The person who wrote it; `None` if nobody did.
        creator: Option<UserId>,
        /// The time at which it was written, in Unix seconds; 0 if it never was.
        last_set: i64,
    }
}
