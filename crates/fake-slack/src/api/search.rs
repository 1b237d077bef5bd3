//! `search.messages` and `search.files`, for people's tokens only, and `chat.getPermalink`.

use serde_json::{Value, json};

use super::Answer;
use super::request::Args;
use crate::caller::Caller;
use crate::fake::FakeSlack;
use crate::message_json;
use crate::records::{PostedMessage, TokenKind};
use crate::room::Room;

const MAX_COUNT: usize = 100;

pub(super) fn permalink(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let ts = args.text("message_ts").ok_or("message_not_found")?;
    let now = fake.now();
    let mut world = fake.world();
    let channel = world.named_channel(by, args.text("channel"));
    let room = world
        .room_of(by, &channel, now)
        .ok_or("channel_not_found")?;
    if !room.messages.contains_key(ts) {
        return Err("message_not_found".into());
    }
    Ok(json!({ "channel": channel, "permalink": message_json::permalink(fake.config(), room, ts) }))
}

/// The arguments of a search.
struct Asked<'a> {
    query: &'a str,
    words: Vec<String>,
    /// How many on a page, and which page, counted from one.
    count: usize,
    number: usize,
}

impl<'a> Asked<'a> {
    fn of(by: &Caller, args: &'a Args) -> Result<Self, &'static str> {
        if by.kind != TokenKind::User {
            return Err("not_allowed_token_type");
        }
        let query = args.text("query").ok_or("no_query")?;
        Ok(Self {
            query,
            words: query.split_whitespace().map(str::to_lowercase).collect(),
            count: args.number("count").unwrap_or(20).clamp(1, MAX_COUNT),
            number: args.number("page").unwrap_or(1).max(1),
        })
    }
}

/// Finds the files whose name or title holds every word.
pub(super) fn files(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let asked = Asked::of(by, args)?;
    let world = fake.world();
    let found: Vec<Value> = world
        .files
        .values()
        .rev()
        .filter(|file| file.is_complete && by.teams.contains(&file.team))
        .filter(|file| {
            let text = format!("{} {}", file.name, file.title).to_lowercase();
            asked.words.iter().all(|word| text.contains(word))
        })
        .map(|file| file.describe(&fake.public_url()))
        .collect();
    let (total, pages) = (found.len(), found.len().div_ceil(asked.count));
    let skipped = (asked.number - 1) * asked.count;
    let matches: Vec<Value> = found.into_iter().skip(skipped).take(asked.count).collect();
    Ok(json!({
        "query": asked.query,
        "files": {
            "total": total,
            "paging": { "count": asked.count, "total": total, "page": asked.number, "pages": pages },
            "matches": matches,
        },
    }))
}

/// Finds the messages that hold every word; `in:` and `from:` narrow it to a channel and a user.
pub(super) fn messages(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let asked = Asked::of(by, args)?;
    let (query, count, number, words) = (asked.query, asked.count, asked.number, asked.words);
    let world = fake.world();
    let mut found: Vec<(&Room, &PostedMessage)> = world
        .rooms
        .values()
        .filter(|room| by.reaches(room))
        .flat_map(|room| room.messages.values().map(move |message| (room, message)))
        .filter(|(room, message)| words.iter().all(|word| matches(room, message, word)))
        .collect();
    found.sort_by(|a, b| b.1.ts.cmp(&a.1.ts));
    let total = found.len();
    let pages = total.div_ceil(count);
    let shown = found.into_iter().skip((number - 1) * count).take(count);
    let matches: Vec<Value> = shown
        .map(|(room, message)| {
            json!({
                "type": "message",
                "iid": format!("{}-{}", message.channel, message.ts),
                "team": room.author_team(message),
                "channel": { "id": room.channel.id, "name": room.channel.name, "is_private": room.channel.is_private },
                "user": message.user,
                "username": world.users.get(&message.user).map(|user| &user.name),
                "ts": message.ts,
                "text": message.text,
                "permalink": message_json::permalink(fake.config(), room, &message.ts),
            })
        })
        .collect();
    let first = (number - 1) * count + 1;
    Ok(json!({
        "query": query,
        "messages": {
            "total": total,
            "pagination": { "total_count": total, "page": number, "per_page": count, "page_count": pages, "first": first, "last": first + matches.len() - 1 },
            "paging": { "count": count, "total": total, "page": number, "pages": pages },
            "matches": matches,
        },
    }))
}

fn matches(room: &Room, message: &PostedMessage, word: &str) -> bool {
    if let Some(place) = word.strip_prefix("in:") {
        let place = place
            .trim_start_matches(['#', '<', '@'])
            .trim_end_matches('>');
        return room.channel.name == place || room.channel.id.eq_ignore_ascii_case(place);
    }
    if let Some(user) = word.strip_prefix("from:") {
        let user = user.trim_start_matches(['<', '@']).trim_end_matches('>');
        return message.user.eq_ignore_ascii_case(user);
    }
    message.text.to_lowercase().contains(word)
}
