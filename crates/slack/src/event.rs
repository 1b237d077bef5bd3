//! The Events API: the outer envelope and the fields of the inner event that Tidegate reads.
//! Contract: docs.slack.dev/apis/events-api. Unknown fields, events and outer types are never an error.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use serde_json::de::Read;
use thiserror::Error;

use crate::ids::TenantId;
use crate::lenient;
use crate::tenant::Authorization;

/// What ingress needs to know of a request to `/slack/events`, read in one pass without building a tree.
#[derive(Debug, Default, Deserialize)]
pub struct Peek<'a> {
    /// Outer type: `event_callback`, `url_verification`, `app_rate_limited`, or one we do not know.
    #[serde(rename = "type", default, borrow, deserialize_with = "lenient::text")]
    pub kind: Option<Cow<'a, str>>,
    /// What `url_verification` wants to hear back.
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

    /// Outer type.
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
        self.outer
            .get("event")
            .filter(|e| e.is_object())
            .map(|value| Event { value })
    }

    /// Whether the inner event was caused by the bot user that this installation authorizes, or by its app.
    pub fn is_own(&self) -> bool {
        let Some(event) = self.event() else {
            return false;
        };
        let authorized = self.outer.pointer("/authorizations/0");
        let bot_user = authorized
            .filter(|a| a.get("is_bot").and_then(Value::as_bool) == Some(true))
            .and_then(|a| text(a, "user_id"));
        let by_our_user = bot_user.is_some() && bot_user == event.user();
        let by_our_app = !self.app().is_empty() && event.app() == Some(self.app());
        by_our_user || by_our_app
    }
}

/// The inner event. Accessors answer `None` where a field is absent, null or of another type.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    value: &'a Value,
}

// Neither shows more than its type: the rest is what people wrote.

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({})", self.kind())
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({})", self.kind())
    }
}

impl<'a> Event<'a> {
    /// Event type: `message`, `app_mention`, ….
    pub fn kind(&self) -> &'a str {
        text(self.value, "type").unwrap_or_default()
    }

    /// Message subtype: `message_changed`, `bot_message`, ….
    pub fn subtype(&self) -> Option<&'a str> {
        text(self.value, "subtype")
    }

    /// The conversation, wherever this type of event puts it.
    pub fn channel(&self) -> Option<&'a str> {
        let channel = self.value.get("channel");
        text(self.value, "channel")
            .or_else(|| channel.and_then(|c| text(c, "id")))
            .or_else(|| text(self.value, "channel_id"))
            .or_else(|| {
                self.value
                    .get("item")
                    .and_then(|item| text(item, "channel"))
            })
    }

    /// The person it is about or from.
    pub fn user(&self) -> Option<&'a str> {
        text(self.value, "user").or_else(|| self.value.get("user").and_then(|u| text(u, "id")))
    }

    /// Timestamp of the message it is, or is about.
    pub fn ts(&self) -> Option<&'a str> {
        text(self.value, "ts").or_else(|| self.value.get("item").and_then(|item| text(item, "ts")))
    }

    /// Timestamp of the event itself; for an edit or a delete later than the message's.
    pub fn event_ts(&self) -> Option<&'a str> {
        text(self.value, "event_ts")
    }

    /// The thread a message belongs to.
    pub fn thread_ts(&self) -> Option<&'a str> {
        text(self.value, "thread_ts")
    }

    /// Message text.
    pub fn text(&self) -> Option<&'a str> {
        text(self.value, "text")
    }

    /// The bot that wrote the message.
    pub fn bot(&self) -> Option<&'a str> {
        text(self.value, "bot_id")
    }

    /// The app that wrote the message.
    pub fn app(&self) -> Option<&'a str> {
        text(self.value, "app_id").or_else(|| {
            self.value
                .get("bot_profile")
                .and_then(|profile| text(profile, "app_id"))
        })
    }

    /// The workspace that the author belongs to.
    pub fn team(&self) -> Option<&'a str> {
        text(self.value, "team").or_else(|| text(self.value, "user_team"))
    }

    /// The message as it stands after a `message_changed`.
    pub fn message(&self) -> Option<Event<'a>> {
        self.value
            .get("message")
            .filter(|m| m.is_object())
            .map(|value| Event { value })
    }

    /// When the message was last edited.
    pub fn edited_ts(&self) -> Option<&'a str> {
        self.value
            .get("edited")
            .and_then(|edited| text(edited, "ts"))
    }

    /// The users under `tokens.<kind>` of `tokens_revoked`: `oauth` for people, `bot` for bots.
    pub fn revoked(&self, kind: &str) -> Vec<String> {
        let users = self.value.get("tokens").and_then(|tokens| tokens.get(kind));
        let users = users.and_then(Value::as_array).into_iter().flatten();
        users
            .filter_map(|user| user.as_str().map(str::to_owned))
            .collect()
    }

    /// The message that a `message_deleted` removes.
    pub fn deleted_ts(&self) -> Option<&'a str> {
        text(self.value, "deleted_ts").or_else(|| {
            self.value
                .get("previous_message")
                .and_then(|m| text(m, "ts"))
        })
    }
}

fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object
        .get(field)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}
