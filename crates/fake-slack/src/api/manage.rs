//! Changing a conversation: `conversations.archive`, `.unarchive`, `.rename`, `.setTopic`, `.setPurpose`.

use serde_json::{Value, json};

use super::Answer;
use super::conversations::{check_name, describe};
use super::request::Args;
use crate::caller::Caller;
use crate::channel_events;
use crate::fake::FakeSlack;
use crate::records::TokenKind;
use crate::room::Room;

const TOPIC_LIMIT: usize = 250;

pub(super) fn archive(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    change(fake, by, args, |room| {
        if room.channel.name == "general" {
            return Err("cant_archive_general");
        }
        if room.channel.is_archived {
            return Err("already_archived");
        }
        room.channel.is_archived = true;
        Ok(Some(channel_events::changed("archive", room, &by.user)))
    })?;
    Ok(json!({}))
}

pub(super) fn unarchive(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    change(fake, by, args, |room| {
        if !room.channel.is_archived {
            return Err("not_archived");
        }
        // Archiving puts bots out, and only who is in a channel may open it again.
        if by.kind == TokenKind::Bot {
            return Err("not_in_channel");
        }
        room.channel.is_archived = false;
        Ok(Some(channel_events::changed("unarchive", room, &by.user)))
    })?;
    Ok(json!({}))
}

pub(super) fn rename(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let name = check_name(args.text("name"))?;
    let is_taken = {
        let world = fake.world();
        let mut teams = by.teams.iter();
        teams.any(|team| world.has_channel_named(team, name))
    };
    change(fake, by, args, |room| {
        if is_taken && room.channel.name != name {
            return Err("name_taken");
        }
        if room.channel.is_archived {
            return Err("is_archived");
        }
        name.clone_into(&mut room.channel.name);
        Ok(Some(channel_events::renamed(room)))
    })
}

pub(super) fn set_topic(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    set_text(fake, by, args, "topic", |room| &mut room.topic)
}

pub(super) fn set_purpose(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    set_text(fake, by, args, "purpose", |room| &mut room.purpose)
}

fn set_text(
    fake: &FakeSlack,
    by: &Caller,
    args: &Args,
    name: &'static str,
    field: impl Fn(&mut Room) -> &mut String,
) -> Answer {
    let text = args.text(name).unwrap_or_default();
    if text.chars().count() > TOPIC_LIMIT {
        return Err("too_long".into());
    }
    let mut answer = change(fake, by, args, |room| {
        if room.channel.is_archived {
            return Err("is_archived");
        }
        text.clone_into(field(room));
        Ok(None)
    })?;
    answer[name] = text.into();
    Ok(answer)
}

/// Does it to the channel of the call, tells the app of it, and answers with the channel as it is then.
fn change(
    fake: &FakeSlack,
    by: &Caller,
    args: &Args,
    act: impl FnOnce(&mut Room) -> Result<Option<Value>, &'static str>,
) -> Answer {
    let now = fake.now();
    let mut world = fake.world();
    world.revision += 1;
    let channel = world.named_channel(by, args.text("channel"));
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    if !room.admits(by) {
        return Err("not_in_channel".into());
    }
    let event = act(room)?;
    let answer = json!({ "channel": describe(by, room) });
    drop(world);
    if let Some(event) = event {
        fake.tell_of_own(&channel, event);
    }
    Ok(answer)
}
