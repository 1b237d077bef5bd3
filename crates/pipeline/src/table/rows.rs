//! The public doors to the table: one tenant's rows, and the system's.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use tidegate_slack::ids::TenantId;

use super::DUE_INDEX;
use super::engine::{Engine, Query, TableError, Write, WriteAction};
use super::key::{Key, RowKey, join, tenant_of, tenant_prefix};
use super::value::{Item, Value};
use crate::clock::Timestamp;

/// Partitions that each kind of due row is spread over, so that no flood meets one partition's limit.
pub const DUE_SHARDS: u64 = 8;

/// No tenant's id can be this: Slack's are upper case letters and digits.
pub(super) const SYSTEM: &str = "@system";

/// The table.
#[derive(Clone)]
pub struct Table(Arc<dyn Engine>);

impl Table {
    /// The table on that engine.
    pub fn new(engine: Arc<dyn Engine>) -> Self {
        Self(engine)
    }

    /// One tenant's rows.
    pub fn tenant(&self, tenant: &TenantId) -> Rows {
        Rows {
            engine: Arc::clone(&self.0),
            prefix: tenant_prefix(tenant),
        }
    }

    /// The rows of no tenant, and the index over all that is due: for sweeps and operators.
    pub fn system(&self) -> SystemRows {
        SystemRows(Rows {
            engine: Arc::clone(&self.0),
            prefix: SYSTEM.to_owned(),
        })
    }
}

/// Rows under one prefix.
#[derive(Clone)]
pub struct Rows {
    engine: Arc<dyn Engine>,
    prefix: String,
}

/// Which sort keys of a partition to read.
#[derive(Debug, Clone, Copy)]
pub enum Range<'a> {
    /// All of them.
    All,
    /// Those that begin with these parts.
    Under(&'a [&'a str]),
    /// From the first to the second, both included, compared as text.
    Between(&'a [&'a str], &'a [&'a str]),
}

/// One page of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The rows, each with its place.
    pub rows: Vec<(RowKey, Item)>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

/// A place in one partition, opaque to callers: the sort key of the last row seen. It names no partition, so a
/// cursor that was made up or came from another tenant still reads the caller's own rows only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// As text for a URL.
    pub fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&self.0)
    }

    /// The place after a row.
    pub fn after(row: &RowKey) -> Self {
        Self(row.sort.clone())
    }

    /// Reads what [`Cursor::encode`] wrote; `None` for anything else.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        String::from_utf8(bytes)
            .ok()
            .filter(|sort| (1..=1024).contains(&sort.len()))
            .map(Self)
    }
}

impl Rows {
    /// One row, read consistently.
    pub async fn get(&self, key: &RowKey) -> Result<Option<Item>, TableError> {
        self.engine.get(&self.absolute(key)).await
    }

    /// One write; an update answers with the row as it stands afterwards.
    pub async fn write(&self, write: Write<RowKey>) -> Result<Option<Item>, TableError> {
        self.engine.write(self.place(write)).await
    }

    /// Up to 100 writes of different rows, all or none.
    pub async fn transact(&self, writes: Vec<Write<RowKey>>) -> Result<(), TableError> {
        self.engine
            .transact(writes.into_iter().map(|write| self.place(write)).collect())
            .await
    }

    /// One page of a partition, ascending unless `descending`.
    pub async fn query(
        &self,
        partition: &[&str],
        range: Range<'_>,
        descending: bool,
        limit: usize,
        after: Option<&Cursor>,
    ) -> Result<Page, TableError> {
        let pk = format!("{}#{}", self.prefix, join(partition));
        let mut values = BTreeMap::from([(":pk".to_owned(), Value::from(pk.as_str()))]);
        let condition = match range {
            Range::All => "#pk = :pk",
            Range::Under(parts) => {
                values.insert(":from".to_owned(), format!("{}#", join(parts)).into());
                "#pk = :pk AND begins_with(#sk, :from)"
            }
            Range::Between(from, to) => {
                values.insert(":from".to_owned(), join(from).into());
                values.insert(":to".to_owned(), join(to).into());
                "#pk = :pk AND #sk BETWEEN :from AND :to"
            }
        };
        let after = after.map(|c| Item::new().with("pk", pk.as_str()).with("sk", c.0.as_str()));
        let query = Query {
            index: None,
            condition: condition.to_owned(),
            values,
            descending,
            limit,
            after,
        };
        let (items, next) = self.engine.query(query).await?;
        let rows = items
            .into_iter()
            .filter_map(|item| Some((self.relative(&item)?, item)));
        let next = next.and_then(|key| key.text("sk").map(|sort| Cursor(sort.to_owned())));
        Ok(Page {
            rows: rows.collect(),
            next,
        })
    }

    fn absolute(&self, key: &RowKey) -> Key {
        Key {
            pk: format!("{}#{}", self.prefix, key.partition),
            sk: key.sort.clone(),
        }
    }

    fn relative(&self, item: &Item) -> Option<RowKey> {
        let partition = item
            .text("pk")?
            .strip_prefix(&self.prefix)?
            .strip_prefix('#')?;
        Some(RowKey {
            partition: partition.to_owned(),
            sort: item.text("sk")?.to_owned(),
        })
    }

    fn place(&self, mut write: Write<RowKey>) -> Write<Key> {
        let key = self.absolute(&write.key);
        if let WriteAction::Put(item) = &mut write.action {
            *item = keyed(std::mem::take(item), &key);
        }
        write.at(key)
    }
}

fn keyed(item: Item, key: &Key) -> Item {
    item.with("pk", key.pk.as_str()).with("sk", key.sk.as_str())
}

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

    fn shard(self, shard: u64) -> String {
        let name = match self {
            Self::Outbox => "outbox",
            Self::ParkedEvent => "parked_event",
            Self::ParkedPost => "parked_post",
            Self::TokenRefresh => "token_refresh",
            Self::Erasure => "erasure",
            Self::Resume => "resume",
            Self::Timer => "timer",
        };
        format!("{name}#{shard}")
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_comes_back(sort in ".{1,200}") {
            let cursor = Cursor(sort);
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }

        #[test]
        fn any_text_decodes_or_is_refused(text in ".{0,100}") {
            if let Some(cursor) = Cursor::decode(&text) {
                prop_assert_eq!(cursor.encode(), text);
            }
        }
    }
}
