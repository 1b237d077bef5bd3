//! Posts that have left their lane: they are done, or parked for a person who may queue them again.

use tidegate_slack::ids::Ts;

use super::pending::REQUEUED_ATTRIBUTES;
use super::{KEEP_SETTLED, Lane, pending_key, ready};
use crate::clock::Timestamp;
use crate::table::{Item, RowKey, Write};

/// The state of a settled post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostState {
    /// Slack has the post, or the effect is done.
    Done,
    /// A person must decide about it.
    Parked,
    /// It was parked, and a person has queued it again.
    Requeued,
}

impl PostState {
    /// Returns the name in rows and API responses.
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
    /// The key of its row.
    pub key: RowKey,
    /// The id, which is the same for every attempt.
    pub message_id: String,
    /// The id of the event that caused it.
    pub event_id: String,
    /// The lane that it was sent from.
    pub lane: Lane,
    /// The purpose, such as `mention_reply`.
    pub purpose: String,
    /// The state that it has now.
    pub state: PostState,
    /// The reason why it was parked. `None` if it never was.
    pub reason: Option<String>,
    /// Slack's timestamp. `None` if it was not posted or Slack returned none.
    pub ts: Option<Ts>,
    /// The number of attempts.
    pub attempts: i64,
    /// The time when it was settled.
    pub settled_at: Timestamp,
}

impl Settled {
    /// Parses a row of an event's posts. `None` if it is damaged.
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

    /// Makes the writes that put a parked post back into its lane. `row` is its row. The writes of a second call fail, because the
    /// post is no longer parked.
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
        for name in kept.iter().chain(&REQUEUED_ATTRIBUTES) {
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
