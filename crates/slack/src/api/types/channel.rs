//! A conversation as Slack describes it.

use super::List;
use crate::ids::{ChannelId, TenantId, UserId};

answer! {
    /// A channel, group or direct message.
    Channel {
        must {
            /// `C…`, `G…` or `D…`.
            id: ChannelId,
        }
        /// Without `#`; empty for direct messages.
        name: String,
        /// A direct message.
        is_im: bool,
        /// A direct message of several.
        is_mpim: bool,
        /// Invitation only.
        is_private: bool,
        /// Closed for good, or until it is opened again.
        is_archived: bool,
        /// Whether the token's user is in it.
        is_member: bool,
        /// Shared with another workspace of the organisation, or another organisation.
        is_shared: bool,
        /// Shared with another organisation: Slack Connect.
        is_ext_shared: bool,
        /// Shared within the organisation.
        is_org_shared: bool,
        /// Who made it.
        creator: Option<UserId>,
        /// Unix seconds.
        created: i64,
        /// Unix milliseconds.
        updated: i64,
        /// How many are in it, where that was asked for.
        num_members: Option<u64>,
        /// The other person of a direct message.
        user: Option<UserId>,
        /// The workspace that it is seen from.
        context_team_id: Option<TenantId>,
        /// The workspaces that share it.
        shared_team_ids: List<TenantId>,
        /// What it is about at present.
        topic: Option<Note>,
        /// What it is for.
        purpose: Option<Note>,
    }
}

answer! {
    /// A topic or a purpose.
    Note {
        /// What it says.
        value: String,
        /// Who wrote it.
        creator: Option<UserId>,
        /// Unix seconds.
        last_set: i64,
    }
}
