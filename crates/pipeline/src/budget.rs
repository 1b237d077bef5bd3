//! How often Slack may be called: one row for what Slack counts together, shared by every worker through the table.
//! Slack counts by app, workspace and method, and posts by channel; a deployment is one app, and a row belongs to a
//! tenant. The same row says until when a 429 has closed it, and nothing else is closed by it.
//!
//! A take is a read, a decision, and one conditional update that adds to whatever stands there: two takers at once
//! need not know of each other.

mod bucket;

use std::time::Duration;

use tidegate_slack::ids::ChannelId;
use tidegate_slack::tiers::{self, Rate, Tier};

use self::bucket::{Decision, State, decide, interval, latest};
use crate::clock::Timestamp;
use crate::outbox::Lane;
use crate::table::{RowKey, Rows, TableError, Write};

/// Looks at a row that others keep changing; after that, it is as good as used up.
const TRIES: usize = 8;

/// A row outlives what it says by that long.
const KEEP: Duration = Duration::from_hours(1);

/// What is counted together within a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    name: String,
    rate: Rate,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// One call may go out now.
    Taken,
    /// None may before that moment. Ask again then: others wait too.
    Wait(Timestamp),
}

impl Budget {
    /// A method's, by its tier; one that is not known is taken to be of the second, as Slack's own SDK does.
    pub fn method(name: &str) -> Self {
        let tier = tiers::of(name).unwrap_or(Tier::Two);
        Self::of(name, tier.rate())
    }

    /// A method's at another rate, for apps that Slack holds shorter.
    pub fn of(method: &str, rate: Rate) -> Self {
        Self {
            name: method.to_owned(),
            rate,
        }
    }

    /// That of posts to a channel.
    pub fn channel(channel: &ChannelId) -> Self {
        Self::of(channel.as_str(), Rate::CHANNEL)
    }

    /// That of a lane whose pace is kept elsewhere, to be closed: a `response_url`.
    pub(crate) fn lane(lane: &Lane) -> Self {
        Self::of(lane.as_str(), Rate::CHANNEL)
    }

    /// Takes one call, if there is one: a read, and a conditional update where it looks as if there were.
    pub async fn take(&self, rows: &Rows, now: Timestamp) -> Result<Turn, TableError> {
        for _ in 0..TRIES {
            let row = rows.get(&self.key()).await?;
            let write = match decide(State::of(row.as_ref()), self.rate, now) {
                Decision::Wait(time) => return Ok(Turn::Wait(time)),
                Decision::Start => self.start(now),
                Decision::Add => self.add(now),
            };
            match rows.write(write).await {
                Ok(_) => return Ok(Turn::Taken),
                // Somebody took one since it was read, or closed it.
                Err(TableError::Condition) => {}
                // A take without an answer counts as taken: one call too few goes out, never one too many.
                Err(e) => return Err(e),
            }
        }
        Ok(Turn::Wait(now.plus(interval(self.rate))))
    }

    /// Until when Slack has closed it, if it ever has.
    pub async fn closed_until(&self, rows: &Rows) -> Result<Option<Timestamp>, TableError> {
        let row = rows.get(&self.key()).await?;
        Ok(State::of(row.as_ref()).closed_until)
    }

    /// The write that closes it for every worker; its condition fails where a later time stands already.
    pub fn close(&self, until: Timestamp) -> Write<RowKey> {
        Write::update(
            self.key(),
            "SET #closed_until = :until, #expires_at = :expires_at",
        )
        .when("attribute_not_exists(#closed_until) OR #closed_until < :until")
        .value(":until", until.millis())
        .value(":expires_at", until.plus(KEEP).seconds())
    }

    fn key(&self) -> RowKey {
        RowKey::new(&["limit", &self.name], &["calls"])
    }

    /// The first after a pause: all that was ever taken has come back.
    fn start(&self, now: Timestamp) -> Write<RowKey> {
        let full_at = now.plus(interval(self.rate));
        self.taking("SET #full_at = :full_at, #expires_at = :expires_at", now)
            .when(&open("attribute_not_exists(#full_at) OR #full_at < :now"))
            .value(":full_at", full_at.millis())
    }

    /// One more. It counts from where the row stands, so that nobody's view of the row is needed but its own.
    fn add(&self, now: Timestamp) -> Write<RowKey> {
        self.taking(
            "SET #full_at = #full_at + :interval, #expires_at = :expires_at",
            now,
        )
        .when(&open("#full_at BETWEEN :now AND :latest"))
        .value(":interval", i64::from(self.rate.interval_ms))
        .value(":latest", latest(self.rate, now).millis())
    }

    fn taking(&self, update: &str, now: Timestamp) -> Write<RowKey> {
        let longest = interval(self.rate) * self.rate.burst;
        Write::update(self.key(), update)
            .value(":now", now.millis())
            .value(":expires_at", now.plus(longest).plus(KEEP).seconds())
    }
}

/// The condition of a take: what it needs, and that nothing is closed.
fn open(condition: &str) -> String {
    format!("({condition}) AND (attribute_not_exists(#closed_until) OR #closed_until <= :now)")
}
