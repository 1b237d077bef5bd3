//! A message as Slack writes it: in answers of the Web API, and as the event that tells the app of it.

use serde_json::{Value, json};

use crate::config::FakeConfig;
use crate::records::PostedMessage;
use crate::room::Room;

/// The message in an answer of the Web API; metadata only where the caller asked for it.
pub(crate) fn in_answer(
    config: &FakeConfig,
    room: &Room,
    message: &PostedMessage,
    with_metadata: bool,
) -> Value {
    let mut json = essentials(config, room, message);
    let replies = room
        .threads
        .get(&message.ts)
        .map(Vec::as_slice)
        .unwrap_or_default();
    if let Some(latest) = replies.last() {
        json["thread_ts"] = message.ts.clone().into();
        json["reply_count"] = replies.len().into();
        json["latest_reply"] = latest.clone().into();
    }
    if with_metadata && let Some(metadata) = &message.metadata {
        json["metadata"] = metadata.clone();
    }
    if !message.reactions.is_empty() {
        json["reactions"] = message
            .reactions
            .iter()
            .map(|reaction| json!({ "name": reaction.name, "users": reaction.users, "count": reaction.users.len() }))
            .collect();
    }
    json
}

/// The address of a message.
pub(crate) fn permalink(config: &FakeConfig, room: &Room, ts: &str) -> String {
    let domain = config.workspace(&room.channel.team).domain();
    format!(
        "https://{domain}.slack.com/archives/{}/p{}",
        room.channel.id,
        ts.replace('.', "")
    )
}

/// The `message` event about a new message.
pub(crate) fn as_event(config: &FakeConfig, room: &Room, message: &PostedMessage) -> Value {
    let mut json = essentials(config, room, message);
    json["channel"] = message.channel.clone().into();
    json["channel_type"] = room.kind().into();
    json["event_ts"] = message.ts.clone().into();
    json
}

/// The `message` event about an edit; it holds the message twice, as Slack's does.
pub(crate) fn as_change(
    config: &FakeConfig,
    room: &Room,
    previous: &PostedMessage,
    message: &PostedMessage,
    event_ts: &str,
) -> Value {
    json!({
        "type": "message",
        "subtype": "message_changed",
        "hidden": true,
        "message": essentials(config, room, message),
        "previous_message": essentials(config, room, previous),
        "channel": message.channel,
        "channel_type": room.kind(),
        "ts": event_ts,
        "event_ts": event_ts,
    })
}

/// The `message` event about a message that is gone.
pub(crate) fn as_deletion(
    config: &FakeConfig,
    room: &Room,
    message: &PostedMessage,
    event_ts: &str,
) -> Value {
    json!({
        "type": "message",
        "subtype": "message_deleted",
        "hidden": true,
        "deleted_ts": message.ts,
        "previous_message": essentials(config, room, message),
        "channel": message.channel,
        "channel_type": room.kind(),
        "ts": event_ts,
        "event_ts": event_ts,
    })
}

fn essentials(config: &FakeConfig, room: &Room, message: &PostedMessage) -> Value {
    let mut json = json!({
        "type": "message",
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "team": room.author_team(message),
    });
    if let Some(bot_id) = &message.bot_id {
        json["bot_id"] = bot_id.clone().into();
        json["app_id"] = config.app_id.clone().into();
        json["bot_profile"] = json!({ "id": bot_id, "app_id": config.app_id, "name": "tidegate", "team_id": room.author_team(message), "deleted": false });
    }
    for (name, value) in [
        ("thread_ts", &message.thread_ts),
        ("client_msg_id", &message.client_msg_id),
    ] {
        if let Some(value) = value {
            json[name] = value.clone().into();
        }
    }
    if let Some(blocks) = &message.blocks {
        json["blocks"] = blocks.clone();
    }
    if !message.files.is_empty() {
        json["files"] = message.files.clone().into();
        json["upload"] = true.into();
    }
    if let Some(unfurls) = message.unfurls.as_ref().and_then(Value::as_object) {
        json["attachments"] = unfurls.values().cloned().collect();
    }
    if let Some(edited_ts) = &message.edited_ts {
        json["edited"] = json!({ "user": message.user, "ts": edited_ts });
    }
    json
}
