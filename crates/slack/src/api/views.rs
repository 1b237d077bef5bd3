//! `views.*`: modals and the app's home tab.

use secrecy::SecretString;
use serde_json::Value;

use super::exposed;
use crate::ids::{TenantId, UserId};

method! {
    /// Opens a modal for the person whose interaction asked for it.
    Write "views.open": Open {
        /// From the interaction that asked for it: works once, for three seconds.
        #[serde(serialize_with = "exposed")]
        trigger_id: SecretString,
        /// The modal as an object of Block Kit, `"type": "modal"`.
        view: Value,
    } => OneView
}

method! {
    /// Opens a modal over another, three at most.
    Write "views.push": Push {
        /// From the interaction that asked for it: works once, for three seconds.
        #[serde(serialize_with = "exposed")]
        trigger_id: SecretString,
        /// The modal as an object of Block Kit, `"type": "modal"`.
        view: Value,
    } => OneView
}

method! {
    /// Replaces the content of an open modal.
    Write "views.update": Update {
        /// The id of the view, `V…`; `None` if `external_id` names it.
        view_id: Option<String>,
        /// The app's own name of the view.
        external_id: Option<String>,
        /// The hash of the state that the change is based on. If the view has another one, Slack refuses with `hash_conflict`.
        hash: Option<String>,
        /// The whole modal as it shall be from now on.
        view: Value,
    } => OneView
}

method! {
    /// Sets the home tab that one person sees.
    Write "views.publish": Publish {
        /// The person whose tab it is, `U…` or `W…`.
        user_id: UserId,
        /// The hash of the state that the change is based on. If the tab has another one, Slack refuses with `hash_conflict`.
        hash: Option<String>,
        /// The tab as an object of Block Kit, `"type": "home"`.
        view: Value,
    } => OneView
}

answer! {
    /// One modal or home tab.
    OneView {
        must {
            /// The view after the call.
            view: View,
        }
    }
}

answer! {
    /// A modal or home tab.
    View {
        must {
            /// The id of the view, `V…`.
            id: String,
        }
        /// A hash that changes with every change of the view.
        hash: Option<String>,
        /// The kind of view: `modal` or `home`.
        #[serde(rename = "type")]
        kind: String,
        /// The app's name for this kind of view.
        callback_id: Option<String>,
        /// The app's name for this one view.
        external_id: Option<String>,
        /// The first view of its stack.
        root_view_id: Option<String>,
        /// The view below it in its stack.
        previous_view_id: Option<String>,
        /// The workspace in which it is seen, `T…`.
        team_id: Option<TenantId>,
        /// The workspace or organisation in which the app is installed.
        app_installed_team_id: Option<TenantId>,
    }
}
