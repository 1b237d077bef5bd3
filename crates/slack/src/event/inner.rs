//! The inner event: the fields of all the events and messages that Tidegate reads, wherever each kind puts them.
//! Contract: docs.slack.dev/reference/events.

use std::fmt;

use serde_json::Value;

/// The inner event. Accessors answer `None` where a field is absent, null or of another type.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    value: &'a Value,
}

/// Shows no more than its type: the rest is what people wrote.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({})", self.kind())
    }
}

impl<'a> Event<'a> {
    /// A message that something else than an event carries.
    pub(crate) fn of(value: &'a Value) -> Self {
        Self { value }
    }

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

    /// The message's text in mrkdwn, as Slack sent it.
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
        object(self.value, "message").map(Event::of)
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

    /// The message as it stood before a `message_changed` or `message_deleted`.
    pub fn previous_message(&self) -> Option<Event<'a>> {
        object(self.value, "previous_message").map(Event::of)
    }

    /// Name of the emoji of `reaction_added` and `reaction_removed`, without colons; with its skin tone.
    pub fn reaction(&self) -> Option<&'a str> {
        text(self.value, "reaction")
    }

    /// Author of the message that was reacted to or pinned; the person added is in [`Event::user`].
    pub fn item_user(&self) -> Option<&'a str> {
        text(self.value, "item_user").or_else(|| self.item_message()?.user())
    }

    /// Timestamp of the message that was reacted to or pinned.
    pub fn item_ts(&self) -> Option<&'a str> {
        object(self.value, "item")
            .and_then(|item| text(item, "ts"))
            .or_else(|| self.item_message()?.ts())
    }

    /// The message that `pin_added` and `pin_removed` are about. Reactions carry no message.
    pub fn item_message(&self) -> Option<Event<'a>> {
        let item = object(self.value, "item")?;
        object(item, "message").map(Event::of)
    }

    /// Address of a message; pinned messages carry it.
    pub fn permalink(&self) -> Option<&'a str> {
        text(self.value, "permalink")
    }

    /// Which part of the app `app_home_opened` shows: `home` or `messages`.
    pub fn tab(&self) -> Option<&'a str> {
        text(self.value, "tab")
    }

    /// Who added the person of `member_joined_channel`; nobody when they joined by themselves.
    pub fn inviter(&self) -> Option<&'a str> {
        text(self.value, "inviter")
    }

    /// The channel's name, in `channel_created` and `channel_rename`.
    pub fn channel_name(&self) -> Option<&'a str> {
        text(object(self.value, "channel")?, "name")
    }

    /// Who made the channel of `channel_created`.
    pub fn channel_creator(&self) -> Option<&'a str> {
        text(object(self.value, "channel")?, "creator")
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

pub(super) fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object
        .get(field)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

pub(super) fn object<'a>(object: &'a Value, field: &str) -> Option<&'a Value> {
    object.get(field).filter(|value| value.is_object())
}
