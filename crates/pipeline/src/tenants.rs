//! The list of tenants: every workspace or organization that has sent anything, installed the app or has rows. A tenant without an
//! event and an install gets its first rows by the API; it is listed before its first data key is made (`table/sealed.rs`).

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tidegate_slack::ids::TenantId;

use crate::table::{Cursor, Item, Range, RowKey, Rows, Table, TableError, Write};

/// The partition of the list, among the rows of no tenant.
const PARTITION: &str = "tenants";

/// The most tenants that a process remembers. Beyond that it forgets all of them and lists them again.
const REMEMBERED: usize = 10_000;

/// Returns one page of the tenants, ordered by id, and the cursor of the next page.
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

/// Makes the write that adds a tenant to the list. Repeating it changes nothing.
pub fn add(tenant: &TenantId) -> Write<RowKey> {
    let row = Item::new().with("tenant", tenant.as_str());
    Write::put(key(tenant), row)
}

/// Makes the write that removes a tenant from the list.
pub fn remove(tenant: &TenantId) -> Write<RowKey> {
    Write::delete(key(tenant))
}

/// Tells whether a tenant is on the list.
pub async fn is_listed(system: &Rows, tenant: &TenantId) -> Result<bool, TableError> {
    Ok(system.get(&key(tenant)).await?.is_some())
}

fn key(tenant: &TenantId) -> RowKey {
    RowKey::new(&[PARTITION], &[tenant.as_str()])
}

/// Remembers which tenants this process has listed, so that each is written once.
#[derive(Debug, Default)]
pub struct Listed(Mutex<BTreeSet<TenantId>>);

impl Listed {
    /// Adds the tenant to the list, unless this process has already done so.
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
