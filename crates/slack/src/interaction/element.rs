//! What a person did with one element of a block: a click of a button, a text, a choice. The same reader serves
//! `actions` and the state of a view: Slack fills the same fields in both.
//! Contract: docs.slack.dev/reference/block-kit/block-elements.

use std::fmt;

use serde_json::Value;

use crate::ids::{ChannelId, UserId};

/// One element with what was entered into it. Accessors answer `None` where a field is absent, null or of another type.
#[derive(Clone, Copy)]
pub struct Element<'a> {
    block_id: &'a str,
    action_id: &'a str,
    value: &'a Value,
}

/// Its ids only: the rest is what a person entered.
impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Element({}, {})", self.block_id, self.action_id)
    }
}

impl<'a> Element<'a> {
    /// An item of `actions`, which names its block and itself.
    pub(super) fn of_action(value: &'a Value) -> Self {
        Self {
            block_id: text(value, "block_id").unwrap_or_default(),
            action_id: text(value, "action_id").unwrap_or_default(),
            value,
        }
    }

    /// An entry of `state.values`, whose names are its keys.
    pub(super) fn of_state(block_id: &'a str, action_id: &'a str, value: &'a Value) -> Self {
        Self {
            block_id,
            action_id,
            value,
        }
    }

    /// The block, as the app named it.
    pub fn block_id(&self) -> &'a str {
        self.block_id
    }

    /// The element, as the app named it.
    pub fn action_id(&self) -> &'a str {
        self.action_id
    }

    /// Whether it is a button that opens a link. Slack tells the app of the click, and the person expects nothing of the app.
    pub fn is_link(&self) -> bool {
        text(self.value, "url").is_some()
    }

    /// `button`, `plain_text_input`, `static_select`, ….
    pub fn kind(&self) -> &'a str {
        text(self.value, "type").unwrap_or_default()
    }

    /// The text entered, or the value the app gave a button; `None` when empty.
    pub fn value(&self) -> Option<&'a str> {
        text(self.value, "value")
    }

    /// Value of the one option chosen: static select, overflow menu, radio buttons.
    pub fn selected(&self) -> Option<&'a str> {
        text(self.value.get("selected_option")?, "value")
    }

    /// Everything chosen where several can be: values of options, or ids of people or conversations.
    pub fn all_selected(&self) -> Vec<&'a str> {
        let list = |field| {
            let items = self.value.get(field).and_then(Value::as_array);
            items.into_iter().flatten()
        };
        let options = list("selected_options").filter_map(|option| text(option, "value"));
        let ids = [
            "selected_users",
            "selected_conversations",
            "selected_channels",
        ];
        let ids = ids.into_iter().flat_map(list).filter_map(Value::as_str);
        options.chain(ids).collect()
    }

    /// The person chosen in a `users_select`; `None` if nobody is.
    pub fn user(&self) -> Option<UserId> {
        text(self.value, "selected_user").map(UserId::from)
    }

    /// The conversation or channel chosen.
    pub fn conversation(&self) -> Option<ChannelId> {
        text(self.value, "selected_conversation")
            .or_else(|| text(self.value, "selected_channel"))
            .map(ChannelId::from)
    }

    /// The date chosen, `YYYY-MM-DD`.
    pub fn date(&self) -> Option<&'a str> {
        text(self.value, "selected_date")
    }

    /// The time of day chosen, `HH:mm`.
    pub fn time_of_day(&self) -> Option<&'a str> {
        text(self.value, "selected_time")
    }

    /// The moment chosen in a date and time picker, in Unix seconds.
    pub fn time(&self) -> Option<i64> {
        self.value.get("selected_date_time")?.as_i64()
    }

    /// Whether nothing was entered or chosen; spaces are nothing.
    pub fn is_blank(&self) -> bool {
        self.value().is_none_or(|value| value.trim().is_empty())
            && self.selected().is_none()
            && self.all_selected().is_empty()
            && self.user().is_none()
            && self.conversation().is_none()
            && self.date().is_none()
            && self.time_of_day().is_none()
            && self.time().is_none()
    }
}

fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object
        .get(field)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}
