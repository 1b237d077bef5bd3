//! `reactions.add`, `.get`, `.list`, `.remove`.

use serde_json::{Value, json};

use super::Answer;
use super::pins::writable;
use super::request::{Args, page};
use crate::caller::Caller;
use crate::channel_events;
use crate::fake::FakeSlack;
use crate::message_json;
use crate::records::Reaction;

pub(super) fn add(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let name = args.text("name").ok_or("invalid_name")?.trim_matches(':');
    let ts = args.text("timestamp").ok_or("no_item_specified")?;
    let bot = by.user.clone();
    let now = fake.now();
    let mut world = fake.world();
    let channel = world.channel_id_in(&by.teams, args.text("channel").unwrap_or_default());
    world.revision += 1;
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    writable(by, room)?;
    room.react(ts, &bot, name)?;
    let event = channel_events::reaction("reaction_added", room, ts, &bot, name);
    drop(world);
    fake.tell_of_own(&channel, event);
    Ok(json!({}))
}

pub(super) fn get(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let ts = args.text("timestamp").ok_or("no_item_specified")?;
    let now = fake.now();
    let mut world = fake.world();
    let channel = world.named_channel(by, args.text("channel"));
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    let message = room.messages.get(ts).ok_or("message_not_found")?;
    let message = message_json::in_answer(fake.config(), room, message, false);
    Ok(json!({ "type": "message", "channel": channel, "message": message }))
}

pub(super) fn remove(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let name = args.text("name").ok_or("invalid_name")?.trim_matches(':');
    let ts = args.text("timestamp").ok_or("no_item_specified")?;
    let now = fake.now();
    let mut world = fake.world();
    world.revision += 1;
    let channel = world.named_channel(by, args.text("channel"));
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    writable(by, room)?;
    room.unreact(ts, &by.user, name)?;
    let event = channel_events::reaction("reaction_removed", room, ts, &by.user, name);
    drop(world);
    fake.tell_of_own(&channel, event);
    Ok(json!({}))
}

/// The messages a user has reacted to, in the order they were posted.
pub(super) fn list(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let limit = args.number("limit").unwrap_or(100).clamp(1, 1000);
    let user = args.text("user").unwrap_or(&by.user).to_owned();
    let world = fake.world();
    let mut items: Vec<(String, Value)> = Vec::new();
    for room in world.rooms.values().filter(|room| by.reaches(room)) {
        for message in room.messages.values() {
            let reacted = |reaction: &Reaction| reaction.users.contains(&user);
            if message.reactions.iter().any(reacted) {
                let written = message_json::in_answer(fake.config(), room, message, false);
                let item =
                    json!({ "type": "message", "channel": room.channel.id, "message": written });
                items.push((message.ts.clone(), item));
            }
        }
    }
    items.sort_by(|a, b| a.0.cmp(&b.0));
    let (items, next) = page(items.into_iter(), args.text("cursor"), limit)?;
    Ok(json!({ "items": items, "response_metadata": { "next_cursor": next } }))
}
