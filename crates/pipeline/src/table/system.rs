//! The rows of no tenant, and the index over all that is due.

use std::collections::BTreeMap;

use tidegate_slack::ids::TenantId;

use super::DUE_INDEX;
use super::engine::{Query, TableError};
use super::key::{Key, RowKey, tenant_of, tenant_prefix};
use super::rows::{Rows, keyed};
use super::value::Item;
use crate::clock::Timestamp;

/// Partitions that each kind of due row is spread over, so that no flood meets one partition's limit.
pub const DUE_SHARDS: u64 = 8;

/// What a due row waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// A post that should have left by now.
    Outbox,
    /// An event that was set aside for a person.
    ParkedEvent,
    /// A post that was set aside for a person.
    ParkedPost,
    /// A token that ends soon.
    TokenRefresh,
    /// A workspace that is being erased.
    Erasure,
    /// A workspace that was connected, and whose held posts are to go on.
    Resume,
    /// A timer of a domain.
    Timer,
}

impl Due {
    /// Value of the attribute `due` of a row; `spread` picks its partition.
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
        }
    }
}

/// One row of the index over what is due.
#[derive(Debug, Clone, PartialEq)]
pub struct DueRow {
    /// Whose row it is.
    pub tenant: TenantId,
    /// Where it is.
    pub key: RowKey,
    /// When it was or will be due.
    pub due_at: Timestamp,
}

/// The system's own rows.
#[derive(Clone)]
pub struct SystemRows(Rows);

impl SystemRows {
    pub(super) fn new(rows: Rows) -> Self {
        Self(rows)
    }

    /// The rows of no tenant.
    pub fn rows(&self) -> &Rows {
        &self.0
    }

    /// Puts rows of several tenants without conditions; on an error some may have been put. Of several for one key
    /// the last stands. For what comes in batches, before any handler has seen it.
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
        // DynamoDB refuses a batch that names a row twice, and a queue may deliver one message twice in a batch.
        let placed: BTreeMap<Key, Item> = placed.collect();
        self.0.engine.put_all(placed.into_iter().collect()).await
    }

    /// Looks at up to `limit` rows of the whole table and removes those of a tenant. Answers how many it removed, and
    /// where to go on. For erasing a tenant.
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

    /// Rows of that kind that are due by `until`, earliest first, at most `limit` of each of the
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
