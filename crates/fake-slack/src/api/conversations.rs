//! `conversations.create`, `.info`, `.join`, `.list`.

use serde_json::{Value, json};

use super::Answer;
use super::request::{Args, page};
use crate::caller::Caller;
use crate::fake::FakeSlack;
use crate::records::Channel;

const NAME_LIMIT: usize = 80;

pub(super) fn create(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let name = args.text("name").ok_or("invalid_name_required")?;
    if name.chars().count() > NAME_LIMIT {
        return Err("invalid_name_maxlength".into());
    }
    if !name
        .chars()
        .all(|c| c.is_lowercase() || c.is_numeric() || c == '-' || c == '_')
    {
        return Err("invalid_name_specials".into());
    }
    let team = by.team_for(args.text("team_id"))?;
    let now = fake.now();
    let mut world = fake.world();
    let mut rooms = world.rooms.values();
    if rooms.any(|room| room.channel.name == name && room.channel.team == team) {
        return Err("name_taken".into());
    }
    let id = world.next_id("C", now);
    world.add_channel(&id, name, team, args.flag("is_private"), now);
    let room = world.room(&id, now).ok_or("internal_error")?;
    Ok(json!({ "channel": describe(by, &room.channel) }))
}

pub(super) fn info(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let channel = find(fake, by, args)?;
    Ok(json!({ "channel": describe(by, &channel) }))
}

pub(super) fn join(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let channel = find(fake, by, args)?;
    if channel.is_archived {
        return Err("is_archived".into());
    }
    if channel.is_private {
        return Err("method_not_supported_for_channel_type".into());
    }
    // The bot is a member of every channel here.
    Ok(json!({
        "channel": describe(by, &channel),
        "warning": "already_in_channel",
        "response_metadata": { "warnings": ["already_in_channel"] },
    }))
}

pub(super) fn list(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let limit = args.number("limit").unwrap_or(100).clamp(1, 1000);
    let types = args.text("types").unwrap_or("public_channel");
    let without_archived = args.flag("exclude_archived");
    let team = by.team_for(args.text("team_id"))?;
    let world = fake.world();
    let channels = world
        .rooms
        .values()
        .filter(|room| room.is_in(team))
        .filter(|room| {
            let kind = match room.kind() {
                "im" => "im",
                "group" => "private_channel",
                _ => "public_channel",
            };
            types.split(',').any(|wanted| wanted.trim() == kind)
        })
        .map(|room| &room.channel)
        .filter(|channel| !(without_archived && channel.is_archived))
        .map(|channel| (channel.id.clone(), describe(by, channel)));
    let (channels, next) = page(channels, args.text("cursor"), limit)?;
    Ok(json!({ "channels": channels, "response_metadata": { "next_cursor": next } }))
}

fn find(fake: &FakeSlack, by: &Caller, args: &Args) -> Result<Channel, &'static str> {
    let now = fake.now();
    let mut world = fake.world();
    let id = world.channel_id_in(&by.teams, args.text("channel").unwrap_or_default());
    world
        .room_of(by, &id, now)
        .map(|room| room.channel.clone())
        .ok_or("channel_not_found")
}

fn describe(by: &Caller, channel: &Channel) -> Value {
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
            "is_mpim": false,
            "is_general": channel.name == "general",
            "is_member": true,
            "is_shared": !channel.shared_with.is_empty(),
            "is_ext_shared": !channel.shared_with.is_empty(),
            "is_org_shared": false,
            "creator": by.user,
            "topic": { "value": "", "creator": "", "last_set": 0 },
            "purpose": { "value": "", "creator": "", "last_set": 0 },
        })
    };
    if let (Some(json), Value::Object(more)) = (json.as_object_mut(), more) {
        json.extend(more);
    }
    json
}
