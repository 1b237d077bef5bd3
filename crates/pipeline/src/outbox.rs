//! The outbox: posts that have been decided and not yet left. The table is the truth; the queue only wakes a sender.
//!
//! A lane is what is kept in order: one channel, or one `response_url`. A post waits in its lane's partition until
//! its fate is settled and moves to its event's partition then, so that a lane never grows with what it has sent.

mod settled;

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;
use tidegate_slack::ids::{ChannelId, TenantId, Ts};
use uuid::Uuid;

pub use self::settled::{PostState, Settled};
use crate::clock::Timestamp;
use crate::table::{Due, Item, RowKey, Value, Write, hash_text};

/// How long a post may wait in the outbox before the sweep wakes its lane again.
pub const SWEEP_AFTER: Duration = Duration::from_mins(1);

/// How long the fate of a post is kept.
pub const KEEP_SETTLED: Duration = Duration::from_hours(168);

/// Namespace of message ids, so that they are the same for the same event, purpose and place.
const MESSAGE_IDS: Uuid = Uuid::from_u128(0x7469_6465_6761_7465_6f75_7462_6f78_3031);

/// What is kept in order: a channel of its tenant, or a single `response_url`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane(String);

impl Lane {
    /// The lane of a channel.
    pub fn channel(channel: &ChannelId) -> Self {
        Self(channel.as_str().to_owned())
    }

    /// The lane of a `response_url`: its hash, because lanes are logged and the URL is a credential.
    pub fn response_url(url: &SecretString) -> Self {
        Self(format!(
            "response.{}",
            hash_text(url.expose_secret().as_bytes())
        ))
    }

    /// As stored and queued.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// From a row or a queue message.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// Where a post goes.
#[derive(Debug, Clone)]
pub enum Target {
    /// `chat.postMessage`; the body names the channel.
    Channel,
    /// A `response_url`.
    ResponseUrl(SecretString),
}

/// What to do when nobody knows whether a post arrived, and it is not found by looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Send it again: a missing alert is worse than a double one.
    AtLeastOnce,
    /// Park it for a person: a double notice is worse than a missing one.
    AtMostOnce,
}

/// A post that a domain has decided on.
#[derive(Clone)]
pub struct Post {
    /// What it is kept in order with.
    pub lane: Lane,
    /// Where it goes.
    pub target: Target,
    /// The body as Slack takes it.
    pub body: Json,
    /// What to do when its fate is unknown.
    pub class: Class,
    /// What it is for, for logs and lists: `mention_reply`, `ping_answer`, ….
    pub purpose: &'static str,
}

/// A post in its lane.
#[derive(Clone)]
pub struct Pending {
    /// Its row.
    pub key: RowKey,
    /// The same for every attempt: goes to Slack as metadata and as `client_msg_id`.
    pub message_id: String,
    /// The event that caused it.
    pub event_id: String,
    /// What it is for.
    pub purpose: String,
    /// Where it goes.
    pub target: Target,
    /// The body.
    pub body: Json,
    /// What to do when its fate is unknown.
    pub class: Class,
    /// Epoch of the sender that took it; `None` while it is ready.
    pub sending: Option<i64>,
    /// Attempts so far.
    pub attempts: i64,
    /// How often it was sent again although it may have arrived.
    pub resends: i64,
    /// When the first attempt began.
    pub first_attempt_at: Option<Timestamp>,
    /// When the latest attempt began.
    pub attempt_at: Option<Timestamp>,
    /// Not to be sent before.
    pub not_before: Option<Timestamp>,
}

// Neither shows its body: it is message text.

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post")
            .field("lane", &self.lane)
            .field("class", &self.class)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

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

/// The write that puts a decided post into its lane; `n` is its place among the event's posts.
pub fn insert(event_id: &str, n: usize, post: &Post, now: Timestamp) -> Write<RowKey> {
    let name = format!("{event_id}#{}#{n}", post.purpose);
    let message_id = Uuid::new_v5(&MESSAGE_IDS, name.as_bytes()).to_string();
    let key = pending_key(&post.lane, now, event_id, n);
    let item = Item::new()
        .with("message_id", message_id)
        .with("event_id", event_id)
        .with("n", i64::try_from(n).unwrap_or(0))
        .with("purpose", post.purpose)
        .with("lane", post.lane.as_str())
        .sealed("body", post.body.to_string())
        .with("at_least_once", post.class == Class::AtLeastOnce)
        .with_some(
            "response_url",
            match &post.target {
                Target::ResponseUrl(url) => {
                    Some(Value::Sealed(url.expose_secret().as_bytes().to_vec()))
                }
                Target::Channel => None,
            },
        );
    Write::put(key, ready(item, &post.lane, now))
}

