//! The sweep's part: sends the jobs of timers and of waiting shares that are due.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::Timer;
use crate::clock::{Clock, Timestamp};
use crate::queue::{Outgoing, Queue, QueueError};
use crate::sweep::SweepError;
use crate::table::{Due, DueRow, Rows, Table, TableError, Write};

/// The rows of one kind that a sweep reads per partition of the index.
const LIMIT: usize = 200;

/// The queue that takes jobs of a kind. `None` if the domain that owns them is switched off.
pub type QueueOf<'a> = dyn Fn(&str) -> Option<Arc<dyn Queue>> + Sync + 'a;

/// Sends the job of every timer and every waiting share that is due to the queue that takes jobs of its kind, until `until`.
/// Returns how many. One that was set anew or taken away meanwhile is left alone, and so is the timer of a domain that is switched
/// off.
///
/// A queue that is down keeps only its own timers from being sent, and a workspace whose rows cannot be read or written only its
/// own. The error tells of the first at the end.
pub async fn send_due_timers(
    table: &Table,
    queue_of: &QueueOf<'_>,
    clock: &dyn Clock,
    until: Timestamp,
) -> Result<usize, SweepError> {
    let (mut sent, mut first_error) = (0, None);
    let (mut kinds_down, mut tenants_down) = (BTreeSet::new(), BTreeSet::new());
    for (waits_for, row) in due_rows(table, clock.now()).await? {
        if clock.now() >= until {
            break;
        }
        if tenants_down.contains(&row.tenant) {
            continue;
        }
        match send_one(table, queue_of, clock, (waits_for, &row), &kinds_down).await {
            Ok(Went::Sent) => sent += 1,
            // The index is behind, or another sweep was quicker.
            Ok(Went::LeftAlone)
            | Err((_, SweepError::Table(TableError::Condition | TableError::Erased))) => {}
            // One that the queue will never take must not keep the others from theirs.
            Err((_, e @ SweepError::Queue(QueueError::Refused(_)))) => {
                tracing::error!(error = %e, tenant = %row.tenant, "timer.refused");
            }
            Err((kind, e @ SweepError::Queue(_))) => {
                kinds_down.insert(kind);
                first_error.get_or_insert(e);
            }
            Err((_, e @ SweepError::Table(_))) => {
                tracing::error!(error = %e, tenant = %row.tenant, "timer.not_sent");
                tenants_down.insert(row.tenant);
                first_error.get_or_insert(e);
            }
        }
    }
    first_error.map_or(Ok(sent), Err)
}

/// What became of a row that was due.
enum Went {
    Sent,
    LeftAlone,
}

/// Sends the job of one row. An error comes with the kind of the job, which is empty if it is not known.
async fn send_one(
    table: &Table,
    queue_of: &QueueOf<'_>,
    clock: &dyn Clock,
    (waits_for, row): (Due, &DueRow),
    kinds_down: &BTreeSet<String>,
) -> Result<Went, (String, SweepError)> {
    let (rows, now) = (table.tenant(&row.tenant), clock.now());
    let loaded = load(&rows, waits_for, row, now).await;
    let loaded = loaded.map_err(|e| (String::new(), e.into()))?;
    let Some(timer) = loaded.filter(|timer| !kinds_down.contains(&timer.kind)) else {
        return Ok(Went::LeftAlone);
    };
    let queue = queue_of(&timer.kind);
    let sent = send(&rows, queue.as_deref(), &timer, row, now).await;
    sent.map_err(|e| (timer.kind, e))?;
    Ok(if queue.is_some() {
        Went::Sent
    } else {
        Went::LeftAlone
    })
}

/// The rows of timers and of shares that are due, in turn, so that a flood of one kind does not hold up the other.
async fn due_rows(table: &Table, now: Timestamp) -> Result<Vec<(Due, DueRow)>, TableError> {
    let mut due = Vec::new();
    for waits_for in [Due::Timer, Due::Share] {
        let rows = table.system().due(waits_for, now, LIMIT).await?;
        let rows = rows.into_iter().enumerate();
        due.extend(rows.map(|(turn, row)| (turn, waits_for, row)));
    }
    due.sort_by_key(|(turn, ..)| *turn);
    let rows = due.into_iter();
    Ok(rows.map(|(_, waits_for, row)| (waits_for, row)).collect())
}

/// The timer that is due in a row, if one is.
async fn load(
    rows: &Rows,
    waits_for: Due,
    due: &DueRow,
    now: Timestamp,
) -> Result<Option<Timer>, TableError> {
    let Some(row) = rows.get(&due.key).await? else {
        return Ok(None);
    };
    // The index may be behind: the row may wait for something else by now, such as for a person.
    let Some(partition) = row.text("due").filter(|due| waits_for.is(due)) else {
        return Ok(None);
    };
    let timer = Timer::parse(&row);
    if timer.is_none() {
        tracing::error!(tenant = %due.tenant, "timer.unreadable: it is not looked at again");
        let hide = Write::update(due.key.clone(), "REMOVE #due, #due_at").when("#due = :due");
        rows.write(hide.value(":due", partition)).await?;
    }
    Ok(timer.filter(|timer| timer.due_at <= now))
}

/// Sends the timer's job, or leaves the timer alone if no queue takes it.
async fn send(
    rows: &Rows,
    queue: Option<&dyn Queue>,
    timer: &Timer,
    due: &DueRow,
    now: Timestamp,
) -> Result<(), SweepError> {
    let Some(queue) = queue else {
        tracing::debug!(kind = timer.kind, tenant = %due.tenant, "timer.left_alone: its domain is off");
        rows.write(timer.left_alone(due.key.clone(), now)).await?;
        return Ok(());
    };
    let refused = |e: serde_json::Error| QueueError::Refused(e.to_string());
    let job = timer.job(&due.key, &due.tenant, now).map_err(refused)?;
    let message = Outgoing {
        group: due.tenant.as_str().to_owned(),
        body: job.encode().map_err(refused)?,
        delay: Duration::ZERO,
    };
    // It is sent before it is noted: a sweep that dies in between sends one job twice, not none.
    queue.send(message).await?;
    rows.write(timer.sent(due.key.clone(), now)).await?;
    Ok(())
}
