//! A row of the ledger: the outcome of one event.

use crate::archive::Address;
use crate::clock::Timestamp;
use crate::table::Item;

/// State of an event in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventState {
    /// Its effects are in the table.
    Done,
    /// The same event had come under another id; it has no effects of its own.
    Duplicate,
    /// Set aside for a person, without effects.
    Parked,
}

impl EventState {
    /// The name that rows store and people see, such as `parked`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Duplicate => "duplicate",
            Self::Parked => "parked",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Done, Self::Duplicate, Self::Parked]
            .into_iter()
            .find(|s| s.as_str() == text)
    }
}

/// A row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The outcome of the event.
    pub state: EventState,
    /// The name from the event's [`Label`](crate::archive::Label), such as its type.
    pub name: String,
    /// The reason why it is parked; `None` if it is not.
    pub reason: Option<String>,
    /// How often it was received before it got here.
    pub attempts: i64,
    /// How many posts it caused, without those of its shares.
    pub posts: i64,
    /// How many domains failed when it was decided, and were left a share each.
    pub shares: i64,
    /// The time at which it got its outcome.
    pub finished_at: Timestamp,
    /// Where its request is kept.
    pub address: Address,
}

impl Entry {
    pub(super) fn parse(item: &Item) -> Option<Self> {
        Some(Self {
            state: EventState::parse(item.text("state")?)?,
            name: item.text("name").unwrap_or_default().to_owned(),
            reason: item.text("reason").map(str::to_owned),
            attempts: item.number("attempts").unwrap_or(0),
            posts: item.number("posts").unwrap_or(0),
            shares: item.number("shares").unwrap_or(0),
            finished_at: Timestamp(item.number("finished_at")?),
            address: Address::at_second(item.number("second")?),
        })
    }
}
