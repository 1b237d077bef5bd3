//! `chat.postMessage`, `chat.postEphemeral`, `chat.update`, `chat.delete`.

use serde_json::{Value, json};

use super::request::Args;
use super::{Answer, Refusal};
use crate::blocks::fill_block_ids;
use crate::caller::Caller;
use crate::fake::FakeSlack;
use crate::message_json;
use crate::records::{Ephemeral, PostedMessage};

/// Slack cuts longer texts off.
const TEXT_LIMIT: usize = 40_000;
const BLOCK_LIMIT: usize = 50;
/// Characters of all texts in blocks. Measured by others, not documented: github.com/slackapi/bolt-js/issues/2867.
const BLOCKS_TEXT_LIMIT: usize = 11_000;

/// The content of a message, checked.
struct Content {
    text: String,
    blocks: Option<Value>,
    metadata: Option<Value>,
    thread_ts: Option<String>,
}

pub(super) fn post_message(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let mut message = compose(fake, by, args)?;
    let (now, limit) = (fake.now(), fake.config().limit_per_channel_per_second);
    let channel = message.channel.clone();
    let mut world = fake.world();
    let ts = world.next_ts(now);
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    if limit.is_some_and(|limit| !room.admit_post(limit, now)) {
        return Err(Refusal::RateLimited(1));
    }
    drop(world);
    message.ts.clone_from(&ts);
    message.blocks = with_ids(message.blocks, &ts);
    let posted = publish(fake, message).ok_or("channel_not_found")?;
    Ok(json!({ "channel": channel, "ts": ts, "message": posted }))
}

/// The message that a call asks for, checked; its `ts` comes when it is posted.
pub(super) fn compose(
    fake: &FakeSlack,
    by: &Caller,
    args: &Args,
) -> Result<PostedMessage, &'static str> {
    let channel = admit(fake, by, args)?;
    let content = content(args)?;
    Ok(PostedMessage {
        channel,
        user: by.user.clone(),
        bot_id: Some(by.bot_id.clone()),
        text: content.text,
        thread_ts: content.thread_ts,
        blocks: content.blocks,
        metadata: content.metadata,
        client_msg_id: args.text("client_msg_id").map(str::to_owned),
        team: by.team(),
        enterprise: by.enterprise.clone(),
        token_kind: Some(by.kind),
        ..PostedMessage::default()
    })
}

pub(super) fn post_ephemeral(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let channel = admit(fake, by, args)?;
    let user = args.text("user").ok_or("user_not_in_channel")?;
    let content = content(args)?;
    let now = fake.now();
    let mut world = fake.world();
    if !world.meet_user_in(by.home(), user) {
        return Err("user_not_in_channel".into());
    }
    let ts = world.next_ts(now);
    world.add_ephemeral(Ephemeral {
        ts: ts.clone(),
        channel,
        user: user.to_owned(),
        from_slack: false,
        text: content.text,
        blocks: with_ids(content.blocks, &ts),
        thread_ts: content.thread_ts,
    });
    Ok(json!({ "message_ts": ts }))
}

pub(super) fn update(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let channel = admit(fake, by, args)?;
    let ts = args.text("ts").ok_or("message_not_found")?;
    let content = content(args)?;
    let now = fake.now();
    let mut world = fake.world();
    world.revision += 1;
    let event_ts = world.next_ts(now);
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    let previous = room.messages.get(ts).cloned().ok_or("message_not_found")?;
    if previous.bot_id.as_ref() != Some(&by.bot_id) {
        return Err("cant_update_message".into());
    }
    let edited = PostedMessage {
        text: content.text,
        blocks: with_ids(content.blocks, ts),
        metadata: content.metadata.or_else(|| previous.metadata.clone()),
        edited_ts: Some(event_ts.clone()),
        ..previous.clone()
    };
    let event = message_json::as_change(fake.config(), room, &previous, &edited, &event_ts);
    let message = message_json::in_answer(fake.config(), room, &edited, false);
    let text = edited.text.clone();
    room.messages.insert(ts.to_owned(), edited);
    drop(world);
    fake.echo(event);
    Ok(json!({ "channel": channel, "ts": ts, "text": text, "message": message }))
}

