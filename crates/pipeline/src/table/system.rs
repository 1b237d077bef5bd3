//! The rows of the system, which belong to no tenant, and the operations that span tenants.

use std::collections::BTreeMap;

use tidegate_slack::ids::TenantId;

use super::due::{Due, DuePages, DueRow};
use super::due_list::{DueList, DuePosition};
use super::engine::TableError;
use super::key::{Key, RowKey, tenant_prefix};
use super::rows::{Rows, keyed};
use super::value::Item;
use crate::clock::Timestamp;

/// A handle to the system's rows, with the operations that span tenants.
#[derive(Clone)]
pub struct SystemRows(Rows);

impl SystemRows {
    pub(super) fn new(rows: Rows) -> Self {
        Self(rows)
    }

    /// Returns the rows of the system.
    pub fn rows(&self) -> &Rows {
        &self.0
    }

    /// Puts rows of several tenants without conditions. On an error, some may have been put. If several rows have the same key, the
    /// last one stays. This is for batches that no handler has seen yet.
    pub async fn put_all(&self, rows: Vec<(TenantId, RowKey, Item)>) -> Result<(), TableError> {
        let placed = rows.into_iter().map(|(tenant, key, item)| {
            let prefix = tenant_prefix(&tenant);
            let key = Key {
                pk: format!("{prefix}#{}", key.partition),
                sk: key.sort,
            };
            let item = keyed(item, &key);
            (key, item)
        });
        // DynamoDB rejects a batch that names a row twice, and a queue may deliver a message twice in one batch.
        let placed: BTreeMap<Key, Item> = placed.collect();
        self.0.engine.put_all(placed.into_iter().collect()).await
    }

    /// Reads up to `limit` rows of the whole table and removes those of a tenant. Returns the number of removed rows and the key to
    /// continue from.
    pub async fn remove_tenant(
        &self,
        tenant: &TenantId,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(usize, Option<Key>), TableError> {
        let prefix = format!("{}#", tenant_prefix(tenant));
        let (keys, next) = self.0.engine.scan(&prefix, after, limit).await?;
        let removed = keys.len();
        if removed > 0 {
            self.0.engine.remove(keys).await?;
        }
        Ok((removed, next))
    }

    /// Returns the rows of a kind that are due by `until`, earliest first. Reads at most `limit` rows from each of the
    /// [`DUE_SHARDS`](super::DUE_SHARDS) partitions.
    pub async fn due(
        &self,
        kind: Due,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueRow>, TableError> {
        let first = self.due_pages(kind, until, limit).next().await?;
        Ok(first.unwrap_or_default())
    }

    /// Reads the rows of a kind that are due by `until` page by page. A page has at most `limit` rows from each of the
    /// [`DUE_SHARDS`](super::DUE_SHARDS) partitions.
    pub fn due_pages(&self, kind: Due, until: Timestamp, limit: usize) -> DuePages<'_> {
        DuePages::new(&*self.0.engine, kind, until, limit)
    }

    /// Lists the rows of a kind in order of time, from the beginning or behind a position.
    pub fn due_list(&self, kind: Due, from: Option<&DuePosition>) -> DueList<'_> {
        DueList::new(&*self.0.engine, kind, from)
    }
}
