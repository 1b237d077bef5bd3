//! The sweep wakes the lanes of posts that should have been sent by now. It covers a worker that died between its commit and the
//! wake-up, a lost wake-up, and a wait that outlasted its chain of wake-ups.

use std::collections::BTreeSet;

use metrics::gauge;

use crate::clock::{Clock, Timestamp};
use crate::outbox;
use crate::queue::{Queue, QueueError};
use crate::table::{Due, Table, TableError};
use crate::worker::wake;

/// The rows that one sweep reads per partition of the index. They are so many that the posts of a lane which has been closed for
/// half an hour do not hide other lanes.
const LIMIT: usize = 2000;

/// The reason why a sweep failed.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The index could not be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Wake-ups could not be sent.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Wakes the lanes with a post that is due, until `until`. Returns the number of lanes.
pub async fn sweep(
    table: &Table,
    wake_ups: &dyn Queue,
    clock: &dyn Clock,
    until: Timestamp,
) -> Result<usize, SweepError> {
    let now = clock.now();
    let due = table.system().due(Due::Outbox, now, LIMIT).await?;
    let oldest = due
        .first()
        .map_or(0.0, |row| now.since(row.due_at).as_secs_f64());
    gauge!("tidegate_outbox_overdue_seconds").set(oldest);
    let lanes: BTreeSet<_> = due
        .iter()
        .filter_map(|row| Some((row.tenant.clone(), outbox::lane_of(&row.key)?)))
        .collect();
    let mut woken = 0;
    for (tenant, lane) in &lanes {
        if clock.now() >= until {
            break;
        }
        wake(wake_ups, tenant, lane, 0, clock).await?;
        woken += 1;
    }
    Ok(woken)
}
