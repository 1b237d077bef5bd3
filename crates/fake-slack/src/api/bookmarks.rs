//! `bookmarks.add`, `.edit`, `.list`, `.remove`.

use serde_json::json;

use super::Answer;
use super::pins::writable;
use super::request::Args;
use crate::bookmarks::Bookmark;
use crate::caller::Caller;
use crate::fake::FakeSlack;

pub(super) fn add(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let title = args.text("title").ok_or("invalid_arguments")?;
    if args.text("type") != Some("link") {
        return Err("invalid_bookmark_type".into());
    }
    let link = args.text("link").ok_or("invalid_link")?;
    let now = fake.now();
    let mut world = fake.world();
    world.revision += 1;
    let id = world.next_id("Bk", now);
    let channel = world.named_channel(by, args.text("channel_id"));
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    writable(by, room)?;
    let bookmark = Bookmark {
        id,
        title: title.to_owned(),
        link: link.to_owned(),
        emoji: args.text("emoji").unwrap_or_default().to_owned(),
        created: now,
        updated: now,
        by: (by.user.clone(), room.channel.team.clone()),
    };
    let described = bookmark.describe(&channel, &fake.config().app_id);
    room.bookmarks.push(bookmark);
    Ok(json!({ "bookmark": described }))
}

pub(super) fn edit(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let now = fake.now();
    let mut world = fake.world();
    let channel = world.named_channel(by, args.text("channel_id"));
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    writable(by, room)?;
    let wanted = args.text("bookmark_id").unwrap_or_default();
    let bookmark = room
        .bookmarks
        .iter_mut()
        .find(|bookmark| bookmark.id == wanted)
        .ok_or("not_found")?;
    for (name, field) in [
        ("title", &mut bookmark.title),
        ("link", &mut bookmark.link),
        ("emoji", &mut bookmark.emoji),
    ] {
        if let Some(text) = args.text(name) {
            text.clone_into(field);
        }
    }
    bookmark.updated = now;
    bookmark.by.0.clone_from(&by.user);
    Ok(json!({ "bookmark": bookmark.describe(&channel, &fake.config().app_id) }))
}

pub(super) fn list(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let now = fake.now();
    let mut world = fake.world();
    let channel = world.named_channel(by, args.text("channel_id"));
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    let all = room.bookmarks.iter();
    let all: Vec<_> = all
        .map(|bookmark| bookmark.describe(&channel, &fake.config().app_id))
        .collect();
    Ok(json!({ "bookmarks": all }))
}

pub(super) fn remove(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let now = fake.now();
    let mut world = fake.world();
    let channel = world.named_channel(by, args.text("channel_id"));
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    writable(by, room)?;
    let wanted = args.text("bookmark_id").unwrap_or_default();
    let before = room.bookmarks.len();
    room.bookmarks.retain(|bookmark| bookmark.id != wanted);
    if room.bookmarks.len() == before {
        return Err("not_found".into());
    }
    Ok(json!({}))
}
