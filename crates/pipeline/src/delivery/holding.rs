//! Posts of a workspace that is not connected: they leave the sweep's sight, stay in their lanes, and go on in order
//! once the workspace is installed again.

use std::time::Duration;

use tidegate_slack::ids::TenantId;

use super::{Deliverer, Next, NoToken, Place};
use crate::clock::{Clock, Timestamp};
use crate::ledger::JobError;
use crate::outbox::{self, Lane};
use crate::queue::Queue;
use crate::sweep::SweepError;
use crate::table::{Due, Item, Range, RowKey, Rows, Table, TableError, Write};
use crate::worker::wake;

/// How long whoever connects a workspace may take to resume it.
const RESUME_AFTER: Duration = Duration::from_mins(1);

/// How far the clocks of two workers may be apart.
const CLOCKS_DIFFER: Duration = Duration::from_mins(5);

impl Deliverer {
    /// Holds what waits in a lane.
    pub(super) async fn hold(&self, place: Place<'_>) -> Result<Next, JobError> {
        let Place { tenant, rows, lane } = place;
        let began = self.clock.now();
        // Noted first: whoever connects the workspace from here on finds the lane.
        let note = Write::update(held_key(lane), "SET #lane = :lane").value(":lane", lane.as_str());
        let held = rows.write(note).await?.unwrap_or_default();
        let through = Timestamp(held.number("through").unwrap_or(0));
        hide_since(rows, lane, through).await?;
        let noted = Write::update(held_key(lane), "SET #through = :through")
            .when("attribute_exists(#pk)")
            .value(":through", began.millis());
        match rows.write(noted).await {
            // Released meanwhile; what was hidden since is looked at below.
            Ok(_) | Err(TableError::Condition) => {}
            Err(e) => return Err(e.into()),
        }
        tracing::warn!("lane.held: the workspace is not connected");
        if let Err(NoToken::Disconnected(_)) = self.tokens.token(tenant).await {
            return Ok(Next::Held);
        }
        // It was connected meanwhile, perhaps before our note could be found.
        release(rows, lane, &*self.clock).await?;
        Ok(Next::At(self.clock.now()))
    }
}

/// Lets a workspace's held posts go on. Answers how many lanes there were. An interrupted call is repeated without
/// harm.
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

/// The write that has the sweep resume a workspace, should whoever connects it not get to do so. It stands in one
/// transaction with what connects it, and [`resume`] takes it away.
pub fn resume_later(tenant: &TenantId, now: Timestamp) -> Write<RowKey> {
    let row = Item::new()
        .with("due", Due::Resume.partition(tenant.as_str()))
        .with("due_at", now.plus(RESUME_AFTER).millis());
    Write::put(resume_key(), row)
}

fn resume_key() -> RowKey {
    RowKey::new(&["resume"], &["due"])
}

/// Takes out of the sweep's sight what has come into a lane since it was held to the end last, so that a lane that fills
/// up while it is held costs no more with every post.
async fn hide_since(rows: &Rows, lane: &Lane, through: Timestamp) -> Result<(), TableError> {
    // Posts bear the time of the worker that decided on them, and clocks differ.
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
                // It has left the lane since.
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
                // It has left the lane since.
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
