//! Timers of domains: rows that the sweep turns into jobs when their time has come.
//!
//! Each carries a generation. Setting a timer anew raises it, so that a job of an older one does nothing; the job's id holds it
//! too, so that one timer's job is done once however often it is sent.

mod sending;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tidegate_slack::ids::TenantId;

pub use self::sending::{QueueOf, send_due_timers};
use crate::clock::Timestamp;
use crate::job::Job;
use crate::table::{Due, Item, RowKey, Write, hash_text};

/// How long a sent timer is left to its worker before its job is sent again.
const SEND_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// Sweeps after which the pause grows, to at most an hour: the job is parked, its worker is down, or its domain is switched off.
const GROWS_AFTER: i64 = 5;
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// The body of a timer's job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fired {
    /// The data that the domain gave with the timer.
    pub payload: Json,
    /// The timer's generation; `gen` on the wire.
    #[serde(rename = "gen")]
    pub generation: i64,
    /// When it was to go off, in milliseconds since the Unix epoch.
    pub due_at: i64,
}

/// A timer as its row holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Timer {
    /// Kind of the job that it becomes.
    pub kind: String,
    /// It is raised each time that the timer is set anew.
    pub generation: i64,
    /// The domain's own; not sealed, so nothing of a person's is in it.
    pub payload: Json,
    /// The time at which it goes off.
    pub at: Timestamp,
    /// When the sweep looks at it next: `at`, and later once it has been sent.
    due_at: Timestamp,
    /// How often its job was sent.
    sent: i64,
    /// How often it was left alone because its domain was switched off.
    left_alone: i64,
    /// The id of its job, if the row names one.
    job_id: Option<String>,
}

/// The write that sets a timer, in place of the one that is there.
pub fn arm(
    key: RowKey,
    kind: &str,
    payload: &Json,
    generation: i64,
    due_at: Timestamp,
) -> Write<RowKey> {
    let row = Item::new()
        .with("kind", kind)
        .with("gen", generation)
        .with("payload", payload.to_string())
        .with("at", due_at.millis())
        .with("due", Due::Timer.partition(&name_of(&key)))
        .with("due_at", due_at.millis());
    Write::put(key, row)
}

/// The row of a share with the timer in it whose job has that id and goes off now. The sweep sends the job in a minute, because
/// the worker that puts the row sends it as well.
pub(crate) fn armed(row: Item, kind: &str, payload: &Json, job_id: &str, now: Timestamp) -> Item {
    row.with("kind", kind)
        .with("gen", 1i64)
        .with("payload", payload.to_string())
        .with("job_id", job_id)
        .with("at", now.millis())
        .with("due", Due::Share.partition(job_id))
        .with("due_at", now.plus(SEND_AGAIN_AFTER).millis())
}

/// The job of the timer in a row.
pub(crate) fn job_of(row: &Item, key: &RowKey, tenant: &TenantId, now: Timestamp) -> Option<Job> {
    Timer::parse(row)?.job(key, tenant, now).ok()
}

/// The write that takes a timer away.
pub fn disarm(key: RowKey) -> Write<RowKey> {
    Write::delete(key)
}

/// The writes that bring the timers of one subject from those wanted before a change to those wanted after it, in the
/// order of their kinds. `set` arms one, `key` names its row; a timer that is due when it was before is left alone.
pub fn difference<K: Ord + Copy>(
    before: &BTreeMap<K, Timestamp>,
    after: &BTreeMap<K, Timestamp>,
    key: impl Fn(K) -> RowKey,
    set: impl Fn(K, Timestamp) -> Write<RowKey>,
) -> Vec<Write<RowKey>> {
    let kinds: BTreeSet<K> = before.keys().chain(after.keys()).copied().collect();
    let write = |kind| match (before.get(&kind), after.get(&kind)) {
        (was, Some(due)) if was != Some(due) => Some(set(kind, *due)),
        (Some(_), None) => Some(disarm(key(kind))),
        _ => None,
    };
    kinds.into_iter().filter_map(write).collect()
}

