//! The list of tenants: every workspace or organization that has sent anything or installed the app.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tidegate_slack::ids::TenantId;

use crate::table::{Cursor, Item, Range, RowKey, Rows, Table, TableError, Write};

/// The partition of the list, among the rows of no tenant.
const PARTITION: &str = "tenants";

/// Tenants that a process remembers having listed; past that it lists them again.
const REMEMBERED: usize = 10_000;

/// One page of the tenants, ordered by id, with the cursor of the next page.
pub async fn page(
    system: &Rows,
    limit: usize,
    after: Option<&Cursor>,
) -> Result<(Vec<TenantId>, Option<Cursor>), TableError> {
    let page = system.query(&[PARTITION], Range::All, false, limit, after);
    let page = page.await?;
    let ids = page.rows.iter().filter_map(|(_, row)| row.text("tenant"));
    Ok((ids.map(TenantId::from).collect(), page.next))
}

/// The write that adds a tenant to the list, however often it is made.
pub fn add(tenant: &TenantId) -> Write<RowKey> {
    let row = Item::new().with("tenant", tenant.as_str());
    Write::put(key(tenant), row)
}

/// The write that takes a tenant off the list.
pub fn remove(tenant: &TenantId) -> Write<RowKey> {
    Write::delete(key(tenant))
}

/// Whether a tenant is on the list.
pub async fn is_listed(system: &Rows, tenant: &TenantId) -> Result<bool, TableError> {
    Ok(system.get(&key(tenant)).await?.is_some())
}

fn key(tenant: &TenantId) -> RowKey {
    RowKey::new(&[PARTITION], &[tenant.as_str()])
}

/// Adds each tenant to the list once per process.
#[derive(Debug, Default)]
pub struct Listed(Mutex<BTreeSet<TenantId>>);

impl Listed {
    /// Makes sure that the tenant is on the list.
    pub async fn ensure(&self, table: &Table, tenant: &TenantId) -> Result<(), TableError> {
        if self.seen().contains(tenant) {
            return Ok(());
        }
        table.system().rows().write(add(tenant)).await?;
        let mut seen = self.seen();
        if seen.len() >= REMEMBERED {
            seen.clear();
        }
        seen.insert(tenant.clone());
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, BTreeSet<TenantId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
