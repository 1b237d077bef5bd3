//! Posts that wait in a lane: parses their rows and makes the writes that settle them.

use std::fmt;

use serde_json::Value as Json;
use tidegate_slack::ids::Ts;
use tidegate_slack::redaction;

use super::{Class, KEEP_SETTLED, PostState, Target, lane_of};
use crate::clock::Timestamp;
use crate::table::{Due, Item, RowKey, Write};

/// The attributes that a parked row keeps in addition to those of every settled row, so that the post can be queued again.
pub(super) const REQUEUED_ATTRIBUTES: [&str; 6] = [
    "n",
    "body",
    "response_url",
    "at_least_once",
    "repeatable",
    "effect",
];

/// A post or an effect in its lane.
#[derive(Clone)]
pub struct Pending {
    /// The key of its row.
    pub key: RowKey,
    /// The id, which is the same for every attempt. Slack gets it as metadata and as `client_msg_id`.
    pub message_id: String,
    /// The id of the event that caused it.
    pub event_id: String,
    /// The purpose, such as `mention_reply`.
    pub purpose: String,
    /// The destination of the post in Slack, or the mark of an effect.
    pub target: Target,
    /// The body that Slack receives, or the body of an effect.
    pub body: Json,
    /// The class, which says what to do if its outcome is unknown.
    pub class: Class,
    /// The epoch of the sender that has taken it. `None` while it is ready.
    pub sending: Option<i64>,
    /// The number of attempts so far.
    pub attempts: i64,
    /// The number of times that it was sent again although it may have arrived.
    pub resends: i64,
    /// The number of attempts at an effect that failed without settling it: Slack was unreachable, the outcome is unknown, or the
    /// table failed.
    pub failures: i64,
    /// The start of the first attempt at an effect that may have changed something. `None` if there is none.
    pub doubt_since: Option<Timestamp>,
    /// The start of the first attempt at an effect whose post may have arrived. `None` if there is none.
    pub posted_since: Option<Timestamp>,
    /// The start of the first attempt. `None` before it.
    pub first_attempt_at: Option<Timestamp>,
    /// The start of the latest attempt. `None` while the post is ready.
    pub attempt_at: Option<Timestamp>,
    /// The earliest time of the next attempt. `None` if it may begin at once.
    pub not_before: Option<Timestamp>,
}

// The body is left out, because it is message text.
impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("message_id", &self.message_id)
            .field("event_id", &self.event_id)
            .field("purpose", &self.purpose)
            .field("sending", &self.sending)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl Pending {
    /// Parses a row of a lane. `None` if it is damaged.
    pub fn parse(key: &RowKey, item: &Item) -> Option<Self> {
        let moment = |name: &str| item.number(name).map(Timestamp);
        Some(Self {
            key: key.clone(),
            message_id: item.text("message_id")?.to_owned(),
            event_id: item.text("event_id")?.to_owned(),
            purpose: item.text("purpose")?.to_owned(),
            target: match item.opened_text("response_url") {
                Some(url) => Target::ResponseUrl(url.into()),
                None if item.flag("effect") => Target::Effect,
                None => Target::Channel,
            },
            body: serde_json::from_slice(item.opened("body")?).ok()?,
            class: match (item.flag("at_least_once"), item.flag("repeatable")) {
                (_, true) => Class::Repeatable,
                (true, false) => Class::AtLeastOnce,
                (false, false) => Class::AtMostOnce,
            },
            sending: item.number("epoch"),
            attempts: item.number("attempts").unwrap_or(0),
            resends: item.number("resends").unwrap_or(0),
            failures: item.number("failures").unwrap_or(0),
            doubt_since: moment("doubt_since"),
            posted_since: moment("posted_since"),
            first_attempt_at: moment("first_attempt_at"),
            attempt_at: moment("attempt_at"),
            not_before: moment("not_before"),
        })
    }

    /// Makes the writes that move the post out of its lane, if its row is still as it was read.
    pub fn settle(&self, row: &Item, end: &End, now: Timestamp) -> [Write<RowKey>; 2] {
        let sort = [self.message_id.as_str()];
        let key = RowKey::new(&["post", &self.event_id], &sort);
        let keep = |name: &str| row.0.get(name).cloned();
        let mut settled = Item::new()
            .with("message_id", self.message_id.as_str())
            .with("event_id", self.event_id.as_str())
            .with("purpose", self.purpose.as_str())
            .with_some("lane", keep("lane"))
            .with("attempts", self.attempts)
            .with("settled_at", now.millis());
        settled = match end {
            End::Done(ts) => settled
                .with("state", PostState::Done.as_str())
                .with_some("ts", ts.as_ref().map(Ts::as_str))
                .with("expires_at", now.plus(KEEP_SETTLED).seconds()),
            // The row keeps everything, without an end, until a person decides: it is the only copy of the post.
            End::Parked(reason) => {
                // A person who resends a post that must not appear twice has searched for it.
                let doubt = |since: Option<Timestamp>| {
                    let kept = since.filter(|_| self.class != Class::AtMostOnce);
                    kept.map(Timestamp::millis)
                };
                settled = settled
                    .with("state", PostState::Parked.as_str())
                    .with("reason", &*redaction::line(reason))
                    .with_some("doubt_since", doubt(self.doubt_since))
                    .with_some("posted_since", doubt(self.posted_since))
                    .with("due", Due::ParkedPost.partition(&self.message_id))
                    .with("due_at", now.millis());
                REQUEUED_ATTRIBUTES
                    .iter()
                    .fold(settled, |row, name| row.with_some(name, keep(name)))
            }
        };
        [
            self.unchanged(Write::delete(self.key.clone())),
            Write::put(key, settled),
        ]
    }

    /// Adds the condition that the row is still as it was read: taken by the same sender, or ready.
    pub fn unchanged(&self, write: Write<RowKey>) -> Write<RowKey> {
        match self.sending {
            Some(epoch) => write.when("#epoch = :epoch").value(":epoch", epoch),
            None => write.when("attribute_exists(#pk) AND attribute_not_exists(#epoch)"),
        }
    }
}

/// The end of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Slack has it. Holds the timestamp, if Slack returned one.
    Done(Option<Ts>),
    /// It is parked for a person, for this reason.
    Parked(String),
}

/// The reason in rows that are parked because they cannot be parsed.
pub const DAMAGED: &str = "its row is damaged";

/// Makes the writes that park a row which cannot be parsed. Everything that it holds is kept for a person.
pub fn park_damaged(key: &RowKey, row: &Item, now: Timestamp) -> [Write<RowKey>; 2] {
    let place = key.sort_parts();
    let named = |name: &str, otherwise: &str| row.text(name).unwrap_or(otherwise).to_owned();
    let event_id = named("event_id", place.get(1).map_or("unknown", String::as_str));
    let message_id = named("message_id", &place.join("."));
    let lane = lane_of(key).map(|lane| lane.0).unwrap_or_default();
    let parked = row
        .clone()
        .with("purpose", named("purpose", "unknown"))
        .with("lane", named("lane", &lane))
        .with("state", PostState::Parked.as_str())
        .with("reason", DAMAGED)
        .with("settled_at", now.millis())
        .with("due", Due::ParkedPost.partition(&message_id))
        .with("due_at", now.millis())
        .with("event_id", event_id.as_str())
        .with("message_id", message_id.as_str());
    let kept = RowKey::new(&["post", &event_id], &[&message_id]);
    [
        Write::delete(key.clone()).when("attribute_exists(#pk)"),
        Write::put(kept, parked),
    ]
}
