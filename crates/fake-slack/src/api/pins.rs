//! `pins.add`, `.list`, `.remove`.

use serde_json::{Value, json};

use super::Answer;
use super::request::Args;
use crate::caller::Caller;
use crate::fake::FakeSlack;
use crate::message_json;
use crate::room::Pin;

pub(super) fn add(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let ts = args.text("timestamp").ok_or("no_item_specified")?;
    let now = fake.now();
    let mut world = fake.world();
    let channel = world.named_channel(by, args.text("channel"));
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    if !room.messages.contains_key(ts) {
        return Err("message_not_found".into());
    }
    if room.pins.iter().any(|pin| pin.ts == ts) {
        return Err("already_pinned".into());
    }
    room.pins.push(Pin {
        ts: ts.to_owned(),
        user: by.user.clone(),
        created: now,
    });
    Ok(json!({}))
}

pub(super) fn list(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let now = fake.now();
    let mut world = fake.world();
    let channel = world.named_channel(by, args.text("channel"));
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    let pinned = |pin: &Pin| -> Option<Value> {
        let message = room.messages.get(&pin.ts)?;
        Some(json!({
            "type": "message",
            "channel": channel,
            "created": pin.created.as_secs(),
            "created_by": pin.user,
            "message": message_json::in_answer(fake.config(), room, message, false),
        }))
    };
    let items: Vec<Value> = room.pins.iter().rev().filter_map(pinned).collect();
    Ok(json!({ "items": items }))
}

pub(super) fn remove(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let ts = args.text("timestamp").ok_or("no_item_specified")?;
    let now = fake.now();
    let mut world = fake.world();
    let channel = world.named_channel(by, args.text("channel"));
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    let before = room.pins.len();
    room.pins.retain(|pin| pin.ts != ts);
    if room.pins.len() == before {
        return Err("no_pin".into());
    }
    Ok(json!({}))
}
