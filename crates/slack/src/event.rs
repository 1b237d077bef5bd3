//! The Events API: the outer envelope and the fields of the inner event that Tidegate reads.
//! Contract: docs.slack.dev/apis/events-api. Unknown fields, events and outer types are never an error.

mod inner;

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use serde_json::de::Read;
use thiserror::Error;

use crate::ids::TenantId;
use crate::lenient;
use crate::tenant::Authorization;

pub use inner::Event;
use inner::{object, text};

/// The fields of a request to `/slack/events` that ingress needs, read in one pass without building a tree.
#[derive(Debug, Default, Deserialize)]
pub struct Peek<'a> {
    /// Outer type: `event_callback`, `url_verification`, `app_rate_limited`, or one we do not know.
    #[serde(rename = "type", default, borrow, deserialize_with = "lenient::text")]
    pub kind: Option<Cow<'a, str>>,
    /// The text that `url_verification` wants to get back.
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    pub challenge: Option<Cow<'a, str>>,
    /// Slack's id of the event, unique over all workspaces.
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    pub event_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    team_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    enterprise_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    context_team_id: Option<Cow<'a, str>>,
    /// Slack sends exactly one.
    #[serde(
        rename = "authorizations",
        default,
        borrow,
        deserialize_with = "lenient::first"
    )]
    authorization: Option<Authorization<'a>>,
}

impl<'a> Peek<'a> {
    /// Reads the envelope; fails on what is not a JSON object.
    pub fn parse(body: &'a [u8]) -> Result<Self, Unreadable> {
        Unreadable::or_object(serde_json::Deserializer::from_slice(body))
    }

    /// The installation that Slack delivered the event for.
    pub fn tenant(&self) -> Option<TenantId> {
        Authorization::tenant(
            self.authorization.as_ref(),
            self.context_team_id.as_deref(),
            self.team_id.as_deref(),
            self.enterprise_id.as_deref(),
        )
    }
}

/// Why a signed body could not be read. Says where, never what stood there.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what} at line {line}, column {column}")]
pub struct Unreadable {
    what: &'static str,
    line: usize,
    column: usize,
}

impl Unreadable {
    const NO_OBJECT: Self = Self {
        what: "the JSON is not an object",
        line: 1,
        column: 1,
    };

    /// Reads one object and nothing behind it.
    pub(crate) fn or_object<'de, R: Read<'de>, T: Deserialize<'de>>(
        mut input: serde_json::Deserializer<R>,
    ) -> Result<T, Self> {
        let object = lenient::object(&mut input).map_err(|e| Self::from(&e))?;
        input.end().map_err(|e| Self::from(&e))?;
        object.ok_or(Self::NO_OBJECT)
    }
}

impl From<&serde_json::Error> for Unreadable {
    fn from(e: &serde_json::Error) -> Self {
        use serde_json::error::Category;
        let what = match e.classify() {
            Category::Eof => "the JSON ends early",
            // serde_json words its recursion limit as a syntax error; the operator should see the difference.
            Category::Syntax if e.to_string().starts_with("recursion limit") => {
                "the JSON is too deep"
            }
            Category::Syntax => "this is not JSON",
            Category::Data | Category::Io => "the JSON has another shape",
        };
        Self {
            what,
            line: e.line(),
            column: e.column(),
        }
    }
}

/// A whole outer envelope, for the worker.
pub struct Envelope {
    outer: Value,
}

impl Envelope {
    /// Reads the whole body; fails on what is no JSON object, or nested deeper than 128 levels.
    pub fn parse(body: &[u8]) -> Result<Self, Unreadable> {
        let outer: Value = serde_json::from_slice(body).map_err(|e| Unreadable::from(&e))?;
        if !outer.is_object() {
            return Err(Unreadable::NO_OBJECT);
        }
        Ok(Self { outer })
    }

    /// The type of the envelope, such as `event_callback` or `url_verification`; empty if there is none.
    pub fn kind(&self) -> &str {
        text(&self.outer, "type").unwrap_or_default()
    }

    /// The app the event was delivered to.
    pub fn app(&self) -> &str {
        text(&self.outer, "api_app_id").unwrap_or_default()
    }

    /// The minute that `app_rate_limited` tells of, in Unix seconds.
    pub fn minute_rate_limited(&self) -> Option<i64> {
        self.outer
            .get("minute_rate_limited")
            .and_then(Value::as_i64)
    }

    /// Unix seconds at which Slack dispatched the event; the same in each of its retries.
    pub fn event_time(&self) -> Option<i64> {
        self.outer.get("event_time").and_then(Value::as_i64)
    }

    /// The inner event, if there is one.
    pub fn event(&self) -> Option<Event<'_>> {
        object(&self.outer, "event").map(Event::of)
    }

    /// Whether the inner event was caused by the bot user that this installation authorizes, or by its app.
    pub fn is_own(&self) -> bool {
        let Some(event) = self.event() else {
            return false;
        };
        let bot_user = self.bot_user();
        let by_our_user = bot_user.is_some() && bot_user == event.user();
        let by_our_app = !self.app().is_empty() && event.app() == Some(self.app());
        by_our_user || by_our_app
    }

    /// Whether the event says that a message of this app's own was changed or deleted. Only the message inside names its author.
    pub fn is_about_own_message(&self) -> bool {
        let bot_user = self.bot_user();
        ["message", "previous_message"].iter().any(|part| {
            let about = |field: &str| {
                let value = self.outer.pointer(&format!("/event/{part}/{field}"));
                value.and_then(Value::as_str)
            };
            let by_our_user = bot_user.is_some() && about("user") == bot_user;
            by_our_user || !self.app().is_empty() && about("app_id") == Some(self.app())
        })
    }

    /// The bot user of the installation that the event is for. `None` if it is for a person's.
    fn bot_user(&self) -> Option<&str> {
        let authorized = self.outer.pointer("/authorizations/0");
        authorized
            .filter(|a| a.get("is_bot").and_then(Value::as_bool) == Some(true))
            .and_then(|a| text(a, "user_id"))
    }
}

/// Shows no more than its type: the rest is what people wrote.
impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({})", self.kind())
    }
}
