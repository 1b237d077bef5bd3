//! Erasing a workspace: its tokens are ended, its keys destroyed, and then its rows removed, pass after pass, until a
//! pass finds none at a time when no process can hold its keys any more.
//!
//! From the moment the keys are gone nothing of it can be read, here or in a backup, and nothing more is written for it:
//! workers drop what still comes out of the queues. The audit trail stays; it names nobody.

use metrics::counter;
use thiserror::Error;
use tidegate_pipeline::audit::Actor;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::keyring::{CACHED_FOR, KeyError};
use tidegate_pipeline::table::{Due, Item, Key, RowKey, TableError, Write};
use tidegate_pipeline::tenants;
use tidegate_slack::ids::TenantId;

use super::Installs;

/// Rows looked at in one read.
const PAGE: usize = 1000;

/// A workspace that is being erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// Whether Slack said that the tokens have ended.
    pub revoked: bool,
}

/// An erasure did not begin, or a pass of it did not end.
#[derive(Debug, Error)]
pub enum ErasureError {
    /// The table did not do it.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The keys could not be destroyed.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

impl Installs {
    /// Begins to erase a tenant. Once this has answered, nothing of it can be read any more.
    pub async fn erase(&self, tenant: &TenantId, actor: &Actor) -> Result<Erased, ErasureError> {
        self.note(tenant, actor, "workspace.erase", "begun").await;
        // Where that fails, erased before or out of reach, the keys go in any case.
        let revoked = self.disconnect(tenant, actor).await.unwrap_or_default();
        // Written down before the keys go: from here on the sweep finishes it, whatever becomes of this process.
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
        self.keyring.destroy(tenant).await?;
        tracing::warn!("workspace.erase: its keys are destroyed");
        Ok(Erased { revoked })
    }

    /// Goes on with an erasure until `until`. Answers whether it is done.
    pub async fn erase_pass(&self, place: &RowKey, until: Timestamp) -> Result<bool, ErasureError> {
        let system = self.table.system();
        let Some(row) = system.rows().get(place).await? else {
            return Ok(true);
        };
        let Some(tenant) = row.text("tenant").map(TenantId::from) else {
            return Ok(true);
        };
        // It may have been begun without getting to the keys; destroying them twice is destroying them.
        self.keyring.destroy(&tenant).await?;
        let begun_at = Timestamp(row.number("begun_at").unwrap_or(0));
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
        // Whoever read the keys before they went may have written until now: then another pass has to be made.
        let nobody_writes = begun_at.plus(CACHED_FOR * 2) <= self.clock.now();
        if removed == 0 && (self.exclusive || nobody_writes) {
            // Listed to the end, so that whoever asks sees that it is not over before.
            system.rows().write(tenants::remove(&tenant)).await?;
            system.rows().write(Write::delete(place.clone())).await?;
            self.note(&tenant, &Actor::System, "workspace.erase", "done")
                .await;
            counter!("tidegate_workspaces_erased_total").increment(1);
            tracing::warn!("workspace.erase: nothing of it is left");
            return Ok(true);
        }
        let again = self.clock.now().plus(if self.exclusive {
            std::time::Duration::ZERO
        } else {
            CACHED_FOR
        });
        self.save(place, &row, &tenant, 0, None, again).await?;
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

/// Where it stands that a tenant is being erased.
pub(super) fn key(tenant: &TenantId) -> RowKey {
    RowKey::new(&["erasure", tenant.as_str()], &["state"])
}
