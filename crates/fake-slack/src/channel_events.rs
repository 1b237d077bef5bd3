//! Events about channels and what hangs on their messages: who joins, what is pinned or reacted to, what is archived.
//! Contract: docs.slack.dev/reference/events.

use std::time::Duration;

use serde_json::{Value, json};

use crate::config::FakeConfig;
use crate::delivery::DeliveryReport;
use crate::fake::FakeSlack;
use crate::message_json;
use crate::room::{Pin, Room};

impl FakeSlack {
    /// Tells the app of what its own call did, without keeping the caller waiting.
    pub(crate) fn tell_of_own(&self, channel: &str, event: Value) {
        if self.config().echo_bot_messages && self.has_app() && self.is_told(channel, &event) {
            self.send_in_background(&self.addressee(channel, None), event);
        }
    }

    /// Tells the app of what a person did.
    pub(crate) async fn tell_of_person(&self, channel: &str, event: Value) -> DeliveryReport {
        if self.is_told(channel, &event) {
            let to = self.addressee(channel, None);
            self.send_event_to(&to, event).await
        } else {
            DeliveryReport::nothing_to_tell()
        }
    }

    /// Whether the app has asked for such events, and its bot may see this one: what happens inside a channel is seen by
    /// members, and so is everything about a private one.
    pub(crate) fn is_told(&self, channel: &str, event: &Value) -> bool {
        let config = self.config();
        let kind = event.get("type").and_then(Value::as_str).unwrap_or("");
        if !config.event_subscriptions.iter().any(|asked| asked == kind) {
            return false;
        }
        let world = self.world();
        let Some(room) = world.rooms.get(channel) else {
            return true;
        };
        let place = world.installs.covering(config, &room.channel.team);
        kind.starts_with("channel_") || room.has_member(&config.bot_user_of(&place))
    }
}

/// The event `reaction_added` or `reaction_removed`, as `kind` says.
pub(crate) fn reaction(kind: &str, room: &Room, ts: &str, user: &str, name: &str) -> Value {
    let author = room.messages.get(ts).map(|message| &message.user);
    json!({
        "type": kind,
        "user": user,
        "reaction": name,
        "item": { "type": "message", "channel": room.channel.id, "ts": ts },
        "item_user": author,
    })
}

/// `pin_added` or `pin_removed`, while the message is there.
pub(crate) fn pin(
    kind: &str,
    config: &FakeConfig,
    room: &Room,
    pin: &Pin,
    user: &str,
) -> Option<Value> {
    let message = room.messages.get(&pin.ts)?;
    let mut written = message_json::in_answer(config, room, message, false);
    written["permalink"] = message_json::permalink(config, room, &pin.ts).into();
    Some(json!({
        "type": kind,
        "user": user,
        "channel_id": room.channel.id,
        "item": {
            "type": "message",
            "channel": room.channel.id,
            "created": pin.created.as_secs(),
            "created_by": pin.user,
            "message": written,
        },
        "item_user": message.user,
        "pin_count": room.pins.len(),
    }))
}

/// The event `member_joined_channel`; `inviter` is the person who invited them.
pub(crate) fn joined(room: &Room, user: &str, team: &str, inviter: Option<&str>) -> Value {
    let mut event = json!({
        "type": "member_joined_channel",
        "user": user,
        "channel": room.channel.id,
        "channel_type": if room.channel.is_private { "G" } else { "C" },
        "team": team,
    });
    if let Some(inviter) = inviter {
        event["inviter"] = inviter.into();
    }
    event
}

/// `channel_archive`, `channel_unarchive` or `channel_deleted`, or the same of a private channel.
pub(crate) fn changed(what: &str, room: &Room, user: &str) -> Value {
    json!({
        "type": format!("{}_{what}", family(room)),
        "channel": room.channel.id,
        "user": user,
    })
}

/// The event `channel_rename`, or `group_rename` for a private channel.
pub(crate) fn renamed(room: &Room) -> Value {
    let channel = &room.channel;
    json!({
        "type": format!("{}_rename", family(room)),
        "channel": {
            "id": channel.id,
            "is_channel": !channel.is_private,
            "is_mpim": false,
            "name": channel.name,
            "name_normalized": channel.name,
            "created": channel.created,
        },
    })
}

/// `channel_created`, of public channels only.
pub(crate) fn created(room: &Room, now: Duration) -> Value {
    let channel = &room.channel;
    json!({
        "type": "channel_created",
        "channel": {
            "id": channel.id,
            "is_channel": true,
            "name": channel.name,
            "name_normalized": channel.name,
            "created": now.as_secs(),
            "creator": channel.creator,
            "context_team_id": channel.team,
        },
    })
}

fn family(room: &Room) -> &'static str {
    if room.channel.is_private {
        "group"
    } else {
        "channel"
    }
}
