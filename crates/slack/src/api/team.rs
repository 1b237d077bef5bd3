//! `team.*`: the workspace itself.

use crate::ids::TenantId;

method! {
    /// The workspace, or another that the token may see.
    Read "team.info": Info {
        /// Which; the token's own if empty.
        team: Option<TenantId>,
    } => OneTeam
}

answer! {
    /// One workspace.
    OneTeam {
        must {
            /// As it is now.
            team: Team,
        }
    }
}

answer! {
    /// A workspace.
    Team {
        must {
            /// `T…`, or `E…` for an organisation.
            id: TenantId,
        }
        /// What people call it.
        name: String,
        /// The first part of its address.
        domain: String,
        /// Its address.
        url: Option<String>,
        /// Whose addresses may join, joined by commas.
        email_domain: String,
        /// The organisation.
        enterprise_id: Option<TenantId>,
        /// The organisation's name.
        enterprise_name: Option<String>,
    }
}
