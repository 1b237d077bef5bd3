//! `conversations.history` (newest first, without replies) and `conversations.replies` (the parent, then oldest first).

use std::time::Duration;

use serde_json::{Value, json};

use super::Answer;
use super::request::{Args, read_cursor, write_cursor};
use crate::caller::Caller;
use crate::fake::FakeSlack;
use crate::message_json;
use crate::records::PostedMessage;
use crate::room::Room;
use crate::world::World;

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 999;

/// The span of time asked for; its ends belong to it only when `inclusive`.
struct Span<'a> {
    oldest: &'a str,
    latest: &'a str,
    inclusive: bool,
}

impl<'a> Span<'a> {
    fn of(args: &'a Args) -> Self {
        Self {
            oldest: args.text("oldest").filter(|ts| *ts != "0").unwrap_or(""),
            // Later than any `ts`.
            latest: args.text("latest").filter(|ts| *ts != "now").unwrap_or("~"),
            inclusive: args.flag("inclusive"),
        }
    }

    fn holds(&self, ts: &str) -> bool {
        (self.oldest < ts && ts < self.latest)
            || (self.inclusive && (ts == self.oldest || ts == self.latest))
    }
}

pub(super) fn history(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let (span, limit, now) = (Span::of(args), limit(args), fake.now());
    let before = args.text("cursor").map(read_cursor).transpose()?;
    let mut world = fake.world();
    let channel = world.channel_id_in(&by.teams, args.text("channel").unwrap_or_default());
    let room = read(&mut world, by, &channel, now)?;
    let mut found = room
        .messages
        .values()
        .rev()
        .filter(|message| before.as_ref().is_none_or(|before| message.ts < *before))
        .filter(|message| span.holds(&message.ts) && !is_reply(message))
        .peekable();
    let mut page = Vec::new();
    while page.len() < limit
        && let Some(message) = found.next()
    {
        page.push(message);
    }
    let next = page
        .last()
        .filter(|_| found.peek().is_some())
        .map(|last| write_cursor(&last.ts));
    let with_metadata = args.flag("include_all_metadata");
    let messages: Vec<Value> = page
        .into_iter()
        .map(|message| message_json::in_answer(fake.config(), room, message, with_metadata))
        .collect();
    Ok(json!({
        "messages": messages,
        "has_more": next.is_some(),
        "pin_count": 0,
        "response_metadata": { "next_cursor": next.unwrap_or_default() },
    }))
}

pub(super) fn replies(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let (span, limit, now) = (Span::of(args), limit(args), fake.now());
    let after = args.text("cursor").map(read_cursor).transpose()?;
    let mut world = fake.world();
    let channel = world.channel_id_in(&by.teams, args.text("channel").unwrap_or_default());
    let room = read(&mut world, by, &channel, now)?;
    let asked = args.text("ts").ok_or("thread_not_found")?;
    let asked_message = room.messages.get(asked);
    let parent = asked_message
        .and_then(|message| message.thread_ts.as_deref())
        .unwrap_or(asked);
    let thread = room
        .threads
        .get(parent)
        .map(Vec::as_slice)
        .unwrap_or_default();
    if asked_message.is_none() && thread.is_empty() {
        return Err("thread_not_found".into());
    }
    let mut rest = thread
        .iter()
        .filter(|ts| after.as_ref().is_none_or(|after| *ts > after) && span.holds(ts))
        .filter_map(|ts| room.messages.get(ts))
        .peekable();
    // The parent leads every page, whatever the span and the limit.
    let mut page: Vec<&PostedMessage> = room.messages.get(parent).into_iter().collect();
    let full = page.len() + limit;
    while page.len() < full
        && let Some(message) = rest.next()
    {
        page.push(message);
    }
    let next = page
        .last()
        .filter(|_| rest.peek().is_some())
        .map(|last| write_cursor(&last.ts));
    let with_metadata = args.flag("include_all_metadata");
    let messages: Vec<Value> = page
        .into_iter()
        .map(|message| message_json::in_answer(fake.config(), room, message, with_metadata))
        .collect();
    Ok(json!({
        "messages": messages,
        "has_more": next.is_some(),
        "response_metadata": { "next_cursor": next.unwrap_or_default() },
    }))
}

/// A channel whose messages the caller may read.
fn read<'a>(
    world: &'a mut World,
    by: &Caller,
    channel: &str,
    now: Duration,
) -> Result<&'a mut Room, &'static str> {
    let room = world.room_of(by, channel, now).ok_or("channel_not_found")?;
    if room.admits(by) {
        Ok(room)
    } else {
        Err("not_in_channel")
    }
}

fn limit(args: &Args) -> usize {
    args.number("limit")
        .unwrap_or(DEFAULT_LIMIT)
        .clamp(1, MAX_LIMIT)
}

fn is_reply(message: &PostedMessage) -> bool {
    message
        .thread_ts
        .as_ref()
        .is_some_and(|parent| *parent != message.ts)
}
