//! Messages for later: `chat.scheduleMessage`, `chat.scheduledMessages.list`, `chat.deleteScheduledMessage`.

use std::time::Duration;

use serde_json::{Value, json};

use super::request::{Args, page};
use super::{Answer, chat};
use crate::caller::Caller;
use crate::fake::FakeSlack;
use crate::records::PostedMessage;
use crate::workspaces::Place;

/// Slack takes nothing further ahead than this.
const FURTHEST: Duration = Duration::from_hours(120 * 24);

/// A message that waits.
#[derive(Clone)]
pub(crate) struct Scheduled {
    place: Place,
    post_at: u64,
    created: u64,
    /// As it will be posted, but for its `ts`.
    message: PostedMessage,
}

pub(super) fn schedule(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let now = fake.now();
    let message = chat::compose(fake, by, args)?;
    let post_at = args.number("post_at").ok_or("invalid_time")?;
    let post_at = u64::try_from(post_at).map_err(|_| "invalid_time")?;
    if post_at <= now.as_secs() {
        return Err("time_in_past".into());
    }
    if post_at > (now + FURTHEST).as_secs() {
        return Err("time_too_far".into());
    }
    let mut world = fake.world();
    let id = world.next_id("Q", now);
    let answer = json!({
        "channel": message.channel,
        "scheduled_message_id": id,
        "post_at": post_at,
        "message": { "type": "delayed_message", "text": message.text, "user": message.user, "bot_id": message.bot_id },
    });
    let scheduled = Scheduled {
        place: by.place.clone(),
        post_at,
        created: now.as_secs(),
        message,
    };
    world.scheduled.insert(id, scheduled);
    Ok(answer)
}

pub(super) fn list(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let limit = args.number("limit").unwrap_or(100).clamp(1, 1000);
    let world = fake.world();
    let channel = args.text("channel");
    let waiting = world
        .scheduled
        .iter()
        .filter(|(_, one)| one.place == by.place)
        .filter(|(_, one)| channel.is_none_or(|id| one.message.channel == id))
        .map(|(id, one)| (id.clone(), describe(id, one)));
    let (found, next) = page(waiting, args.text("cursor"), limit)?;
    Ok(json!({ "scheduled_messages": found, "response_metadata": { "next_cursor": next } }))
}

pub(super) fn delete(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let id = args.text("scheduled_message_id").unwrap_or_default();
    let mut world = fake.world();
    let found = world.scheduled.get(id);
    found
        .filter(|one| one.place == by.place)
        .filter(|one| args.text("channel") == Some(one.message.channel.as_str()))
        .ok_or("invalid_scheduled_message_id")?;
    world.scheduled.remove(id);
    Ok(json!({}))
}

/// Posts what is due. The clock rings no bell, so it is looked at with every call.
pub(super) fn post_due(fake: &FakeSlack) {
    let now = fake.now();
    let due: Vec<Scheduled> = {
        let mut world = fake.world();
        if world.scheduled.is_empty() {
            return;
        }
        let is_due = |_: &String, one: &mut Scheduled| one.post_at <= now.as_secs();
        world
            .scheduled
            .extract_if(.., is_due)
            .map(|(_, one)| one)
            .collect()
    };
    for one in due {
        let ts = fake.world().next_ts(now);
        let blocks = chat::with_ids(one.message.blocks, &ts);
        let message = PostedMessage {
            ts,
            blocks,
            ..one.message
        };
        chat::publish(fake, message);
    }
}

fn describe(id: &str, one: &Scheduled) -> Value {
    json!({
        "id": id,
        "channel_id": one.message.channel,
        "post_at": one.post_at,
        "date_created": one.created,
        "text": one.message.text,
    })
}
