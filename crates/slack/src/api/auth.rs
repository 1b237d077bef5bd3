//! `auth.*`: checks a token, and revokes it.

use crate::ids::{TenantId, UserId};

method! {
    /// Tells the workspace and the user that the token belongs to.
    Read "auth.test": Test {} => Identity
}

method! {
    /// Revokes the token that it is called with.
    WriteForm "auth.revoke": Revoke {
        /// Whether to say only what a call would do.
        test: Option<bool>,
    } => Revoked
}

answer! {
    /// The workspace and the user that a token belongs to.
    Identity {
        /// The workspace's address, such as `https://acme.slack.com/`.
        url: String,
        /// The name of the workspace, as people read it.
        team: String,
        /// The handle of the person or bot user, without `@`.
        user: String,
        /// The workspace; for an org-wide install the organisation.
        team_id: Option<TenantId>,
        /// The person or bot user.
        user_id: Option<UserId>,
        /// The bot's id, `B…`; `None` for a person's token.
        bot_id: Option<String>,
        /// The organisation, `E…`; `None` if the workspace belongs to none.
        enterprise_id: Option<TenantId>,
        /// Whether the organisation installed the app.
        is_enterprise_install: bool,
        /// Seconds until the token expires, if it rotates.
        expires_in: Option<u64>,
    }
}

answer! {
    /// The result of revoking a token.
    Revoked {
        /// Whether the token is revoked now.
        revoked: bool,
    }
}
