//! The outbox: what has been decided and not yet left: posts, and effects that their domain performs. The table is the
//! truth; the queue only wakes a sender.
//!
//! A lane is what is kept in order: one channel, one `response_url`, or what a domain names. A post waits in its
//! lane's partition until its fate is settled and moves to its event's partition then, so that a lane never grows with
//! what it has sent.

mod pending;
mod settled;

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;
use tidegate_slack::ids::{ChannelId, TenantId};
use uuid::Uuid;

pub use self::pending::{DAMAGED, End, Pending, set_aside};
pub use self::settled::{PostState, Settled};
use crate::clock::Timestamp;
use crate::table::{Due, Item, RowKey, Value, Write, hash_text};

/// How long a post may wait in the outbox before the sweep wakes its lane again.
pub const SWEEP_AFTER: Duration = Duration::from_mins(1);

/// How long the fate of a post is kept.
pub const KEEP_SETTLED: Duration = Duration::from_hours(168);

/// Namespace of message ids, so that they are the same for the same event, purpose and place.
const MESSAGE_IDS: Uuid = Uuid::from_u128(0x7469_6465_6761_7465_6f75_7462_6f78_3031);

/// Namespace of the ids of what another post's end leads to.
const FOLLOW_ON_IDS: Uuid = Uuid::from_u128(0x7469_6465_6761_7465_6f75_7462_6f78_3032);

/// What is kept in order: a channel of its tenant, a single `response_url`, or what a domain names.
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

    /// A domain's own lane, `incident.<id>` for example: its parts joined by dots, so escaped that different parts
    /// make different lanes and none is a channel's or a `response_url`'s.
    pub fn named(parts: &[&str]) -> Self {
        // An empty part is written `%`, which no other part is: so one part and a dot is never two.
        let escaped = |part: &&str| match *part {
            "" => "%".to_owned(),
            part => part.replace('%', "%25").replace('.', "%2E"),
        };
        let parts: Vec<String> = parts.iter().map(escaped).collect();
        match parts.as_slice() {
            [first, rest @ ..] if first == "response" => {
                Self([&["%response".to_owned()], rest].concat().join("."))
            }
            // A channel's lane has no dot.
            [] | [_] => Self(format!("{}.", parts.concat())),
            parts => Self(parts.join(".")),
        }
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
    /// Its domain performs it; the body is the domain's own.
    Effect,
}

/// What to do when nobody knows whether a post arrived, and it is not found by looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Send it again: a missing alert is worse than a double one.
    AtLeastOnce,
    /// Park it for a person: a double notice is worse than a missing one.
    AtMostOnce,
    /// Doing it again is harmless: nothing is waited for and nothing looked up. For effects.
    Repeatable,
}

/// A post that a domain has decided on.
#[derive(Clone)]
pub struct Post {
    /// What it is kept in order with.
    pub lane: Lane,
    /// Where it goes.
    pub target: Target,
    /// The body as Slack takes it; an effect's is its domain's own.
    pub body: Json,
    /// What to do when its fate is unknown.
    pub class: Class,
    /// What it is for, for logs and lists: `mention_reply`, `ping_answer`, …. It names an effect:
    /// `incident.create_channel`.
    pub purpose: &'static str,
}

// Without the body: it is message text.
impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post")
            .field("lane", &self.lane)
            .field("class", &self.class)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// The write that puts a decided post into its lane; `n` is its place among the posts of that domain about that event.
pub fn insert(
    event_id: &str,
    domain: &str,
    n: usize,
    post: &Post,
    now: Timestamp,
) -> Write<RowKey> {
    let name = format!("{event_id}/{domain}#{}#{n}", post.purpose);
    let message_id = Uuid::new_v5(&MESSAGE_IDS, name.as_bytes()).to_string();
    written(event_id, &message_id, n, post, now)
}

/// The write that puts in what another post's end leads to; `n` is its place among what that leads to. Its id comes from
/// that post's, so that it is the same however often that is performed.
pub fn insert_after(parent: &Pending, n: usize, post: &Post, now: Timestamp) -> Write<RowKey> {
    let name = format!("{}#{}#{n}", parent.message_id, post.purpose);
    let message_id = Uuid::new_v5(&FOLLOW_ON_IDS, name.as_bytes()).to_string();
    written(&parent.event_id, &message_id, n, post, now)
}

fn written(
    event_id: &str,
    message_id: &str,
    n: usize,
    post: &Post,
    now: Timestamp,
) -> Write<RowKey> {
    let n = i64::try_from(n).unwrap_or(i64::MAX);
    let url = match &post.target {
        Target::ResponseUrl(url) => Some(Value::Sealed(url.expose_secret().as_bytes().to_vec())),
        Target::Channel | Target::Effect => None,
    };
    let item = Item::new()
        .with("message_id", message_id)
        .with("event_id", event_id)
        .with("n", n)
        .with("purpose", post.purpose)
        .with("lane", post.lane.as_str())
        .sealed("body", post.body.to_string())
        .with("at_least_once", post.class == Class::AtLeastOnce)
        .with_some(
            "repeatable",
            (post.class == Class::Repeatable).then_some(true),
        )
        .with_some(
            "effect",
            matches!(post.target, Target::Effect).then_some(true),
        )
        .with_some("response_url", url);
    let key = pending_key(&post.lane, now, event_id, n, message_id);
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

/// Ordered by time, and within one decision by place. The id keeps apart what two posts of one event lead to in the
/// same millisecond.
fn pending_key(lane: &Lane, now: Timestamp, event_id: &str, n: i64, message_id: &str) -> RowKey {
    RowKey::new(
        &["outbox", lane.as_str()],
        &[
            &format!("{:015}", now.millis()),
            event_id,
            &format!("{n:05}.{message_id}"),
        ],
    )
}

/// The lane behind an outbox row's key, for the sweep.
pub fn lane_of(key: &RowKey) -> Option<Lane> {
    key.partition_parts().into_iter().nth(1).map(Lane)
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

#[cfg(test)]
mod tests;
