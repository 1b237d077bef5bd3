//! Erases a workspace. The API revokes its tokens and marks it as erased: from then on its keys are not used, and nothing more is
//! written for it; workers drop the jobs that are still queued. The scheduler destroys its keys, after which nobody can read its
//! data, here or in a backup. Then it removes the rows in passes, until a pass finds none at a time when no process can hold the keys
//! any more. The audit trail stays; it names nobody.
//!
//! On AWS the scheduler alone has the right to destroy keys: nothing outside calls it.

use std::time::Duration;

use metrics::counter;
use thiserror::Error;
use tidegate_pipeline::audit::Actor;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::keyring::{CACHED_FOR, KeyError};
use tidegate_pipeline::table::{Due, Item, Key, RowKey, TableError, Write};
use tidegate_pipeline::tenants;
use tidegate_slack::ids::TenantId;

use super::Installs;

/// The number of rows that one read looks at.
const PAGE: usize = 1000;

/// How long after its row an erasure is marked at the latest: longer than any call lasts.
const MARKED_WITHIN: Duration = Duration::from_hours(1);

/// Later than every install.
const LATEST: Timestamp = Timestamp(i64::MAX);

/// The result of beginning an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// Whether Slack confirmed that every token is revoked. `None` if no token was left.
    pub revoked: Option<bool>,
}

/// The reason why an erasure did not begin or a pass failed.
#[derive(Debug, Error)]
pub enum ErasureError {
    /// The table could not be read or written; the pass can be repeated.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The tenant could not be marked as erased, or its keys could not be destroyed.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

impl Installs {
    /// Begins to erase a tenant. When this returns, its data is not read any more, and the next sweep destroys its keys.
    pub async fn erase(&self, tenant: &TenantId, actor: &Actor) -> Result<Erased, ErasureError> {
        self.note(tenant, actor, "workspace.erase", "begun").await;
        // From here on, no install is stored, or it notices the row and ends its tokens itself.
        let now = self.clock.now();
        let row = Item::new()
            .with("tenant", tenant.as_str())
            .with("begun_at", now.millis())
            .with("removed", 0i64);
        let row = due(row, tenant, now);
        self.table
            .system()
            .rows()
            .write(Write::put(key(tenant), row))
            .await?;
        // This fails if the tenant was erased before. It is erased in any case.
        let revoked = self.disconnect(tenant, LATEST).await.unwrap_or(Some(false));
        // From here on, the sweep finishes the erasure even if this process dies.
        self.keyring.mark_erased(tenant).await?;
        Ok(Erased { revoked })
    }

    /// Continues an erasure until `until`. Returns whether it is complete.
    pub async fn erase_pass(&self, place: &RowKey, until: Timestamp) -> Result<bool, ErasureError> {
        let system = self.table.system();
        let Some(row) = system.rows().get(place).await? else {
            return Ok(true);
        };
        let Some(tenant) = row.text("tenant").map(TenantId::from) else {
            return Ok(true);
        };
        let begun_at = Timestamp(row.number("begun_at").unwrap_or(0));
        // Every pass does it, so that none depends on how far an earlier one came.
        match self.keyring.destroy(&tenant).await? {
            Some(0) => {}
            Some(_) => tracing::warn!("workspace.erase: its keys are destroyed"),
            None => return self.not_marked(place, &row, &tenant, begun_at).await,
        }
        let mut after = cursor(&row);
        let mut removed = row.number("removed").unwrap_or(0);
        loop {
            let (gone, next) = system.remove_tenant(&tenant, after, PAGE).await?;
            removed += i64::try_from(gone).unwrap_or(0);
            after = next;
            if after.is_none() || self.clock.now() >= until {
                break;
            }
        }
        if after.is_some() {
            self.save(place, &row, &tenant, removed, after, self.clock.now())
                .await?;
            return Ok(false);
        }
        // A process that read the keys before they were destroyed may have written until now. Then another pass is needed.
        let nobody_writes = begun_at.plus(CACHED_FOR * 2) <= self.clock.now();
        if removed == 0 && (self.exclusive || nobody_writes) {
            // The tenant stays listed until here, so that the API shows the erasure until it is complete.
            system.rows().write(tenants::remove(&tenant)).await?;
            system.rows().write(Write::delete(place.clone())).await?;
            self.note(&tenant, &Actor::System, "workspace.erase", "done")
                .await;
            counter!("tidegate_workspaces_erased_total").increment(1);
            tracing::warn!("workspace.erase: nothing of it is left");
            return Ok(true);
        }
        let again = self.clock.now().plus(if self.exclusive {
            Duration::ZERO
        } else {
            CACHED_FOR
        });
        self.save(place, &row, &tenant, 0, None, again).await?;
        Ok(false)
    }

    /// Handles the row of an erasure whose tenant is not marked as erased. Either the call that began it is at work, or it failed and
    /// told its caller so, or nobody asked for it. Nothing is erased, and the row goes after a while.
    async fn not_marked(
        &self,
        place: &RowKey,
        row: &Item,
        tenant: &TenantId,
        begun_at: Timestamp,
    ) -> Result<bool, ErasureError> {
        let now = self.clock.now();
        if now.since(begun_at) > MARKED_WITHIN {
            tracing::error!(%tenant, "workspace.erase: it was not begun, and nothing is erased");
            self.table
                .system()
                .rows()
                .write(Write::delete(place.clone()))
                .await?;
            return Ok(true);
        }
        self.save(place, row, tenant, 0, None, now.plus(CACHED_FOR))
            .await?;
        Ok(false)
    }

    async fn save(
        &self,
        place: &RowKey,
        row: &Item,
        tenant: &TenantId,
        removed: i64,
        after: Option<Key>,
        again: Timestamp,
    ) -> Result<(), TableError> {
        let mut next = Item::new()
            .with("tenant", tenant.as_str())
            .with("begun_at", row.number("begun_at").unwrap_or(0))
            .with("removed", removed);
        if let Some(after) = after {
            next = next.with("after_pk", after.pk).with("after_sk", after.sk);
        }
        let put = Write::put(place.clone(), due(next, tenant, again));
        self.table
            .system()
            .rows()
            .write(put.when("attribute_exists(#pk)"))
            .await?;
        Ok(())
    }
}

fn due(row: Item, tenant: &TenantId, at: Timestamp) -> Item {
    row.with("due", Due::Erasure.partition(tenant.as_str()))
        .with("due_at", at.millis())
}

fn cursor(row: &Item) -> Option<Key> {
    Some(Key {
        pk: row.text("after_pk")?.to_owned(),
        sk: row.text("after_sk")?.to_owned(),
    })
}

/// Returns the key of the row that describes the erasure of a tenant.
pub(super) fn key(tenant: &TenantId) -> RowKey {
    RowKey::new(&["erasure", tenant.as_str()], &["state"])
}
