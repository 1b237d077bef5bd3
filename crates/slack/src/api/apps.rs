//! `apps.*`: methods for the app as a whole, mostly with its own token (`xapp-…`).

use secrecy::SecretString;

use super::exposed;
use super::types::{List, Metadata};
use crate::ids::{TenantId, UserId};

method! {
    /// Opens a Socket Mode connection; takes the app's own token. The URL works once, for a few seconds.
    Read "apps.connections.open": OpenConnection {} => Connection
}

method! {
    /// Lists all installations that an event is visible to, because the event names only one; takes the app's own token.
    Read "apps.event.authorizations.list": ListEventAuthorizations {
        /// The field of the same name in the event's envelope.
        event_context: String,
        /// The cursor from the page before; `None` begins at the first page.
        cursor: Option<String>,
        /// Most installations in one page.
        limit: Option<u32>,
    } => EventAuthorizations
}

method! {
    /// Removes the app from the workspace of the token it is called with.
    WriteForm "apps.uninstall": Uninstall {
        /// The app's client id, which Slack checks together with the secret.
        client_id: String,
        /// The app's client secret, which goes into the form's body.
        #[serde(serialize_with = "exposed")]
        client_secret: SecretString,
    } => super::types::Empty
}

answer! {
    /// The address to connect to.
    Connection {
        must {
            /// A `wss:` address with a ticket in it, which makes it a credential.
            url: SecretString,
        }
    }
}

answer! {
    /// A page of an event's installations.
    EventAuthorizations {
        must {
            /// The installations that this page holds.
            authorizations: List<EventAuthorization>,
        }
        /// The cursor of the next page.
        response_metadata: Metadata,
    }
}

answer! {
    /// One installation that an event is visible to.
    EventAuthorization {
        /// The organisation, `E…`; `None` for a workspace outside of one.
        enterprise_id: Option<TenantId>,
        /// The workspace, `T…`; `None` for an org-wide install.
        team_id: Option<TenantId>,
        /// The person or bot user.
        user_id: Option<UserId>,
        /// Whether that user is the app's bot.
        is_bot: bool,
        /// Whether the organisation installed the app.
        is_enterprise_install: bool,
    }
}
