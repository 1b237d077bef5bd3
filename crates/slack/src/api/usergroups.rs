//! `usergroups.*`: groups that can be mentioned as one.

use super::types::List;
use crate::ids::{TenantId, UserId};

method! {
    /// Lists the groups of a workspace; this method has no pages.
    Read "usergroups.list": ListGroups {
        /// Whether disabled groups are listed too.
        include_disabled: Option<bool>,
        /// Whether the answer has the members of each group.
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
        /// The name by which it is mentioned, without `@`.
        handle: String,
        /// The description that people read.
        description: String,
        /// The time at which it was disabled, in Unix seconds; 0 if it is enabled.
        date_delete: i64,
        /// The members, if they were asked for.
        users: List<UserId>,
    }
}
