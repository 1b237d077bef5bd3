//! `pins.add`, `.list`, `.remove`.

use serde_json::{Value, json};

use super::Answer;
use super::request::Args;
use crate::caller::Caller;
use crate::channel_events;
use crate::fake::FakeSlack;
use crate::message_json;
use crate::room::{Pin, Room};

pub(super) fn add(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let ts = args.text("timestamp").ok_or("no_item_specified")?;
    let now = fake.now();
    let mut world = fake.world();
    let channel = world.named_channel(by, args.text("channel"));
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    writable(by, room)?;
    if !room.messages.contains_key(ts) {
        return Err("message_not_found".into());
    }
    if room.pins.iter().any(|pin| pin.ts == ts) {
        return Err("already_pinned".into());
    }
    let pin = Pin {
        ts: ts.to_owned(),
        user: by.user.clone(),
        created: now,
    };
    let event = channel_events::pin("pin_added", fake.config(), room, &pin, &by.user);
    room.pins.push(pin);
    world.revision += 1;
    drop(world);
    if let Some(event) = event {
        fake.tell_of_own(&channel, event);
    }
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
    writable(by, room)?;
    let at = room.pins.iter().position(|pin| pin.ts == ts);
    let pin = room.pins.remove(at.ok_or("no_pin")?);
    let event = channel_events::pin("pin_removed", fake.config(), room, &pin, &by.user);
    world.revision += 1;
    drop(world);
    if let Some(event) = event {
        fake.tell_of_own(&channel, event);
    }
    Ok(json!({}))
}

/// Whether what hangs on a channel may be changed by this caller.
pub(super) fn writable(by: &Caller, room: &Room) -> Result<(), &'static str> {
    if room.channel.is_archived {
        Err("is_archived")
    } else if !room.admits(by) {
        Err("not_in_channel")
    } else {
        Ok(())
    }
}
