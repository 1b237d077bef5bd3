//! Holds the posts of a workspace that is not connected. They stay in their lanes, are hidden from the sweep, and are sent in
//! order once the app is installed again.

use std::time::Duration;

use tidegate_slack::ids::TenantId;

use super::{Deliverer, LaneContext, Next, NoToken};
use crate::clock::{Clock, Timestamp};
use crate::ledger::JobError;
use crate::outbox::{self, Lane};
use crate::queue::Queue;
use crate::sweep::SweepError;
use crate::table::{Due, Item, Range, RowKey, Rows, Table, TableError, Write};
use crate::worker::wake;

/// How long the process that connects a workspace may take to resume its lanes. After that, the sweep does it.
const RESUME_AFTER: Duration = Duration::from_mins(1);

/// The largest difference between the clocks of two workers.
const CLOCKS_DIFFER: Duration = Duration::from_mins(5);

impl Deliverer {
    /// Holds the posts of a lane.
    pub(super) async fn hold(&self, place: LaneContext<'_>) -> Result<Next, JobError> {
        let LaneContext { tenant, rows, lane } = place;
        let began = self.clock.now();
        // The lane is recorded first, so that a process that connects the workspace from now on finds it.
        let note = Write::update(held_key(lane), "SET #lane = :lane").value(":lane", lane.as_str());
        let held = rows.write(note).await?.unwrap_or_default();
        let through = Timestamp(held.number("through").unwrap_or(0));
        hide_since(rows, lane, through).await?;
        let noted = Write::update(held_key(lane), "SET #through = :through")
            .when("attribute_exists(#pk)")
            .value(":through", began.millis());
        match rows.write(noted).await {
            // The lane was released in the meantime. The check below handles the posts that were hidden since.
            Ok(_) | Err(TableError::Condition) => {}
            Err(e) => return Err(e.into()),
        }
        tracing::warn!("lane.held: the workspace is not connected");
        if let Err(NoToken::Disconnected(_)) = self.tokens.token(tenant).await {
            return Ok(Next::Held);
        }
        // The workspace was connected in the meantime, perhaps before our record could be found.
        release(rows, lane, &*self.clock).await?;
        Ok(Next::At(self.clock.now()))
    }
}

/// Resumes the held lanes of a workspace and returns their number. An interrupted call can be repeated.
pub async fn resume(
    table: &Table,
    wake_ups: &dyn Queue,
    clock: &dyn Clock,
    tenant: &TenantId,
) -> Result<usize, SweepError> {
    let rows = table.tenant(tenant);
    let mut resumed = 0;
    let mut pages = rows.pages(&["held"], Range::All);
    while let Some(page) = pages.next().await? {
        for (_, row) in &page {
            let lane = Lane::from_text(row.text("lane").unwrap_or_default());
            release(&rows, &lane, clock).await?;
            wake(wake_ups, tenant, &lane, 0, clock).await?;
            resumed += 1;
        }
    }
    rows.write(Write::delete(resume_key())).await?;
    Ok(resumed)
}

/// Makes the write that lets the sweep resume a workspace if the process that connects it dies before it does so. The write
/// belongs to the transaction that connects the workspace. [`resume`] removes the row.
pub fn resume_later(tenant: &TenantId, now: Timestamp) -> Write<RowKey> {
    let row = Item::new()
        .with("due", Due::Resume.partition(tenant.as_str()))
        .with("due_at", now.plus(RESUME_AFTER).millis());
    Write::put(resume_key(), row)
}

fn resume_key() -> RowKey {
    RowKey::new(&["resume"], &["due"])
}

/// Hides from the sweep the posts that were added to a lane since it was last completely held. Starting there keeps the cost
/// constant while a held lane fills up.
async fn hide_since(rows: &Rows, lane: &Lane, through: Timestamp) -> Result<(), TableError> {
    // A post has the time of the worker that decided about it, and clocks differ.
    let from = (through.millis() - millis(CLOCKS_DIFFER)).max(0);
    let from = format!("{from:015}");
    let partition = ["outbox", lane.as_str()];
    let range = Range::Between(&[&from], &["~"]);
    let mut pages = rows.pages(&partition, range);
    while let Some(page) = pages.next().await? {
        for (key, row) in page {
            if row.text("due").is_none() {
                continue;
            }
            let hide = Write::update(key, "REMOVE #due, #due_at").when("attribute_exists(#pk)");
            match rows.write(hide).await {
                // The post has left the lane in the meantime.
                Ok(_) | Err(TableError::Condition) => {}
                Err(e) => return Err(e),
            }
        }
    }
    Ok(())
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Puts a lane's posts back into the sweep's sight, then forgets that it was held.
async fn release(rows: &Rows, lane: &Lane, clock: &dyn Clock) -> Result<(), TableError> {
    let now = clock.now();
    let partition = ["outbox", lane.as_str()];
    let mut pages = rows.pages(&partition, Range::All);
    while let Some(page) = pages.next().await? {
        for (key, _) in page {
            match rows.write(outbox::due_again(key, lane, now)).await {
                // The post has left the lane in the meantime.
                Ok(_) | Err(TableError::Condition) => {}
                Err(e) => return Err(e),
            }
        }
    }
    rows.write(Write::delete(held_key(lane))).await?;
    Ok(())
}

fn held_key(lane: &Lane) -> RowKey {
    RowKey::new(&["held"], &[lane.as_str()])
}
