//! The handles to the table: the rows of one tenant, and the rows of the system.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use tidegate_slack::ids::TenantId;

use super::engine::{Engine, Query, TableError, Write, WriteAction};
use super::key::{Key, RowKey, join, tenant_prefix};
use super::pages::Pages;
use super::read_only::ReadOnlyEngine;
use super::system::SystemRows;
use super::value::{Item, Value};

/// The prefix of the system's rows. No tenant has this id, because Slack's ids are upper-case letters and digits.
pub(super) const SYSTEM: &str = "@system";

/// The table, from which code gets handles to rows.
#[derive(Clone)]
pub struct Table(Arc<dyn Engine>);

impl Table {
    /// Makes the table on an engine.
    pub fn new(engine: Arc<dyn Engine>) -> Self {
        Self(engine)
    }

    /// Returns the handle to one tenant's rows.
    pub fn tenant(&self, tenant: &TenantId) -> Rows {
        Rows {
            engine: Arc::clone(&self.0),
            prefix: tenant_prefix(tenant),
        }
    }

    /// Returns the handle to the system's rows and the index over due rows, for sweeps and operators.
    pub fn system(&self) -> SystemRows {
        SystemRows::new(Rows {
            engine: Arc::clone(&self.0),
            prefix: SYSTEM.to_owned(),
        })
    }
}

/// A handle to the rows under one prefix. Every key is relative to it.
#[derive(Clone)]
pub struct Rows {
    pub(super) engine: Arc<dyn Engine>,
    prefix: String,
}

/// The sort keys of a partition that a query reads.
#[derive(Debug, Clone, Copy)]
pub enum Range<'a> {
    /// All sort keys of the partition.
    All,
    /// The sort keys that begin with these parts and have more.
    Under(&'a [&'a str]),
    /// The sort keys from the first to the second, both included, compared as text.
    Between(&'a [&'a str], &'a [&'a str]),
}

/// One page of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The rows, each with its key.
    pub rows: Vec<(RowKey, Item)>,
    /// The cursor of the next page. `None` on the last page.
    pub next: Option<Cursor>,
}

/// A position in a partition: the sort key of the last row that was read. It is opaque to callers and names no partition, so a
/// cursor that is made up or comes from another tenant still reads only the caller's own rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// Encodes the cursor as text for a URL.
    pub fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&self.0)
    }

    /// Returns the position after a row.
    pub fn after(row: &RowKey) -> Self {
        Self(row.sort.clone())
    }

    /// Tells whether the position lies in such a range of sort keys.
    pub fn is_between(&self, from: &[&str], to: &[&str]) -> bool {
        (join(from)..=join(to)).contains(&self.0)
    }

    /// Decodes the text of [`Cursor::encode`]. `None` for any other text.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        String::from_utf8(bytes)
            .ok()
            .filter(|sort| (1..=1024).contains(&sort.len()))
            .map(Self)
    }
}

impl Rows {
    /// Returns these rows without the means to change them: every write fails.
    #[must_use]
    pub fn read_only(self) -> Self {
        Self {
            engine: Arc::new(ReadOnlyEngine(self.engine)),
            prefix: self.prefix,
        }
    }

    /// Reads one row consistently. `None` if it does not exist.
    pub async fn get(&self, key: &RowKey) -> Result<Option<Item>, TableError> {
        self.engine.get(&self.absolute(key)).await
    }

    /// Reads one row whose content is believed only if Tidegate sealed it. `None` if it does not exist or does not open: then somebody
    /// without the keys wrote it, or its key is gone. The log says so.
    pub async fn get_if_opened(&self, key: &RowKey) -> Result<Option<Item>, TableError> {
        match self.get(key).await {
            Err(TableError::Invalid(why)) => {
                let (pk, sk) = (&key.partition, &key.sort);
                tracing::error!(why, pk, sk, "table.row_not_opened");
                Ok(None)
            }
            row => row,
        }
    }

    /// Does one write. An update returns the row after the change, any other write `None`.
    pub async fn write(&self, write: Write<RowKey>) -> Result<Option<Item>, TableError> {
        self.engine.write(self.place(write)).await
    }

    /// Does up to 100 writes of different rows: all or none of them.
    pub async fn transact(&self, writes: Vec<Write<RowKey>>) -> Result<(), TableError> {
        self.engine
            .transact(writes.into_iter().map(|write| self.place(write)).collect())
            .await
    }

    /// Does writes of these rows and writes of the system's rows: all or none of them, up to 100 together.
    pub async fn transact_with_system(
        &self,
        writes: Vec<Write<RowKey>>,
        system: Vec<Write<RowKey>>,
    ) -> Result<(), TableError> {
        let others = Table(Arc::clone(&self.engine)).system();
        let own = writes.into_iter().map(|write| self.place(write));
        let system = system.into_iter().map(|write| others.rows().place(write));
        self.engine.transact(own.chain(system).collect()).await
    }

    /// Reads one page of a partition, ascending unless `descending`, for code that passes the cursor to a caller. Code that needs
    /// more than one page uses [`Rows::pages`].
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

    /// Returns a range of a partition that can be read page by page.
    pub fn pages<'a>(&'a self, partition: &'a [&'a str], range: Range<'a>) -> Pages<'a> {
        Pages::new(self, partition, range)
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

/// Adds the attributes of the key to a row, as engines expect.
pub(super) fn keyed(item: Item, key: &Key) -> Item {
    item.with("pk", key.pk.as_str()).with("sk", key.sk.as_str())
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
