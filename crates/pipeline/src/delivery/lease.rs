//! The lease of a lane, which gives it one sender at a time. An epoch that only increases guards its writes.
//!
//! A process that finds the lane taken increases `wanted` and does not wait. The holder releases the lane only if `wanted` has not
//! changed since it last looked, so that no wake-up is lost between its last look and the release.

use std::time::Duration;

use super::{Deliverer, ROOM};
use crate::clock::Timestamp;
use crate::outbox::Lane;
use crate::table::{Item, RowKey, Rows, TableError, Write};

/// How long the row of a lane is kept after its last use. No sender with an older epoch can still exist.
const KEEP: Duration = Duration::from_hours(168);

/// The number of attempts to take a lane while it changes hands.
const TRIES: usize = 5;

/// A lease that this process holds.
pub(super) struct Lease {
    key: RowKey,
    pub(super) epoch: i64,
    /// The time when the lease ends.
    pub(super) until: Timestamp,
    pub(super) last_post_at: Option<Timestamp>,
    /// The time of the latest wake-up that a sender has sent. `None` if there is none.
    wake_at: Option<Timestamp>,
    wanted: i64,
}

/// The result of releasing a lane.
pub(super) enum Released {
    /// The lane is released, or another sender holds it.
    Yes,
    /// Another process wanted the lane in the meantime, so this one must look again.
    Wanted,
}

impl Lease {
    /// Takes the lane until a little after `until`. `None` if another sender holds it, which then looks again before it releases.
    pub(super) async fn acquire(
        rows: &Rows,
        lane: &Lane,
        deliverer: &Deliverer,
        until: Timestamp,
    ) -> Result<Option<Self>, TableError> {
        let key = RowKey::new(&["lane", lane.as_str()], &["lease"]);
        for _ in 0..TRIES {
            let now = deliverer.clock.now();
            let until = until.plus(ROOM);
            match rows.write(take(&key, deliverer, now, until)).await {
                Ok(row) => return Ok(row.map(|row| Self::of(key, &row, until))),
                Err(TableError::Condition) => {}
                Err(e) => return Err(e),
            }
            let want = Write::update(key.clone(), "ADD #wanted :one")
                .when("#lease_until >= :now")
                .value(":one", 1i64)
                .value(":now", now.millis());
            match rows.write(want).await {
                Ok(_) => return Ok(None),
                // The lane was released a moment ago, so it can be taken.
                Err(TableError::Condition) => {}
                Err(e) => return Err(e),
            }
        }
        Err(TableError::Busy(format!(
            "lane {} changes hands too often",
            lane.as_str()
        )))
    }

    fn of(key: RowKey, row: &Item, until: Timestamp) -> Self {
        Self {
            key,
            epoch: row.number("epoch").unwrap_or(0),
            until,
            last_post_at: row.number("last_post_at").map(Timestamp),
            wake_at: row.number("wake_at").map(Timestamp),
            wanted: row.number("wanted").unwrap_or(0),
        }
    }

    /// Makes the write that proves the lease in a post's transaction and records the time of the post.
    pub(super) fn mark_post(&self, now: Timestamp) -> Write<RowKey> {
        Write::update(self.key.clone(), "SET #last_post_at = :now")
            .when("#epoch = :mine")
            .value(":mine", self.epoch)
            .value(":now", now.millis())
    }

    /// Releases the lane, unless another process has wanted it.
    pub(super) async fn release(&mut self, rows: &Rows) -> Result<Released, TableError> {
        let release = Write::update(self.key.clone(), "REMOVE #lease_until")
            .when("#epoch = :mine AND (attribute_not_exists(#wanted) OR #wanted = :wanted)")
            .value(":mine", self.epoch)
            .value(":wanted", self.wanted);
        match rows.write(release).await {
            Ok(_) => Ok(Released::Yes),
            Err(TableError::Condition) => {
                let row = rows.get(&self.key).await?.unwrap_or_default();
                if row.number("epoch") != Some(self.epoch) {
                    return Ok(Released::Yes);
                }
                self.wanted = row.number("wanted").unwrap_or(0);
                Ok(Released::Wanted)
            }
            Err(e) => Err(e),
        }
    }

    /// Tells whether a wake-up that was sent earlier will arrive within `delay`.
    pub(super) fn wakes_within(&self, now: Timestamp, delay: Duration) -> bool {
        self.wake_at
            .is_some_and(|at| now < at && at <= now.plus(delay))
    }

    /// Releases the lane even if another process has wanted it. The wake-up at `wake_at` or the sweep continues it. If this fails,
    /// the lease ends by itself.
    pub(super) async fn abandon(&self, rows: &Rows, wake_at: Option<Timestamp>) {
        let release = match wake_at {
            Some(at) => Write::update(
                self.key.clone(),
                "SET #wake_at = :wake_at REMOVE #lease_until",
            )
            .value(":wake_at", at.millis()),
            None => Write::update(self.key.clone(), "REMOVE #lease_until"),
        };
        let release = release.when("#epoch = :mine").value(":mine", self.epoch);
        match rows.write(release).await {
            Ok(_) | Err(TableError::Condition) => {}
            Err(e) => tracing::warn!(error = %e, "lease not released; it ends by itself"),
        }
    }
}

fn take(key: &RowKey, deliverer: &Deliverer, now: Timestamp, until: Timestamp) -> Write<RowKey> {
    let free = "attribute_not_exists(#lease_until) OR #lease_until < :now";
    let free = if deliverer.sender.exclusive {
        format!("{free} OR #boot <> :boot")
    } else {
        free.to_owned()
    };
    Write::update(
        key.clone(),
        "SET #boot = :boot, #lease_until = :until, #expires_at = :expires_at ADD #epoch :one",
    )
    .when(&free)
    .value(":boot", deliverer.sender.boot.as_str())
    .value(":now", now.millis())
    .value(":until", until.millis())
    .value(":expires_at", until.plus(KEEP).seconds())
    .value(":one", 1i64)
}
