//! `views.*`: modals and the app's home tab.

use secrecy::SecretString;
use serde_json::Value;

use super::exposed;
use crate::ids::{TenantId, UserId};

method! {
    /// Opens a modal.
    Write "views.open": Open {
        /// From the interaction that asked for it: works once, for three seconds.
        #[serde(serialize_with = "exposed")]
        trigger_id: SecretString,
        /// The modal.
        view: Value,
    } => OneView
}

method! {
    /// Opens a modal over another, three at most.
    Write "views.push": Push {
        /// From the interaction that asked for it: works once, for three seconds.
        #[serde(serialize_with = "exposed")]
        trigger_id: SecretString,
        /// The modal.
        view: Value,
    } => OneView
}

method! {
    /// Changes an open modal.
    Write "views.update": Update {
        /// Which; or by the name in the next field.
        view_id: Option<String>,
        /// A name of the app's own.
        external_id: Option<String>,
        /// Changes it only if it is still as it was when it had this hash: `hash_conflict` otherwise.
        hash: Option<String>,
        /// The modal.
        view: Value,
    } => OneView
}

method! {
    /// Sets the home tab that one person sees.
    Write "views.publish": Publish {
        /// Who.
        user_id: UserId,
        /// Sets it only if it is still as it was when it had this hash.
        hash: Option<String>,
        /// The tab.
        view: Value,
    } => OneView
}

answer! {
    /// One modal or home tab.
    OneView {
        must {
            /// As it is now.
            view: View,
        }
    }
}

answer! {
    /// A modal or home tab.
    View {
        must {
            /// `V…`.
            id: String,
        }
        /// Changes with every change.
        hash: Option<String>,
        /// `modal` or `home`.
        #[serde(rename = "type")]
        kind: String,
        /// The app's name for this kind of view.
        callback_id: Option<String>,
        /// The app's name for this one view.
        external_id: Option<String>,
        /// The first of its stack.
        root_view_id: Option<String>,
        /// The one below it.
        previous_view_id: Option<String>,
        /// Where it is seen.
        team_id: Option<TenantId>,
        /// Where the app is installed, for an org-wide install.
        app_installed_team_id: Option<TenantId>,
    }
}
