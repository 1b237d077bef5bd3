//! Interactions: the JSON in the form field `payload` (buttons, shortcuts, modals, menus).
//! Contract: docs.slack.dev/reference/interaction-payloads.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::event::Unreadable;
use crate::ids::TenantId;
use crate::lenient;
use crate::tenant::Candidates;

/// What ingress needs to know of an interaction.
#[derive(Debug, Default, Deserialize)]
pub struct Interaction<'a> {
    /// `block_actions`, `view_submission`, `view_closed`, `shortcut`, `message_action`, `block_suggestion`, ….
    #[serde(rename = "type", default, borrow, deserialize_with = "lenient::text")]
    pub kind: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::flag")]
    is_enterprise_install: bool,
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    team: Option<Party<'a>>,
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    enterprise: Option<Party<'a>>,
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    user: Option<Party<'a>>,
    /// The modal or home tab it came from.
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    pub view: Option<View<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Party<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    team_id: Option<Cow<'a, str>>,
}

/// A modal as it was submitted.
#[derive(Default, Deserialize)]
pub struct View<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    app_installed_team_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    team_id: Option<Cow<'a, str>>,
    /// What the function that opened the modal left for the one that reads it; at most 3,000 characters.
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    pub private_metadata: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::object")]
    state: Option<State>,
}

#[derive(Default, Deserialize)]
struct State {
    #[serde(default, deserialize_with = "lenient::object")]
    values: Option<Map<String, Value>>,
}

/// Without metadata and inputs: they are what people wrote.
impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("app_installed_team_id", &self.app_installed_team_id)
            .field("team_id", &self.team_id)
            .finish_non_exhaustive()
    }
}

impl<'a> Interaction<'a> {
    /// Reads the content of the form field `payload`.
    pub fn parse(payload: &'a str) -> Result<Self, Unreadable> {
        Unreadable::or_object(serde_json::Deserializer::from_str(payload))
    }

    /// The installation. A view knows it best; `team` is null for org-wide installs and foreign in Slack Connect.
    pub fn tenant(&self) -> Option<TenantId> {
        let view = self.view.as_ref();
        Candidates {
            is_enterprise_install: self.is_enterprise_install,
            enterprise_id: self.enterprise.as_ref().and_then(|e| e.id.as_deref()),
            team_ids: [
                view.and_then(|v| v.app_installed_team_id.as_deref()),
                self.team.as_ref().and_then(|t| t.id.as_deref()),
                view.and_then(|v| v.team_id.as_deref()),
                self.user.as_ref().and_then(|u| u.team_id.as_deref()),
            ],
        }
        .tenant()
    }
}

impl View<'_> {
    /// What was entered in a block that holds one text input; empty when nothing was.
    pub fn input(&self, block_id: &str) -> &str {
        let action = self
            .blocks()
            .and_then(|blocks| blocks.get(block_id))
            .and_then(Value::as_object)
            .and_then(|actions| actions.values().next());
        action
            .and_then(|a| a.get("value"))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The first block that holds an input: where an error about the whole modal can be shown.
    pub fn first_block(&self) -> Option<&str> {
        self.blocks()?.keys().next().map(String::as_str)
    }

    fn blocks(&self) -> Option<&Map<String, Value>> {
        self.state.as_ref()?.values.as_ref()
    }
}
