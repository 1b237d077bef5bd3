//! Who is in a conversation: `conversations.members`, `.invite`, `.join`, `.kick`, `.leave`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::conversations::describe;
use super::request::{Args, page};
use super::{Answer, Refusal};
use crate::caller::Caller;
use crate::channel_events;
use crate::fake::FakeSlack;
use crate::world::World;

pub(super) fn list(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let limit = args.number("limit").unwrap_or(100).clamp(1, 1000);
    let now = fake.now();
    let mut world = fake.world();
    let channel = world.named_channel(by, args.text("channel"));
    world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    let members = world.members(&channel);
    let members = members.into_iter().map(|id| (id.clone(), id));
    let (members, next) = page(members, args.text("cursor"), limit)?;
    Ok(json!({ "members": members, "response_metadata": { "next_cursor": next } }))
}

pub(super) fn invite(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let users = args.text("users").ok_or("no_user")?;
    let now = fake.now();
    let mut world = fake.world();
    let channel = world.named_channel(by, args.text("channel"));
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    if room.channel.is_archived {
        return Err("is_archived".into());
    }
    if !room.admits(by) {
        return Err("not_in_channel".into());
    }
    let named: Vec<&str> = users.split(',').map(str::trim).collect();
    let mut members = world.members(&channel);
    let (mut joined, mut errors) = (Vec::new(), Vec::new());
    for user in named {
        match invitable(&mut world, by, &members, user) {
            Ok(()) => {
                members.insert(user.to_owned());
                joined.push(user);
            }
            Err(error) => errors.push((user, error)),
        }
    }
    let none = joined.is_empty() || !args.flag("force");
    if let Some((_, first)) = errors.first().filter(|_| none) {
        return Err(Refusal::Invitations(first, describe_errors(&errors)));
    }
    world.set_members(&channel, members);
    let teams: Vec<String> = joined.iter().map(|user| world.team_of_user(user)).collect();
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    let events: Vec<Value> = joined
        .iter()
        .zip(&teams)
        .map(|(user, team)| channel_events::joined(room, user, team, Some(&by.user)))
        .collect();
    let mut answer = json!({ "channel": describe(by, room) });
    if !errors.is_empty() {
        answer["errors"] = describe_errors(&errors);
    }
    drop(world);
    for event in events {
        fake.tell_of_own(&channel, event);
    }
    Ok(answer)
}

fn invitable(
    world: &mut World,
    by: &Caller,
    members: &BTreeSet<String>,
    user: &str,
) -> Result<(), &'static str> {
    if user == by.user {
        Err("cant_invite_self")
    } else if !world.meet_user_in(by.home(), user) {
        Err("user_not_found")
    } else if members.contains(user) {
        Err("already_in_channel")
    } else {
        Ok(())
    }
}

fn describe_errors(errors: &[(&str, &'static str)]) -> Value {
    let describe =
        |(user, error): &(&str, &'static str)| json!({ "user": user, "ok": false, "error": error });
    errors.iter().map(describe).collect()
}

pub(super) fn join(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let now = fake.now();
    let mut world = fake.world();
    let channel = world.named_channel(by, args.text("channel"));
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    if room.channel.is_archived {
        return Err("is_archived".into());
    }
    if room.channel.is_private {
        return Err("method_not_supported_for_channel_type".into());
    }
    let was_member = room.has_member(&by.user);
    let mut members = world.members(&channel);
    members.insert(by.user.clone());
    if !was_member {
        world.set_members(&channel, members);
    }
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    let mut answer = json!({ "channel": describe(by, room) });
    if was_member {
        answer["warning"] = "already_in_channel".into();
        answer["response_metadata"] = json!({ "warnings": ["already_in_channel"] });
        return Ok(answer);
    }
    let event = channel_events::joined(room, &by.user, by.home(), None);
    drop(world);
    fake.tell_of_own(&channel, event);
    Ok(answer)
}

pub(super) fn kick(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let user = args.text("user").ok_or("user_not_found")?;
    if user == by.user {
        return Err("cant_kick_self".into());
    }
    remove(fake, by, args, user).map_err(Into::into)
}

pub(super) fn leave(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    match remove(fake, by, args, &by.user) {
        Err("not_in_channel") => Ok(json!({ "not_in_channel": true })),
        left => left.map_err(Into::into),
    }
}

fn remove(fake: &FakeSlack, by: &Caller, args: &Args, user: &str) -> Result<Value, &'static str> {
    let now = fake.now();
    let mut world = fake.world();
    let channel = world.named_channel(by, args.text("channel"));
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    if room.kind() == "im" {
        return Err("method_not_supported_for_channel_type");
    }
    if room.channel.name == "general" {
        return Err("cant_leave_general");
    }
    let mut members = world.members(&channel);
    if !members.remove(user) {
        return Err("not_in_channel");
    }
    world.set_members(&channel, members);
    Ok(json!({}))
}