/// Marks an item as ready and to be swept in a minute.
fn ready(item: Item, lane: &Lane, now: Timestamp) -> Item {
    item.with("due", Due::Outbox.partition(lane.as_str()))
        .with("due_at", now.plus(SWEEP_AFTER).millis())
}

/// The write that makes a post due that was held, so that the sweep finds it even if its wake-up is lost.
pub fn due_again(key: RowKey, lane: &Lane, now: Timestamp) -> Write<RowKey> {
    Write::update(key, "SET #due = :due, #due_at = :at")
        .when("attribute_exists(#pk)")
        .value(":due", Due::Outbox.partition(lane.as_str()))
        .value(":at", now.plus(SWEEP_AFTER).millis())
}

fn pending_key(lane: &Lane, now: Timestamp, event_id: &str, n: usize) -> RowKey {
    RowKey::new(
        &["outbox", lane.as_str()],
        &[&format!("{:015}", now.millis()), event_id, &n.to_string()],
    )
}

/// Why a row is parked that cannot be read.
pub const DAMAGED: &str = "its row is damaged";

/// The writes that take a row out of its lane that cannot be read. All that it holds is kept for a person.
pub fn set_aside(key: &RowKey, row: &Item, now: Timestamp) -> [Write<RowKey>; 2] {
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

/// The lane behind an outbox row's key, for the sweep.
pub fn lane_of(key: &RowKey) -> Option<Lane> {
    key.partition_parts().into_iter().nth(1).map(Lane)
}

impl Pending {
    /// Reads a row of a lane.
    pub fn parse(key: &RowKey, item: &Item) -> Option<Self> {
        let moment = |name: &str| item.number(name).map(Timestamp);
        Some(Self {
            key: key.clone(),
            message_id: item.text("message_id")?.to_owned(),
            event_id: item.text("event_id")?.to_owned(),
            purpose: item.text("purpose")?.to_owned(),
            target: match item.opened_text("response_url") {
                Some(url) => Target::ResponseUrl(url.into()),
                None => Target::Channel,
            },
            body: serde_json::from_slice(item.opened("body")?).ok()?,
            class: if item.flag("at_least_once") {
                Class::AtLeastOnce
            } else {
                Class::AtMostOnce
            },
            sending: item.number("epoch"),
            attempts: item.number("attempts").unwrap_or(0),
            resends: item.number("resends").unwrap_or(0),
            first_attempt_at: moment("first_attempt_at"),
            attempt_at: moment("attempt_at"),
            not_before: moment("not_before"),
        })
    }

    /// The writes that move the post out of its lane, provided that it is still as it was read.
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
            // Kept whole and until a person decides: this is all there is of the post.
            End::Parked(reason) => settled
                .with("state", PostState::Parked.as_str())
                .with("reason", reason.as_str())
                .with_some("n", keep("n"))
                .with_some("body", keep("body"))
                .with_some("response_url", keep("response_url"))
                .with_some("at_least_once", keep("at_least_once"))
                .with("due", Due::ParkedPost.partition(&self.message_id))
                .with("due_at", now.millis()),
        };
        [
            self.unchanged(Write::delete(self.key.clone())),
            Write::put(key, settled),
        ]
    }

    /// The write, done only while the row is as it was read: taken by the same sender, or ready.
    pub fn unchanged(&self, write: Write<RowKey>) -> Write<RowKey> {
        match self.sending {
            Some(epoch) => write.when("#epoch = :epoch").value(":epoch", epoch),
            None => write.when("attribute_exists(#pk) AND attribute_not_exists(#epoch)"),
        }
    }
}

/// How a post ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Slack has it, under this timestamp if it said so.
    Done(Option<Ts>),
    /// Set aside for a person, for this reason.
    Parked(String),
}

/// Body of a wake-up job.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WakeUp {
    /// The lane to look at.
    pub lane: String,
    /// How often senders have passed this on; Lambda stops a chain that feeds itself at 16.
    #[serde(default)]
    pub hops: u32,
}

/// The job that wakes a lane's sender.
pub fn wake_up(
    tenant: &TenantId,
    lane: &Lane,
    hops: u32,
    now: Timestamp,
) -> Result<crate::job::Job, serde_json::Error> {
    Ok(crate::job::Job {
        kind: crate::job::kind::DELIVERY_WAKE.to_owned(),
        id: lane.as_str().to_owned(),
        tenant: tenant.clone(),
        received_at: now,
        signed_at: now,
        retry: None,
        body: serde_json::to_vec(&WakeUp {
            lane: lane.0.clone(),
            hops,
        })?,
    })
}
