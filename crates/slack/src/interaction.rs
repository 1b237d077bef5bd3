//! Interactions: the JSON in the form field `payload` (buttons, shortcuts, modals, menus).
//! Contract: docs.slack.dev/reference/interaction-payloads.

mod element;
mod view;

use std::borrow::Cow;
use std::fmt;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use crate::event::{Event, Unreadable};
use crate::ids::{ChannelId, TenantId, Ts, UserId};
use crate::lenient;
use crate::tenant::Candidates;

pub use element::Element;
pub use view::View;

/// An interaction. A field of another type than Slack documents reads as absent.
#[derive(Default, Deserialize)]
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
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    channel: Option<Party<'a>>,
    /// The modal or home tab it came from.
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    pub view: Option<View<'a>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    callback_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    trigger_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    response_url: Option<Cow<'a, str>>,
    #[serde(rename = "response_urls", default, borrow)]
    #[serde(deserialize_with = "lenient::first")]
    asked_response_url: Option<AskedResponseUrl<'a>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    message_ts: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::object")]
    message: Option<Value>,
    #[serde(default, borrow, deserialize_with = "lenient::object")]
    container: Option<Container<'a>>,
    #[serde(default, deserialize_with = "lenient::objects")]
    actions: Vec<Value>,
}

#[derive(Default, Deserialize)]
struct Party<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    team_id: Option<Cow<'a, str>>,
}

/// Where the block stands that was clicked.
#[derive(Default, Deserialize)]
struct Container<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    channel_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    message_ts: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    thread_ts: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    view_id: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::flag")]
    is_ephemeral: bool,
}

/// The response URL of a modal that has `response_url_enabled` at a menu of conversations.
#[derive(Default, Deserialize)]
struct AskedResponseUrl<'a> {
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    response_url: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    channel_id: Option<Cow<'a, str>>,
}

/// Without trigger, answer address, message and inputs: those are credentials and what people wrote.
impl fmt::Debug for Interaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interaction")
            .field("kind", &self.kind)
            .field("user", &self.user())
            .field("view", &self.view)
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
                view.and_then(View::app_installed_team_id),
                self.team.as_ref().and_then(|t| t.id.as_deref()),
                view.and_then(View::team_id),
                self.user_team(),
            ],
        }
        .tenant()
    }

    /// Who clicked, submitted or chose.
    pub fn user(&self) -> Option<UserId> {
        let user = self.user.as_ref()?;
        filled(user.id.as_deref()).map(UserId::from)
    }

    /// The workspace that person belongs to: another than the tenant in Slack Connect.
    pub fn user_team(&self) -> Option<&str> {
        filled(self.user.as_ref()?.team_id.as_deref())
    }

    /// The ids by which its owner is known: of the buttons or menus that were used, and of the modal or shortcut.
    pub fn ids(&self) -> Vec<String> {
        let actions = self.actions().map(|action| action.action_id().to_owned());
        let view = self.view.as_ref().and_then(View::callback_id);
        let callbacks = [self.callback_id(), view].into_iter().flatten();
        actions.chain(callbacks.map(str::to_owned)).collect()
    }

    /// Names the shortcut, or the modal it came from, as the app did.
    pub fn callback_id(&self) -> Option<&str> {
        filled(self.callback_id.as_deref()).or_else(|| self.view.as_ref()?.callback_id())
    }

    /// Opens one modal within 3 seconds.
    pub fn trigger_id(&self) -> Option<SecretString> {
        filled(self.trigger_id.as_deref()).map(SecretString::from)
    }

    /// Where to answer: 5 uses within 30 minutes. Modals have none unless they asked for it.
    pub fn response_url(&self) -> Option<SecretString> {
        let asked = self.asked_response_url.as_ref();
        filled(self.response_url.as_deref())
            .or_else(|| filled(asked?.response_url.as_deref()))
            .map(SecretString::from)
    }

    /// The conversation it happened in; `None` in modals, the home tab and global shortcuts.
    pub fn channel(&self) -> Option<ChannelId> {
        let asked = self.asked_response_url.as_ref();
        self.channel
            .as_ref()
            .and_then(|channel| filled(channel.id.as_deref()))
            .or_else(|| filled(self.container.as_ref()?.channel_id.as_deref()))
            .or_else(|| filled(asked?.channel_id.as_deref()))
            .map(ChannelId::from)
    }

    /// The message that was clicked or chosen, which Slack does not repeat for ephemeral ones.
    pub fn message(&self) -> Option<Event<'_>> {
        self.message.as_ref().map(Event::of)
    }

    /// Timestamp of the message that was clicked or chosen.
    pub fn message_ts(&self) -> Option<Ts> {
        filled(self.message_ts.as_deref())
            .or_else(|| filled(self.container.as_ref()?.message_ts.as_deref()))
            .or_else(|| self.message()?.ts())
            .map(Ts::from)
    }

    /// The thread that message belongs to.
    pub fn thread_ts(&self) -> Option<Ts> {
        let container = self.container.as_ref();
        container
            .and_then(|c| filled(c.thread_ts.as_deref()))
            .or_else(|| self.message()?.thread_ts())
            .map(Ts::from)
    }

    /// Whether only that person sees the message.
    pub fn is_ephemeral(&self) -> bool {
        self.container.as_ref().is_some_and(|c| c.is_ephemeral)
    }

    /// The modal or home tab it came from.
    pub fn view_id(&self) -> Option<&str> {
        let view = self.view.as_ref();
        view.and_then(View::id)
            .or_else(|| filled(self.container.as_ref()?.view_id.as_deref()))
    }

    /// The element that was clicked or chosen; Slack sends exactly one.
    pub fn actions(&self) -> impl Iterator<Item = Element<'_>> {
        self.actions.iter().map(Element::of_action)
    }
}

/// Slack writes an empty text where it has nothing.
fn filled(field: Option<&str>) -> Option<&str> {
    field.filter(|text| !text.is_empty())
}
