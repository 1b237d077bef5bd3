//! Budgets. Each budget is one row for what counts together, and all workers share it through the table: the calls that Slack counts
//! together, or what a domain lets one person do.
//!
//! Slack counts calls by app, workspace and method, and posts by channel. A deployment is one app, and a row belongs to a
//! tenant. After a 429, the same row says until when the budget is closed. Other budgets stay open.
//!
//! To take a call means to read the row, decide, and make one conditional update that adds to the current value, so that two
//! workers can take calls at the same time.

mod bucket;

use std::time::Duration;

use tidegate_slack::ids::ChannelId;
use tidegate_slack::tiers::{self, Rate, Tier};

use self::bucket::{Decision, State, decide, interval, latest};
use crate::clock::Timestamp;
use crate::outbox::Lane;
use crate::table::{RowKey, Rows, TableError, Write};

/// The number of attempts at a row that others keep changing. After that, the budget counts as used up.
const TRIES: usize = 8;

/// How long a row is kept after its content has lost its meaning.
const KEEP: Duration = Duration::from_hours(1);

/// A set of calls in one workspace that Slack counts together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    name: String,
    rate: Rate,
}

/// The answer of [`Budget::offer`].
#[derive(Debug, Clone, PartialEq)]
pub enum Offer {
    /// One is left. This write takes it, and fails if somebody else has taken it first. In the transaction of a decision, it
    /// counts exactly what is committed.
    Left(Write<RowKey>),
    /// None is left before this time.
    Wait(Timestamp),
}

/// The result of [`Budget::take`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// One call may go out now.
    Taken,
    /// No call may go out before this time. Ask again then, because others wait too.
    Wait(Timestamp),
}

impl Budget {
    /// Returns the budget of a method, by its tier. An unknown method counts as tier 2, as in Slack's own SDK.
    pub fn method(name: &str) -> Self {
        let tier = tiers::of(name).unwrap_or(Tier::Two);
        Self::of(name, tier.rate())
    }

    /// Returns the budget of a method with another rate, for apps with a lower limit.
    pub fn of(method: &str, rate: Rate) -> Self {
        Self {
            name: method.to_owned(),
            rate,
        }
    }

    /// Returns the budget of posts to a channel.
    pub fn channel(channel: &ChannelId) -> Self {
        Self::of(channel.as_str(), Rate::CHANNEL)
    }

    /// Returns the budget of a `response_url` lane. It is only closed, never taken from, because the lane limits its own pace.
    pub(crate) fn lane(lane: &Lane) -> Self {
        Self::of(lane.as_str(), Rate::CHANNEL)
    }

    /// Returns how many may come at once after a pause.
    pub fn burst(&self) -> u32 {
        self.rate.burst
    }

    /// Tells whether one is left, and how to take it. This reads the row and writes nothing.
    pub async fn offer(&self, rows: &Rows, now: Timestamp) -> Result<Offer, TableError> {
        let row = rows.get(&self.key()).await?;
        Ok(match decide(State::of(row.as_ref()), self.rate, now) {
            Decision::Wait(time) => Offer::Wait(time),
            Decision::Start => Offer::Left(self.start(now)),
            Decision::Add => Offer::Left(self.add(now)),
        })
    }

    /// Takes one call, if one is left. This reads the row, and updates it under a condition if a call seems to be left.
    pub async fn take(&self, rows: &Rows, now: Timestamp) -> Result<Turn, TableError> {
        for _ in 0..TRIES {
            let write = match self.offer(rows, now).await? {
                Offer::Wait(time) => return Ok(Turn::Wait(time)),
                Offer::Left(write) => write,
            };
            match rows.write(write).await {
                Ok(_) => return Ok(Turn::Taken),
                // Another worker has taken a call or closed the budget since the read.
                Err(TableError::Condition) => {}
                // If the outcome is unknown, the call counts as taken, so that at most one call too few goes out.
                Err(e) => return Err(e),
            }
        }
        Ok(Turn::Wait(now.plus(interval(self.rate))))
    }

    /// Returns the time until which Slack has closed the budget. It may be in the past. `None` if it was never closed.
    pub async fn closed_until(&self, rows: &Rows) -> Result<Option<Timestamp>, TableError> {
        let row = rows.get(&self.key()).await?;
        Ok(State::of(row.as_ref()).closed_until)
    }

    /// Makes the write that closes the budget for every worker. It fails if the budget is already closed until a later time.
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

    /// Takes the first call after a pause, when the budget is full.
    fn start(&self, now: Timestamp) -> Write<RowKey> {
        let full_at = now.plus(interval(self.rate));
        self.taking("SET #full_at = :full_at, #expires_at = :expires_at", now)
            .when(&open("attribute_not_exists(#full_at) OR #full_at < :now"))
            .value(":full_at", full_at.millis())
    }

    /// Takes one more call. The update adds to the current value, so it does not depend on what was read.
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

/// Returns the condition of a take: the given one, and that the budget is not closed.
fn open(condition: &str) -> String {
    format!("({condition}) AND (attribute_not_exists(#closed_until) OR #closed_until <= :now)")
}
