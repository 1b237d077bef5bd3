//! The row of a share.

use crate::archive::Address;
use crate::clock::Timestamp;
use crate::table::{Item, RowKey};

/// The state of a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShareState {
    /// Its writes are in the table.
    Done,
    /// Its job is queued, or will be by the next sweep.
    Waiting,
    /// Set aside for a person.
    Parked,
}

impl ShareState {
    /// The name that rows store and people see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Waiting => "waiting",
            Self::Parked => "parked",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let all = [Self::Done, Self::Waiting, Self::Parked];
        all.into_iter().find(|state| state.as_str() == text)
    }
}

/// A share as its row holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The event that it is a part of.
    pub event: String,
    /// The name of the domain whose part it is.
    pub domain: String,
    /// The state of the share.
    pub state: ShareState,
    /// Why the domain failed, the last time that it was noted.
    pub reason: Option<String>,
    /// How often the domain was asked for it, or was to be asked.
    pub attempts: i64,
    /// How many of those attempts ended in order, with an error. The others died, ran out of time, or are under way.
    pub failures: i64,
    /// How many posts it caused.
    pub posts: i64,
    /// The time at which it got its state.
    pub finished_at: Timestamp,
    /// Where the event's request is kept.
    pub address: Address,
    name: String,
    /// When its row goes, in seconds since the Unix epoch: with its event's.
    pub(super) expires_at: i64,
}

impl Share {
    /// Whether it is tried again by itself.
    pub fn is_waiting(&self) -> bool {
        self.state == ShareState::Waiting
    }

    /// The row of the share once it has come to an end, for now or for good: without its timer.
    pub(super) fn ended(&self, state: ShareState, now: Timestamp) -> Item {
        Item::new()
            .with("expires_at", self.expires_at)
            .with("state", state.as_str())
            .with("name", self.name.as_str())
            .with("attempts", self.attempts)
            .with("failures", self.failures)
            .with("finished_at", now.millis())
            .with("second", self.address.second())
    }

    /// Reads the row of a share. `None` if it is damaged.
    pub(super) fn parse(key: &RowKey, row: &Item) -> Option<Self> {
        Some(Self {
            event: key.partition_parts().into_iter().nth(1)?,
            domain: key.sort_parts().into_iter().nth(1)?,
            state: ShareState::parse(row.text("state")?)?,
            reason: row.text("reason").map(str::to_owned),
            attempts: row.number("attempts").unwrap_or(0),
            posts: row.number("posts").unwrap_or(0),
            finished_at: Timestamp(row.number("finished_at")?),
            failures: row.number("failures").unwrap_or(0),
            address: Address::at_second(row.number("second")?),
            name: row.text("name").unwrap_or_default().to_owned(),
            expires_at: row.number("expires_at")?,
        })
    }
}
