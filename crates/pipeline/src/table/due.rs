//! The index over rows that are due: timers, posts, shares, and what waits for a person.

use std::collections::BTreeMap;

use tidegate_slack::ids::TenantId;

use super::DUE_INDEX;
use super::engine::{Engine, Query, TableError};
use super::key::{RowKey, tenant_of};
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

    pub(super) fn shard(self, shard: u64) -> String {
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

/// Reads what is due page by page. A row that becomes due during the reading is seen if it lies ahead.
pub struct DuePages<'a> {
    engine: &'a dyn Engine,
    kind: Due,
    until: Timestamp,
    limit: usize,
    /// Where the reading of each partition goes on. `None` for one that has been read.
    shards: Vec<Option<Position>>,
}

/// The position in one partition of the index.
enum Position {
    Begin,
    After(Item),
}

impl<'a> DuePages<'a> {
    pub(super) fn new(engine: &'a dyn Engine, kind: Due, until: Timestamp, limit: usize) -> Self {
        Self {
            engine,
            kind,
            until,
            limit,
            shards: (0..DUE_SHARDS).map(|_| Some(Position::Begin)).collect(),
        }
    }

    /// Reads the next rows, earliest first. `None` after the last page.
    pub async fn next(&mut self) -> Result<Option<Vec<DueRow>>, TableError> {
        if self.shards.iter().all(Option::is_none) {
            return Ok(None);
        }
        let mut due = Vec::new();
        for shard in 0..DUE_SHARDS {
            let place = usize::try_from(shard).unwrap_or_default();
            let Some(position) = self.shards[place].take() else {
                continue;
            };
            let query = Query {
                index: Some(DUE_INDEX),
                condition: "#due = :due AND #due_at <= :until".to_owned(),
                values: BTreeMap::from([
                    (":due".to_owned(), self.kind.shard(shard).into()),
                    (":until".to_owned(), self.until.millis().into()),
                ]),
                descending: false,
                limit: self.limit,
                after: match position {
                    Position::Begin => None,
                    Position::After(last) => Some(last),
                },
            };
            let (items, next) = self.engine.query(query).await?;
            due.extend(items.iter().filter_map(due_row));
            self.shards[place] = next.map(Position::After);
        }
        due.sort_by_key(|row| row.due_at);
        Ok(Some(due))
    }
}

pub(super) fn due_row(item: &Item) -> Option<DueRow> {
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
