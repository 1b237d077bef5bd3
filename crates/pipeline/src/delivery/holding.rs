//! Posts of a workspace that is not connected: they leave the sweep's sight, stay in their lanes, and go on in order
//! once the workspace is installed again.

use tidegate_slack::ids::TenantId;

use super::{Deliverer, Next, NoToken, Place};
use crate::clock::Clock;
use crate::ledger::JobError;
use crate::outbox::{self, Lane};
use crate::queue::Queue;
use crate::sweep::SweepError;
use crate::table::{Item, Range, RowKey, Rows, Table, TableError, Write};
use crate::worker::wake;

/// Posts looked at in one read.
const PAGE: usize = 100;

impl Deliverer {
    /// Holds what waits in a lane.
    pub(super) async fn hold(&self, place: Place<'_>) -> Result<Next, JobError> {
        let Place { tenant, rows, lane } = place;
        // Noted first: whoever connects the workspace from here on finds the lane.
        let note = Item::new().with("lane", lane.as_str());
        rows.write(Write::put(held_key(lane), note)).await?;
        each_post(rows, lane, |key| {
            Write::update(key, "REMOVE #due, #due_at").when("attribute_exists(#pk)")
        })
        .await?;
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
    loop {
        let page = rows.query(&["held"], Range::All, false, PAGE, None).await?;
        if page.rows.is_empty() {
            return Ok(resumed);
        }
        for (_, row) in &page.rows {
            let lane = Lane::from_text(row.text("lane").unwrap_or_default());
            release(&rows, &lane, clock).await?;
            wake(wake_ups, tenant, &lane, 0, clock).await?;
            resumed += 1;
        }
    }
}

/// Puts a lane's posts back into the sweep's sight, then forgets that it was held.
async fn release(rows: &Rows, lane: &Lane, clock: &dyn Clock) -> Result<(), TableError> {
    let now = clock.now();
    each_post(rows, lane, |key| outbox::due_again(key, lane, now)).await?;
    rows.write(Write::delete(held_key(lane))).await?;
    Ok(())
}

async fn each_post(
    rows: &Rows,
    lane: &Lane,
    change: impl Fn(RowKey) -> Write<RowKey>,
) -> Result<(), TableError> {
    let mut after = None;
    loop {
        let partition = ["outbox", lane.as_str()];
        let page = rows
            .query(&partition, Range::All, false, PAGE, after.as_ref())
            .await?;
        for (key, _) in page.rows {
            match rows.write(change(key)).await {
                // It has left the lane since.
                Ok(_) | Err(TableError::Condition) => {}
                Err(e) => return Err(e),
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

fn held_key(lane: &Lane) -> RowKey {
    RowKey::new(&["held"], &[lane.as_str()])
}
