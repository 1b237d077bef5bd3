//! `usergroups.*`: groups that can be mentioned as one.

use super::types::List;
use crate::ids::{TenantId, UserId};

method! {
    /// All of them; this method has no pages.
    Read "usergroups.list": ListGroups {
        /// With those that are switched off.
        include_disabled: Option<bool>,
        /// With who is in them.
        include_users: Option<bool>,
        /// The workspace, for a token of an organisation.
        team_id: Option<TenantId>,
    } => Groups
}

answer! {
    /// All groups of a workspace.
    Groups {
        must {
            /// The groups, in no promised order.
            usergroups: List<Group>,
        }
    }
}

answer! {
    /// A group of people that can be mentioned as one.
    Group {
        must {
            /// The id of the group, `S…`.
            id: String,
        }
        /// The full name, as people read it.
        name: String,
        /// As it is mentioned, without `@`.
        handle: String,
        /// The description that people read.
        description: String,
        /// Unix seconds, zero unless it is switched off.
        date_delete: i64,
        /// If they were asked for.
        users: List<UserId>,
    }
}
