//! Files: `files.getUploadURLExternal`, `.completeUploadExternal`, `.info`, `.list`, `.delete`.

use serde_json::{Value, json};

use super::request::Args;
use super::{Answer, chat};
use crate::caller::Caller;
use crate::fake::FakeSlack;
use crate::files::File;
use crate::records::PostedMessage;
use crate::signing::keyed_hash;

pub(super) fn upload_url(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let name = args.text("filename").ok_or("invalid_arguments")?;
    let size = args.number("length").filter(|size| *size > 0);
    let size = size.ok_or("invalid_arguments")?;
    let now = fake.now();
    let mut world = fake.world();
    let id = world.next_id("F", now);
    let secret = keyed_hash(&fake.config().signing_secret, &[b"upload", id.as_bytes()]);
    let upload_url = format!("{}/upload/v1/{id}/{secret}", fake.public_url());
    let file = File {
        id: id.clone(),
        team: by.home().to_owned(),
        user: by.user.clone(),
        name: name.to_owned(),
        title: name.to_owned(),
        size,
        created: now,
        secret,
        ..File::default()
    };
    world.files.insert(id.clone(), file);
    Ok(json!({ "upload_url": upload_url, "file_id": id }))
}

pub(super) fn complete_upload(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let wanted = args
        .structure("files")
        .map_err(|()| "invalid_arguments")?
        .ok_or("invalid_arguments")?;
    let blocks = args.structure("blocks").map_err(|()| "invalid_blocks")?;
    let comment = args.text("initial_comment").unwrap_or_default();
    if blocks.is_some() && !comment.is_empty() {
        return Err("invalid_arguments".into());
    }
    let channels = share_with(fake, by, args)?;
    let mut described = Vec::new();
    {
        let mut world = fake.world();
        for one in wanted.as_array().ok_or("invalid_arguments")? {
            let id = one.get("id").and_then(Value::as_str).unwrap_or_default();
            let file = world
                .files
                .get_mut(id)
                .filter(|file| by.teams.contains(&file.team))
                .ok_or("file_not_found")?;
            if file.content.is_none() {
                return Err("file_update_failed".into());
            }
            if let Some(title) = one.get("title").and_then(Value::as_str) {
                title.clone_into(&mut file.title);
            }
            file.is_complete = true;
            file.channels.clone_from(&channels);
            described.push(file.describe(&fake.public_url()));
        }
    }
    for channel in channels {
        let now = fake.now();
        let ts = fake.world().next_ts(now);
        let message = PostedMessage {
            channel,
            ts,
            user: by.user.clone(),
            bot_id: Some(by.bot_id.clone()),
            text: comment.to_owned(),
            blocks: blocks.clone(),
            thread_ts: args.text("thread_ts").map(str::to_owned),
            files: described.clone(),
            team: by.team(),
            enterprise: by.enterprise.clone(),
            token_kind: Some(by.kind),
            ..PostedMessage::default()
        };
        chat::publish(fake, message);
    }
    Ok(json!({ "files": described }))
}

/// The channels a file is shared in: none, `channel_id`, or the list `channels`.
fn share_with(fake: &FakeSlack, by: &Caller, args: &Args) -> Result<Vec<String>, &'static str> {
    let given = args.text("channel_id").or_else(|| args.text("channels"));
    let now = fake.now();
    let mut world = fake.world();
    let mut channels = Vec::new();
    for given in given.unwrap_or_default().split(',').map(str::trim) {
        if given.is_empty() {
            continue;
        }
        let channel = world.channel_id_in(&by.teams, given);
        let room = world
            .room_of(by, &channel, now)
            .ok_or("channel_not_found")?;
        if room.channel.is_archived {
            return Err("is_archived");
        }
        channels.push(channel);
    }
    Ok(channels)
}

pub(super) fn info(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let world = fake.world();
    let file = args
        .text("file")
        .and_then(|id| world.files.get(id))
        .filter(|file| is_visible(file, by))
        .ok_or("file_not_found")?;
    Ok(json!({
        "file": file.describe(&fake.public_url()),
        "comments": [],
        "response_metadata": { "next_cursor": "" },
    }))
}

/// Lists by numbered pages; this is one of the methods without cursors.
pub(super) fn list(fake: &FakeSlack, by: &Caller, args: &Args) -> Value {
    let count = args.number("count").unwrap_or(100).clamp(1, 1000);
    let number = args.number("page").unwrap_or(1).max(1);
    let world = fake.world();
    let (channel, user) = (args.text("channel"), args.text("user"));
    let found: Vec<&File> = world
        .files
        .values()
        .rev()
        .filter(|file| is_visible(file, by))
        .filter(|file| channel.is_none_or(|id| file.channels.iter().any(|shared| shared == id)))
        .filter(|file| user.is_none_or(|id| file.user == id))
        .collect();
    let (total, pages) = (found.len(), found.len().div_ceil(count));
    let shown = found.into_iter().skip((number - 1) * count).take(count);
    let files: Vec<Value> = shown
        .map(|file| file.describe(&fake.public_url()))
        .collect();
    json!({
        "files": files,
        "paging": { "count": count, "total": total, "page": number, "pages": pages },
    })
}

pub(super) fn delete(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let mut world = fake.world();
    let id = args.text("file").unwrap_or_default();
    let file = world.files.get(id).filter(|file| is_visible(file, by));
    let owner = file.map(|file| file.user.clone()).ok_or("file_not_found")?;
    if owner != by.user {
        return Err("cant_delete_file".into());
    }
    world.files.remove(id);
    Ok(json!({}))
}

fn is_visible(file: &File, by: &Caller) -> bool {
    file.is_complete && by.teams.contains(&file.team)
}
