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
    /// The workspace that was asked for.
    OneTeam {
        must {
            /// The workspace with all that Slack tells of it.
            team: Team,
        }
    }
}

answer! {
    /// A workspace as Slack describes it.
    Team {
        must {
            /// `T…`, or `E…` for an organisation.
            id: TenantId,
        }
        /// The name that people read.
        name: String,
        /// The first part of its address.
        domain: String,
        /// The workspace's address, such as `https://acme.slack.com/`.
        url: Option<String>,
        /// Whose addresses may join, joined by commas.
        email_domain: String,
        /// The organisation, `E…`; `None` if the workspace belongs to none.
        enterprise_id: Option<TenantId>,
        /// The name of the organisation, as people read it.
        enterprise_name: Option<String>,
    }
}
