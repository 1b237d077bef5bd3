//! The sweep's part: sends the jobs of timers and of waiting shares that are due.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::Timer;
use crate::clock::{Clock, Timestamp};
use crate::queue::{Outgoing, Queue, QueueError};
use crate::sweep::SweepError;
use crate::table::{Due, DueRow, Rows, Table, TableError, Write};
use tidegate_slack::ids::TenantId;

/// The rows of one kind that a sweep reads at once per partition of the index.
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
    let (system, now) = (table.system(), clock.now());
    let mut timers = system.due_pages(Due::Timer, now, LIMIT);
    let mut shares = system.due_pages(Due::Share, now, LIMIT);
    let mut run = Run::default();
    loop {
        let page = in_turn(timers.next().await?, shares.next().await?);
        let stuck_before = run.stuck;
        for (waits_for, row) in &page {
            if clock.now() >= until {
                return run.result();
            }
            run.send(table, queue_of, clock, (*waits_for, row)).await;
        }
        // Rows that are stuck stay at the head of the index, so those behind them are looked at too.
        if run.stuck == stuck_before {
            return run.result();
        }
    }
}

/// One run of the sweep over what is due.
#[derive(Default)]
struct Run {
    sent: usize,
    /// The rows that stay due although they were looked at.
    stuck: usize,
    kinds_down: BTreeSet<String>,
    tenants_down: BTreeSet<TenantId>,
    first_error: Option<SweepError>,
}

impl Run {
    async fn send(
        &mut self,
        table: &Table,
        queue_of: &QueueOf<'_>,
        clock: &dyn Clock,
        (waits_for, row): (Due, &DueRow),
    ) {
        if self.tenants_down.contains(&row.tenant) {
            self.stuck += 1;
            return;
        }
        let went = send_one(table, queue_of, clock, (waits_for, row), &self.kinds_down).await;
        match went {
            Ok(Went::Sent) => self.sent += 1,
            // The index is behind, or another sweep was quicker.
            Ok(Went::LeftAlone) | Err((_, SweepError::Table(TableError::Condition))) => {}
            Ok(Went::Nowhere) | Err((_, SweepError::Table(TableError::Erased))) => self.stuck += 1,
            // One that the queue will never take must not keep the others from theirs.
            Err((_, e @ SweepError::Queue(QueueError::Refused(_)))) => {
                tracing::error!(error = %e, tenant = %row.tenant, "timer.refused");
                self.stuck += 1;
            }
            Err((kind, e @ SweepError::Queue(_))) => {
                self.kinds_down.insert(kind);
                self.failed(e);
            }
            Err((_, e @ SweepError::Table(_))) => {
                tracing::error!(error = %e, tenant = %row.tenant, "timer.not_sent");
                self.tenants_down.insert(row.tenant.clone());
                self.failed(e);
            }
        }
    }

    fn failed(&mut self, e: SweepError) {
        self.stuck += 1;
        self.first_error.get_or_insert(e);
    }

    fn result(self) -> Result<usize, SweepError> {
        self.first_error.map_or(Ok(self.sent), Err)
    }
}

/// What became of a row that was due.
enum Went {
    Sent,
    LeftAlone,
    /// The queue for its kind is down.
    Nowhere,
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
    let Some(timer) = loaded else {
        return Ok(Went::LeftAlone);
    };
    if kinds_down.contains(&timer.kind) {
        return Ok(Went::Nowhere);
    }
    let queue = queue_of(&timer.kind);
    let sent = send(&rows, queue.as_deref(), &timer, row, now).await;
    sent.map_err(|e| (timer.kind, e))?;
    Ok(if queue.is_some() {
        Went::Sent
    } else {
        Went::LeftAlone
    })
}

/// Puts timers and shares in turn, so that a flood of one kind does not hold up the other.
fn in_turn(timers: Option<Vec<DueRow>>, shares: Option<Vec<DueRow>>) -> Vec<(Due, DueRow)> {
    let mut due = Vec::new();
    for (waits_for, rows) in [(Due::Timer, timers), (Due::Share, shares)] {
        let rows = rows.into_iter().flatten().enumerate();
        due.extend(rows.map(|(turn, row)| (turn, waits_for, row)));
    }
    due.sort_by_key(|(turn, ..)| *turn);
    let rows = due.into_iter();
    rows.map(|(_, waits_for, row)| (waits_for, row)).collect()
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
