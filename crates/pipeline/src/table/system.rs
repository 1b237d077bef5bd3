//! The rows of the system, which belong to no tenant, and the index over due rows.

use std::collections::BTreeMap;

use tidegate_slack::ids::TenantId;

use super::DUE_INDEX;
use super::engine::{Query, TableError};
use super::key::{Key, RowKey, tenant_of, tenant_prefix};
use super::rows::{Rows, keyed};
use super::value::Item;
use crate::clock::Timestamp;

/// The number of index partitions that each kind of due row is spread over, so that a flood does not exceed one partition's limit.
pub const DUE_SHARDS: u64 = 8;

/// The kinds of due rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// A post that should have been sent by now.
    Outbox,
    /// An event that is parked for a person.
    ParkedEvent,
    /// A post that is parked for a person.
    ParkedPost,
    /// A token that ends soon.
    TokenRefresh,
    /// A workspace that is being erased.
    Erasure,
    /// A workspace that was connected, and whose held posts must be resumed.
    Resume,
    /// A timer of a domain.
    Timer,
    /// The share of an event that waits to be tried again.
    Share,
}

impl Due {
    /// Returns the value of a row's attribute `due`. `spread` selects one of the [`DUE_SHARDS`] partitions.
    pub fn partition(self, spread: &str) -> String {
        let sum = spread
            .bytes()
            .fold(0u64, |sum, b| sum.wrapping_mul(31).wrapping_add(b.into()));
        self.shard(sum % DUE_SHARDS)
    }

    /// Whether a row with that attribute `due` waits for this.
    pub fn is(self, partition: &str) -> bool {
        let name = partition.split_once('#').map(|(name, _)| name);
        name == Some(self.name())
    }

    fn shard(self, shard: u64) -> String {
        format!("{}#{shard}", self.name())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Outbox => "outbox",
            Self::ParkedEvent => "parked_event",
            Self::ParkedPost => "parked_post",
            Self::TokenRefresh => "token_refresh",
            Self::Erasure => "erasure",
            Self::Resume => "resume",
            Self::Timer => "timer",
            Self::Share => "share",
        }
    }
}

/// One row of the index over what is due.
#[derive(Debug, Clone, PartialEq)]
pub struct DueRow {
    /// The tenant that the row belongs to.
    pub tenant: TenantId,
    /// The key of the row.
    pub key: RowKey,
    /// The time from which it is due.
    pub due_at: Timestamp,
}

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
    /// [`DUE_SHARDS`] partitions.
    pub async fn due(
        &self,
        kind: Due,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueRow>, TableError> {
        let mut due = Vec::new();
        for shard in 0..DUE_SHARDS {
            let query = Query {
                index: Some(DUE_INDEX),
                condition: "#due = :due AND #due_at <= :until".to_owned(),
                values: BTreeMap::from([
                    (":due".to_owned(), kind.shard(shard).into()),
                    (":until".to_owned(), until.millis().into()),
                ]),
                descending: false,
                limit,
                after: None,
            };
            let (items, _) = self.0.engine.query(query).await?;
            due.extend(items.iter().filter_map(due_row));
        }
        due.sort_by_key(|row| row.due_at);
        Ok(due)
    }
}

fn due_row(item: &Item) -> Option<DueRow> {
    let (prefix, partition) = item.text("pk")?.split_once('#')?;
    Some(DueRow {
        tenant: tenant_of(prefix),
        key: RowKey {
            partition: partition.to_owned(),
            sort: item.text("sk")?.to_owned(),
        },
        due_at: Timestamp(item.number("due_at")?),
    })
}