/// The pause after a sweep, by the number of sweeps before it.
fn pause(earlier: i64) -> Duration {
    let doubled = 1 << (earlier - GROWS_AFTER).clamp(0, 10);
    (SEND_AGAIN_AFTER * doubled).min(LONGEST_PAUSE)
}

fn name_of(key: &RowKey) -> String {
    [key.partition_parts(), key.sort_parts()].concat().join("#")
}

impl Timer {
    /// Reads a timer's row.
    pub fn parse(row: &Item) -> Option<Self> {
        let due_at = Timestamp(row.number("due_at")?);
        Some(Self {
            kind: row.text("kind")?.to_owned(),
            generation: row.number("gen")?,
            payload: serde_json::from_str(row.text("payload")?).ok()?,
            at: row.number("at").map_or(due_at, Timestamp),
            due_at,
            sent: row.number("sent").unwrap_or(0),
            left_alone: row.number("left_alone").unwrap_or(0),
            job_id: row.text("job_id").map(str::to_owned),
        })
    }

    fn job(
        &self,
        key: &RowKey,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<Job, serde_json::Error> {
        let name = || hash_text(name_of(key).as_bytes());
        let id = self.job_id.clone();
        let fired = Fired {
            payload: self.payload.clone(),
            generation: self.generation,
            due_at: self.at.millis(),
        };
        Ok(Job {
            kind: self.kind.clone(),
            id: id.unwrap_or_else(|| format!("timer.{}.{}", name(), self.generation)),
            tenant: tenant.clone(),
            received_at: now,
            // The same for every sending, so that all are archived as one.
            signed_at: self.at,
            retry: None,
            body: serde_json::to_vec(&fired)?,
        })
    }

    /// The write that keeps it from being sent again at once.
    fn sent(&self, key: RowKey, now: Timestamp) -> Write<RowKey> {
        self.postponed(key, "sent", now.plus(pause(self.sent)))
    }

    /// The write that leaves it alone for a while, because its domain is switched off.
    fn left_alone(&self, key: RowKey, now: Timestamp) -> Write<RowKey> {
        self.postponed(key, "left_alone", now.plus(pause(self.left_alone)))
    }

    fn postponed(&self, key: RowKey, counter: &str, next: Timestamp) -> Write<RowKey> {
        Write::update(key, &format!("SET #due_at = :next ADD #{counter} :one"))
            .when("#gen = :gen AND #due_at = :due_at")
            .value(":next", next.millis())
            .value(":one", 1i64)
            .value(":gen", self.generation)
            .value(":due_at", self.due_at.millis())
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_map;
    use proptest::prelude::*;

    use super::*;
    use crate::table::WriteAction;

    fn key(kind: u8) -> RowKey {
        RowKey::new(&["subject"], &["timer", &kind.to_string()])
    }

    fn set(kind: u8, due: Timestamp) -> Write<RowKey> {
        arm(key(kind), "test.timer", &Json::Null, 1, due)
    }

    fn rows(wanted: &BTreeMap<u8, Timestamp>) -> Vec<(RowKey, i64)> {
        let row = |(kind, due): (&u8, &Timestamp)| (key(*kind), due.millis());
        wanted.iter().map(row).collect()
    }

    proptest! {
        #[test]
        fn the_difference_leads_from_one_to_the_other_and_touches_nothing_else(
            before in btree_map(0..8u8, (0..4i64).prop_map(Timestamp), 0..8),
            after in btree_map(0..8u8, (0..4i64).prop_map(Timestamp), 0..8),
        ) {
            let mut stored = rows(&before);
            let writes = difference(&before, &after, key, set);
            for write in &writes {
                let was = stored.iter().position(|(at, _)| *at == write.key);
                let was = was.map(|place| stored.remove(place).1);
                if let WriteAction::Put(row) = &write.action {
                    let due = row.number("due_at").unwrap();
                    prop_assert_ne!(was, Some(due));
                    stored.push((write.key.clone(), due));
                } else {
                    prop_assert!(was.is_some());
                }
            }
            stored.sort();
            let mut wanted = rows(&after);
            wanted.sort();
            prop_assert_eq!(stored, wanted);
        }
    }
}
