//! `conversations.create`, `.info`, `.list`, `.open`, and `users.conversations`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::Answer;
use super::request::{Args, page};
use crate::caller::Caller;
use crate::channel_events;
use crate::fake::FakeSlack;
use crate::room::Room;
use crate::world::World;

const NAME_LIMIT: usize = 80;
/// A direct message has at most so many besides the caller.
const PARTNERS_LIMIT: usize = 8;

/// A name Slack allows for a channel.
pub(super) fn check_name(name: Option<&str>) -> Result<&str, &'static str> {
    let name = name.ok_or("invalid_name_required")?;
    if name.chars().count() > NAME_LIMIT {
        return Err("invalid_name_maxlength");
    }
    let allowed = |c: char| c.is_lowercase() || c.is_numeric() || c == '-' || c == '_';
    if !name.chars().all(allowed) {
        return Err("invalid_name_specials");
    }
    Ok(name)
}

pub(super) fn create(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let name = check_name(args.text("name"))?;
    let team = by.team_for(args.text("team_id"))?;
    let now = fake.now();
    let mut world = fake.world();
    if world.has_channel_named(team, name) {
        return Err("name_taken".into());
    }
    let id = world.next_id("C", now);
    world.add_channel(&id, name, team, args.flag("is_private"), now);
    world.set_members(&id, BTreeSet::from([by.user.clone()]));
    let room = world.room(&id, now).ok_or("internal_error")?;
    room.channel.creator.clone_from(&by.user);
    let answer = json!({ "channel": describe(by, room) });
    let event = (!room.channel.is_private).then(|| channel_events::created(room, now));
    drop(world);
    if let Some(event) = event {
        fake.tell_of_own(&id, event);
    }
    Ok(answer)
}

/// The direct message with one user, or with several; the same again for the same people.
pub(super) fn open(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let now = fake.now();
    let mut world = fake.world();
    let id = match (args.text("channel"), args.text("users")) {
        (Some(channel), _) => channel.to_owned(),
        (None, Some(users)) => direct_message(&mut world, by, users, now)?,
        (None, None) => return Err("users_list_not_supplied".into()),
    };
    let room = world.room_of(by, &id, now).ok_or("channel_not_found")?;
    let channel = if args.flag("return_im") {
        describe(by, room)
    } else {
        json!({ "id": id })
    };
    Ok(json!({ "channel": channel }))
}

fn direct_message(
    world: &mut World,
    by: &Caller,
    users: &str,
    now: Duration,
) -> Result<String, &'static str> {
    let users: BTreeSet<&str> = users.split(',').map(str::trim).collect();
    if users.len() > PARTNERS_LIMIT {
        return Err("too_many_users");
    }
    for user in &users {
        if !world.meet_user_in(by.home(), user) {
            return Err("user_not_found");
        }
    }
    if let (Some(partner), 1) = (users.first(), users.len()) {
        return Ok(partner.replacen('U', "D", 1));
    }
    let mut members: BTreeSet<String> = users.into_iter().map(str::to_owned).collect();
    members.insert(by.user.clone());
    let same = |room: &&Room| room.is_mpim && room.members.as_ref() == Some(&members);
    if let Some(room) = world.rooms.values().find(same) {
        return Ok(room.channel.id.clone());
    }
    let id = world.next_id("C", now);
    let name = format!("mpdm-{}", id.to_lowercase());
    world.add_channel(&id, &name, by.home(), true, now);
    if let Some(room) = world.rooms.get_mut(&id) {
        room.is_mpim = true;
        room.members = Some(members);
    }
    Ok(id)
}

pub(super) fn info(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let now = fake.now();
    let mut world = fake.world();
    let id = world.named_channel(by, args.text("channel"));
    let room = world.room_of(by, &id, now).ok_or("channel_not_found")?;
    let mut channel = describe(by, room);
    if args.flag("include_num_members") {
        channel["num_members"] = world.members(&id).len().into();
    }
    Ok(json!({ "channel": channel }))
}

pub(super) fn list(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    list_those(fake, by, args, |_| true)
}

/// Those that a user is in: the caller, unless another is named.
pub(super) fn of_user(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let user = args.text("user").unwrap_or(&by.user);
    list_those(fake, by, args, |room| room.has_member(user))
}

fn list_those(
    fake: &FakeSlack,
    by: &Caller,
    args: &Args,
    wanted: impl Fn(&Room) -> bool,
) -> Answer {
    let limit = args.number("limit").unwrap_or(100).clamp(1, 1000);
    let types = args.text("types").unwrap_or("public_channel");
    let without_archived = args.flag("exclude_archived");
    let team = by.team_for(args.text("team_id"))?;
    let world = fake.world();
    let channels = world
        .rooms
        .values()
        .filter(|room| room.is_in(team) && wanted(room))
        .filter(|room| {
            let kind = match room.kind() {
                "group" => "private_channel",
                "channel" => "public_channel",
                direct => direct,
            };
            types.split(',').any(|wanted| wanted.trim() == kind)
        })
        .filter(|room| !(without_archived && room.channel.is_archived))
        .map(|room| (room.channel.id.clone(), describe(by, room)));
    let (channels, next) = page(channels, args.text("cursor"), limit)?;
    Ok(json!({ "channels": channels, "response_metadata": { "next_cursor": next } }))
}

pub(super) fn describe(by: &Caller, room: &Room) -> Value {
    let channel = &room.channel;
    let text = |value: &str| json!({ "value": value, "creator": "", "last_set": 0 });
    let is_im = channel.id.starts_with('D');
    let mut json = json!({
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_im": is_im,
        "context_team_id": by.team().unwrap_or_else(|| channel.team.clone()),
    });
    let more = if is_im {
        json!({ "user": channel.id.replacen('D', "U", 1) })
    } else {
        json!({
            "name": channel.name,
            "name_normalized": channel.name,
            "is_channel": !channel.is_private,
            "is_group": channel.is_private,
            "is_private": channel.is_private,
            "is_mpim": room.is_mpim,
            "is_general": channel.name == "general",
            "is_member": room.has_member(&by.user),
            "is_shared": !channel.shared_with.is_empty(),
            "is_ext_shared": !channel.shared_with.is_empty(),
            "is_org_shared": false,
            "creator": channel.creator,
            "topic": text(&room.topic),
            "purpose": text(&room.purpose),
        })
    };
    if let (Some(json), Value::Object(more)) = (json.as_object_mut(), more) {
        json.extend(more);
    }
    json
}
