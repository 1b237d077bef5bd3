//! The row of a person: what Slack said of them, and when. It is sealed for that row, because rights follow from it: nobody makes an
//! admin, or brings back a deactivated account, who can only write to the table.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Person, PersonKind};
use crate::clock::Timestamp;
use crate::table::Item;

/// The attribute with the person.
const PERSON: &str = "person";

/// A person as Slack described them at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) person: Person,
    pub(super) asked_at: Timestamp,
}

/// The person in JSON.
#[derive(Serialize, Deserialize)]
struct Stored {
    kind: PersonKind,
    zone: Option<i32>,
    admin: bool,
    deactivated: bool,
    /// When Slack was asked, in milliseconds since 1970.
    asked_at: i64,
}

impl Seen {
    /// Reads a row. `None` if it says nothing of the person.
    pub(super) fn read(row: &Item) -> Option<Self> {
        let stored: Stored = serde_json::from_slice(row.opened(PERSON)?).ok()?;
        Some(Self {
            person: Person {
                kind: stored.kind,
                zone: stored.zone,
                is_admin: stored.admin,
                is_deactivated: stored.deactivated,
            },
            asked_at: Timestamp(stored.asked_at),
        })
    }

    /// Makes the row, which goes by itself after `kept_for`.
    pub(super) fn row(&self, name: &str, kept_for: Duration) -> Item {
        let Self { person, asked_at } = self;
        let stored = Stored {
            kind: person.kind,
            zone: person.zone,
            admin: person.is_admin,
            deactivated: person.is_deactivated,
            asked_at: asked_at.millis(),
        };
        Item::new()
            .sealed(PERSON, serde_json::to_vec(&stored).unwrap_or_default())
            .sealed("name", name)
            .with("expires_at", asked_at.plus(kept_for).seconds())
    }

    /// Tells whether Slack was asked within that time.
    pub(super) fn is_fresh(&self, within: Duration, now: Timestamp) -> bool {
        now.since(self.asked_at) < within
    }
}
