//! The controls under `/_fake` that look: messages, calls, and the whole state for the page. They show no secret.

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tidegate_slack::redaction;

use crate::app_manifest::{COMMANDS, SHORTCUTS};
use crate::fake::FakeSlack;
use crate::records::PostedMessage;
use crate::room::Room;

/// Query of `GET /_fake/messages`.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    channel: Option<String>,
}

/// `GET /_fake/messages`: of one channel, or of all in the order they were posted.
pub(crate) async fn messages(
    State(fake): State<FakeSlack>,
    Query(wanted): Query<Wanted>,
) -> Json<Value> {
    let world = fake.world();
    shown(&if let Some(channel) = wanted.channel {
        world.messages(&channel)
    } else {
        let mut all: Vec<PostedMessage> = world
            .rooms
            .values()
            .flat_map(|room| room.messages.values().cloned())
            .collect();
        all.sort_by(|a, b| a.ts.cmp(&b.ts));
        all
    })
}

/// `GET /_fake/calls`: the calls of the Web API so far, in order.
pub(crate) async fn calls(State(fake): State<FakeSlack>) -> Json<Value> {
    shown(&fake.calls())
}

/// What a control answers, with its secrets hidden.
fn shown(answer: &impl Serialize) -> Json<Value> {
    let mut answer = json!(answer);
    redaction::json(&mut answer);
    Json(answer)
}

/// Query of `GET /_fake/state`.
#[derive(Deserialize)]
pub(crate) struct View {
    /// The revision the caller has; nothing but it is answered while it is current.
    since: Option<u64>,
    /// The workspace whose channels and people are wanted; the first when absent.
    team: Option<String>,
    /// Only the messages and ephemerals of this channel.
    channel: Option<String>,
    /// How many messages of each channel, ephemerals and deliveries, counted from the newest.
    #[serde(default = "default_limit")]
    limit: usize,
}

fn default_limit() -> usize {
    200
}

/// `GET /_fake/state`: what the sandbox page shows; little if nothing has changed since the given revision.
pub(crate) async fn state(State(fake): State<FakeSlack>, Query(view): Query<View>) -> Json<Value> {
    let world = fake.world();
    if view.since == Some(world.revision) {
        return Json(json!({ "revision": world.revision, "unchanged": true }));
    }
    let team = view.team.as_ref().unwrap_or(&fake.config().team_id);
    let wanted = |channel: &str| {
        view.channel
            .as_deref()
            .is_none_or(|wanted| wanted == channel)
    };
    let channels: Vec<_> = world
        .rooms
        .values()
        .filter(|room| room.is_in(team))
        .map(describe)
        .collect();
    let messages: serde_json::Map<String, Value> = world
        .rooms
        .values()
        .filter(|room| room.is_in(team) && wanted(&room.channel.id))
        .map(|room| (room.channel.id.clone(), newest(room, view.limit)))
        .collect();
    let mut ephemerals: Vec<_> = world
        .ephemerals
        .iter()
        .rev()
        .filter(|shown| wanted(&shown.channel))
        .take(view.limit)
        .collect();
    ephemerals.reverse();
    let deliveries = world
        .attempts
        .iter()
        .skip(world.attempts.len().saturating_sub(view.limit));
    let users: Vec<_> = world
        .users
        .values()
        .filter(|user| user.team == *team)
        .collect();
    let homes = world.homes.iter().filter(|((of, _), _)| of == team);
    let homes: serde_json::Map<_, _> = homes
        .map(|((_, user), view)| (user.clone(), view.clone()))
        .collect();
    shown(&json!({
        "revision": world.revision,
        "team_id": team,
        "bot_user_id": fake.config().bot_user_id,
        "has_app": fake.has_app(),
        "channels": channels,
        "users": users,
        "messages": messages,
        "ephemerals": ephemerals,
        "deliveries": deliveries.collect::<Vec<_>>(),
        "views": world.views.values().collect::<Vec<_>>(),
        "homes": homes,
        "commands": COMMANDS,
        "shortcuts": SHORTCUTS,
    }))
}

fn describe(room: &Room) -> Value {
    let newest_ts = room
        .messages
        .last_key_value()
        .map(|(ts, _)| ts.as_str())
        .unwrap_or_default();
    let mut json = json!(room.channel);
    json["newest_ts"] = newest_ts.into();
    json["topic"] = room.topic.clone().into();
    json["kind"] = room.kind().into();
    json["members"] = json!(room.members);
    json["pins"] = room.pins.iter().map(|pin| pin.ts.clone()).collect();
    let bookmarks = room.bookmarks.iter();
    json["bookmarks"] = bookmarks
        .map(|bookmark| json!({ "title": bookmark.title, "link": bookmark.link, "emoji": bookmark.emoji }))
        .collect();
    json
}

fn newest(room: &Room, limit: usize) -> Value {
    let skipped = room.messages.len().saturating_sub(limit);
    room.messages
        .values()
        .skip(skipped)
        .map(|message| json!(message))
        .collect()
}
