//! Views: modals and home tabs as interactions carry them, with what was entered.
//! Contract: docs.slack.dev/reference/interaction-payloads/view-interactions-payload.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Element, filled};
use crate::ids::UserId;
use crate::lenient;

/// A modal as it was submitted, or the view in which a button was clicked.
#[derive(Default, Deserialize)]
pub struct View<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    app_installed_team_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    team_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    root_view_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    hash: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    callback_id: Option<Cow<'a, str>>,
    /// The data that the function that opened the modal left for the one that reads it; at most 3,000 characters.
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
            .field("id", &self.id)
            .field("callback_id", &self.callback_id)
            .finish_non_exhaustive()
    }
}

impl View<'_> {
    pub(super) fn app_installed_team_id(&self) -> Option<&str> {
        self.app_installed_team_id.as_deref()
    }

    pub(super) fn team_id(&self) -> Option<&str> {
        self.team_id.as_deref()
    }

    /// Slack's id of the view: `views.update` wants it.
    pub fn id(&self) -> Option<&str> {
        filled(self.id.as_deref())
    }

    /// The first view of the stack this one stands on; itself when alone.
    pub fn root_view_id(&self) -> Option<&str> {
        filled(self.root_view_id.as_deref())
    }

    /// Changes with each version of the view: an update that names it loses against a newer one.
    pub fn hash(&self) -> Option<&str> {
        filled(self.hash.as_deref())
    }

    /// The callback id that the app gave this modal.
    pub fn callback_id(&self) -> Option<&str> {
        filled(self.callback_id.as_deref())
    }

    /// Everything that can be entered, with what was.
    pub fn values(&self) -> impl Iterator<Item = Element<'_>> {
        let blocks = self.blocks().into_iter().flatten();
        blocks.flat_map(|(block, actions)| {
            let actions = actions.as_object().into_iter().flatten();
            actions.map(move |(action, value)| Element::of_state(block, action, value))
        })
    }

    /// The input of a block that holds one.
    pub fn value(&self, block_id: &str) -> Option<Element<'_>> {
        let (block, actions) = self.blocks()?.get_key_value(block_id)?;
        let (action, value) = actions.as_object()?.iter().next()?;
        Some(Element::of_state(block, action, value))
    }

    /// The text entered in a block; empty when none was.
    pub fn text(&self, block_id: &str) -> &str {
        let text = self.value(block_id).and_then(|input| input.value());
        text.unwrap_or_default()
    }

    /// Value of the one option chosen in a block.
    pub fn selected(&self, block_id: &str) -> Option<&str> {
        self.value(block_id)?.selected()
    }

    /// Everything chosen in a block where several can be.
    pub fn all_selected(&self, block_id: &str) -> Vec<&str> {
        let input = self.value(block_id);
        input.map(|i| i.all_selected()).unwrap_or_default()
    }

    /// The person chosen in a block.
    pub fn user(&self, block_id: &str) -> Option<UserId> {
        self.value(block_id)?.user()
    }

    /// Whether the box of that value is ticked.
    pub fn checked(&self, block_id: &str, value: &str) -> bool {
        self.all_selected(block_id).contains(&value)
    }

    /// The moment chosen in a block, in Unix seconds.
    pub fn time(&self, block_id: &str) -> Option<i64> {
        self.value(block_id)?.time()
    }

    /// Whether nothing was entered or chosen in a block.
    pub fn is_blank(&self, block_id: &str) -> bool {
        self.value(block_id).is_none_or(|input| input.is_blank())
    }

    /// The first block that holds an input: where an error about the whole modal can be shown.
    pub fn first_block(&self) -> Option<&str> {
        self.blocks()?.keys().next().map(String::as_str)
    }

    fn blocks(&self) -> Option<&Map<String, Value>> {
        self.state.as_ref()?.values.as_ref()
    }
}
