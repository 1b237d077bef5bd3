//! The outbox holds the posts that are decided and not yet sent, and the effects that domains perform. The table is the source
//! of truth; the queue only wakes a sender.
//!
//! A lane is an ordered queue: of one channel, one `response_url`, or a name that a domain chooses. A post waits in the
//! partition of its lane until its outcome is settled. Then it moves to the partition of its event, so that a lane does not
//! grow with what it has sent.

mod pending;
mod settled;

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;
use tidegate_slack::ids::{ChannelId, TenantId};
use uuid::Uuid;

pub use self::pending::{DAMAGED, End, Pending, park_damaged};
pub use self::settled::{PostState, Settled};
use crate::clock::Timestamp;
use crate::table::{Due, Item, RowKey, Value, Write, hash_text};

/// How long a post may wait in the outbox before the sweep wakes its lane again.
pub const SWEEP_AFTER: Duration = Duration::from_mins(1);

/// How long a settled post is kept: seven days.
pub const KEEP_SETTLED: Duration = Duration::from_hours(168);

/// The namespace of message ids, so that the same event, purpose and position always give the same id.
const MESSAGE_IDS: Uuid = Uuid::from_u128(0x7469_6465_6761_7465_6f75_7462_6f78_3031);

/// The namespace of the ids of posts that follow the end of another post.
const FOLLOW_ON_IDS: Uuid = Uuid::from_u128(0x7469_6465_6761_7465_6f75_7462_6f78_3032);

/// The name of an ordered queue of posts within a tenant: a channel, a `response_url`, or a name that a domain chooses.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane(String);

impl Lane {
    /// Returns the lane of a channel.
    pub fn channel(channel: &ChannelId) -> Self {
        Self(channel.as_str().to_owned())
    }

    /// Returns the lane of a `response_url`. It holds a hash, because lanes are logged and the URL is a credential.
    pub fn response_url(url: &SecretString) -> Self {
        Self(format!(
            "response.{}",
            hash_text(url.expose_secret().as_bytes())
        ))
    }

    /// Returns a domain's own lane, for example `incident.<id>`. The parts are escaped and joined by dots, so that different
    /// parts give different lanes and none equals a channel's or a `response_url`'s.
    pub fn named(parts: &[&str]) -> Self {
        // An empty part is written as `%`, which no other part equals, so one part with a dot never equals two parts.
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

    /// Returns the group of the lane's wake-ups. Posts of a workspace are one group, and each kind of its lanes with names is
    /// another: a backlog of one, such as calls to slow receivers of webhooks, does not delay the posts.
    pub fn group(&self, tenant: &TenantId) -> String {
        match self.0.split_once('.') {
            Some((kind, _)) if kind != "response" => format!("{}.{kind}", tenant.as_str()),
            _ => tenant.as_str().to_owned(),
        }
    }

    /// Returns the name in rows and queue messages.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes a lane from the name in a row or a queue message.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// The destination of a post.
#[derive(Debug, Clone)]
pub enum Target {
    /// `chat.postMessage`; the body names the channel.
    Channel,
    /// A `response_url`, which needs no token.
    ResponseUrl(SecretString),
    /// An effect that its domain performs. The domain defines the body.
    Effect,
}

/// What to do if the outcome of a post is unknown and a search does not find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Send it again, because a missing alert is worse than a duplicate.
    AtLeastOnce,
    /// Park it for a person, because a duplicate notice is worse than a missing one.
    AtMostOnce,
    /// Do it again at once, because repeating is harmless. Only for effects.
    Repeatable,
}

/// A post that a domain has decided on.
#[derive(Clone)]
pub struct Post {
    /// The lane whose order it keeps.
    pub lane: Lane,
    /// The destination of the post in Slack, or the mark of an effect.
    pub target: Target,
    /// The body that Slack receives, or the body of an effect.
    pub body: Json,
    /// The class, which says what to do if its outcome is unknown.
    pub class: Class,
    /// The purpose in logs and lists, such as `mention_reply`, or the name of an effect, such as `incident.create_channel`.
    pub purpose: &'static str,
}

// The body is left out, because it is message text.
impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post")
            .field("lane", &self.lane)
            .field("class", &self.class)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// Makes the write that adds a post to its lane. `n` is its position among the posts of the domain about the event.
pub fn insert(
    event_id: &str,
    domain: &str,
    n: usize,
    post: &Post,
    now: Timestamp,
) -> Write<RowKey> {
    let name = format!("{event_id}/{domain}#{}#{n}", post.purpose);
    let message_id = Uuid::new_v5(&MESSAGE_IDS, name.as_bytes()).to_string();
    write_of(event_id, &message_id, n, post, now)
}

/// Makes the write that adds a post which follows the end of another post. `n` is its position among those posts. Its id is
/// derived from the parent's, so that it stays the same if the parent is performed again.
pub fn insert_after(parent: &Pending, n: usize, post: &Post, now: Timestamp) -> Write<RowKey> {
    let name = format!("{}#{}#{n}", parent.message_id, post.purpose);
    let message_id = Uuid::new_v5(&FOLLOW_ON_IDS, name.as_bytes()).to_string();
    write_of(&parent.event_id, &message_id, n, post, now)
}

fn write_of(
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

/// Marks an item as ready, and as due for the sweep in a minute.
fn ready(item: Item, lane: &Lane, now: Timestamp) -> Item {
    item.with("due", Due::Outbox.partition(lane.as_str()))
        .with("due_at", now.plus(SWEEP_AFTER).millis())
}

/// Makes the write that makes a held post due again, so that the sweep finds it even if its wake-up is lost.
pub fn due_again(key: RowKey, lane: &Lane, now: Timestamp) -> Write<RowKey> {
    Write::update(key, "SET #due = :due, #due_at = :at")
        .when("attribute_exists(#pk)")
        .value(":due", Due::Outbox.partition(lane.as_str()))
        .value(":at", now.plus(SWEEP_AFTER).millis())
}

/// Returns the key of a waiting post. Keys sort by time, and within one decision by position. The id separates posts that follow
/// two posts of one event in the same millisecond.
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

/// Returns the lane of an outbox row, for the sweep.
pub fn lane_of(key: &RowKey) -> Option<Lane> {
    key.partition_parts().into_iter().nth(1).map(Lane)
}

/// The body of a wake-up job.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WakeUp {
    /// The lane that has posts to send.
    pub lane: String,
    /// The number of times that senders have passed it on. Lambda stops a chain that invokes itself 16 times.
    #[serde(default)]
    pub hops: u32,
}

/// Makes the job that wakes the sender of a lane.
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