pub(super) fn delete(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let channel = admit(fake, by, args)?;
    let ts = args.text("ts").ok_or("message_not_found")?;
    let now = fake.now();
    let mut world = fake.world();
    world.revision += 1;
    let event_ts = world.next_ts(now);
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    let message = room.messages.get(ts).ok_or("message_not_found")?;
    let is_own = message.user == by.user || message.bot_id.as_ref() == Some(&by.bot_id);
    if !is_own {
        return Err("cant_delete_message".into());
    }
    let event = message_json::as_deletion(fake.config(), room, message, &event_ts);
    room.remove(ts);
    drop(world);
    fake.echo(event);
    Ok(json!({ "channel": channel, "ts": ts }))
}

/// Puts a message of the bot's where all see it, and tells the app; none when the channel is gone.
pub(crate) fn publish(fake: &FakeSlack, message: PostedMessage) -> Option<Value> {
    let now = fake.now();
    let mut world = fake.world();
    world.revision += 1;
    let room = world.room(&message.channel, now)?;
    let event = message_json::as_event(fake.config(), room, &message);
    let posted = message_json::in_answer(fake.config(), room, &message, true);
    room.post(message);
    drop(world);
    fake.echo(event);
    Some(posted)
}

/// The id of the channel a call may post in.
fn admit(fake: &FakeSlack, by: &Caller, args: &Args) -> Result<String, &'static str> {
    let given = args.text("channel").ok_or("channel_not_found")?;
    let now = fake.now();
    let mut world = fake.world();
    let channel = world.channel_id_in(&by.teams, given);
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    if room.channel.is_archived {
        Err("is_archived")
    } else if !room.admits(by) {
        Err("not_in_channel")
    } else {
        Ok(channel)
    }
}

/// The characters of all texts in blocks.
fn characters(value: &Value) -> usize {
    match value {
        Value::Object(fields) => {
            let own = fields.get("text").and_then(Value::as_str);
            let own = own.map_or(0, |text| text.chars().count());
            own + fields.values().map(characters).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(characters).sum(),
        _ => 0,
    }
}

fn content(args: &Args) -> Result<Content, &'static str> {
    let mut text = args.text("text").unwrap_or_default().to_owned();
    if let Some((end, _)) = text.char_indices().nth(TEXT_LIMIT) {
        text.truncate(end);
    }
    let blocks = args
        .structure("blocks")
        .map_err(|()| "invalid_blocks_format")?;
    if blocks.as_ref().is_some_and(|blocks| {
        blocks
            .as_array()
            .is_none_or(|blocks| blocks.len() > BLOCK_LIMIT)
    }) {
        return Err("invalid_blocks");
    }
    if blocks.as_ref().map_or(0, characters) > BLOCKS_TEXT_LIMIT {
        return Err("msg_blocks_too_long");
    }
    let blocks = blocks.filter(|blocks| blocks.as_array().is_some_and(|blocks| !blocks.is_empty()));
    let has_attachments = args
        .structure("attachments")
        .map_err(|()| "invalid_attachments")?
        .is_some();
    if text.is_empty() && blocks.is_none() && !has_attachments {
        return Err("no_text");
    }
    let metadata = args
        .structure("metadata")
        .map_err(|()| "invalid_metadata_format")?;
    if !metadata.as_ref().is_none_or(is_metadata) {
        return Err("invalid_metadata_format");
    }
    let thread_ts = args.text("thread_ts").map(str::to_owned);
    if !thread_ts.as_deref().is_none_or(is_ts) {
        return Err("invalid_thread_ts");
    }
    Ok(Content {
        text,
        blocks,
        metadata,
        thread_ts,
    })
}

fn is_metadata(metadata: &Value) -> bool {
    metadata.get("event_type").is_some_and(Value::is_string)
        && metadata.get("event_payload").is_some_and(Value::is_object)
}

fn is_ts(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.')
        .is_some_and(|(seconds, micros)| is_number(seconds) && is_number(micros))
}

pub(super) fn with_ids(mut blocks: Option<Value>, seed: &str) -> Option<Value> {
    if let Some(blocks) = &mut blocks {
        fill_block_ids(blocks, seed);
    }
    blocks
}
