//! Posts that have left their lane: done, or parked for a person who may queue them again.

use tidegate_slack::ids::Ts;

use super::pending::WHOLE;
use super::{KEEP_SETTLED, Lane, pending_key, ready};
use crate::clock::Timestamp;
use crate::table::{Item, RowKey, Write};

/// How a post ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostState {
    /// Slack has it.
    Done,
    /// Set aside for a person.
    Parked,
    /// Parked once, then queued again by a person.
    Requeued,
}

impl PostState {
    /// As stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Parked => "parked",
            Self::Requeued => "requeued",
        }
    }
}

/// A post that has left its lane.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Its row.
    pub key: RowKey,
    /// Its id.
    pub message_id: String,
    /// The event that caused it.
    pub event_id: String,
    /// Its lane.
    pub lane: Lane,
    /// What it is for.
    pub purpose: String,
    /// How it ended.
    pub state: PostState,
    /// Why it is parked.
    pub reason: Option<String>,
    /// Slack's timestamp of it.
    pub ts: Option<Ts>,
    /// Attempts it took.
    pub attempts: i64,
    /// When it ended.
    pub settled_at: Timestamp,
}

impl Settled {
    /// Reads a row of an event's posts.
    pub fn parse(key: &RowKey, item: &Item) -> Option<Self> {
        Some(Self {
            key: key.clone(),
            message_id: item.text("message_id")?.to_owned(),
            event_id: item.text("event_id")?.to_owned(),
            lane: Lane(item.text("lane")?.to_owned()),
            purpose: item.text("purpose")?.to_owned(),
            state: match item.text("state")? {
                "done" => PostState::Done,
                "requeued" => PostState::Requeued,
                _ => PostState::Parked,
            },
            reason: item.text("reason").map(str::to_owned),
            ts: item.text("ts").map(Ts::from),
            attempts: item.number("attempts").unwrap_or(0),
            settled_at: Timestamp(item.number("settled_at")?),
        })
    }

    /// The writes that put a parked post back into its lane; `row` is its row. A second call finds it requeued and
    /// fails its condition.
    pub fn requeue(&self, row: &Item, now: Timestamp) -> [Write<RowKey>; 2] {
        let n = row.number("n").unwrap_or(0);
        let mut item = ready(Item::new(), &self.lane, now);
        let kept = [
            "message_id",
            "event_id",
            "purpose",
            "lane",
            "doubt_since",
            "posted_since",
        ];
        for name in kept.iter().chain(&WHOLE) {
            item = item.with_some(name, row.0.get(*name).cloned());
        }
        let requeued = Write::update(
            self.key.clone(),
            "SET #state = :requeued, #expires_at = :at REMOVE #due, #due_at, #body, #response_url",
        )
        .when("#state = :parked")
        .value(":requeued", PostState::Requeued.as_str())
        .value(":parked", PostState::Parked.as_str())
        .value(":at", now.plus(KEEP_SETTLED).seconds());
        let key = pending_key(&self.lane, now, &self.event_id, n, &self.message_id);
        [requeued, Write::put(key, item)]
    }
}
