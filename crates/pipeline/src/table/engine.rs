//! The interface that every implementation of the table provides: seven methods over absolute keys.

use std::collections::BTreeMap;

use async_trait::async_trait;
use thiserror::Error;

use super::key::Key;
use super::value::{Item, Value};

/// The most writes in one transaction, which is the limit of `TransactWriteItems`.
pub const MAX_TRANSACTION_WRITES: usize = 100;

/// The most bytes of the items in one transaction. `TransactWriteItems` takes 4 MB; the rest is for keys and for sealing.
pub const MAX_TRANSACTION_BYTES: usize = 3_900_000;

/// The reason why the table failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TableError {
    /// The condition of a single write failed.
    #[error("the condition does not hold")]
    Condition,
    /// Conditions of a transaction failed. There is one entry per write, which is true if its condition failed.
    #[error("a condition of the transaction does not hold")]
    Cancelled(Vec<bool>),
    /// The table was throttled, unreachable, or busy with a conflicting transaction. Nothing was written; try again.
    #[error("the table is busy: {0}")]
    Busy(String),
    /// The table did not answer. The write may or may not have happened.
    #[error("the outcome of a write is unknown: {0}")]
    Unknown(String),
    /// The request is invalid. Trying again cannot help.
    #[error("the table refused: {0}")]
    Invalid(String),
    /// A key of the tenant cannot be used: most often the master key is a wrong one. Nothing was written. It works again once the
    /// master key is the right one.
    #[error("{0}")]
    Keys(String),
    /// The tenant was erased. Nothing is written for it until the app is installed again.
    #[error("the workspace has been erased")]
    Erased,
}

/// What a write does to its row.
#[derive(Debug, Clone, PartialEq)]
pub enum WriteAction {
    /// Replaces the whole row.
    Put(Item),
    /// Applies an update expression.
    Update(String),
    /// Removes the row, if it exists.
    Delete,
    /// Checks the condition and writes nothing.
    Check,
}

/// A write of one row. Expressions refer to attributes as `#name` and to values as `:name`.
#[derive(Debug, Clone, PartialEq)]
pub struct Write<K> {
    /// The key of the row.
    pub key: K,
    /// The change of the row.
    pub action: WriteAction,
    /// The condition expression. `None` if the write has no condition.
    pub condition: Option<String>,
    /// The values of the expressions, by name including the colon.
    pub values: BTreeMap<String, Value>,
}

impl<K> Write<K> {
    fn new(key: K, action: WriteAction) -> Self {
        Self {
            key,
            action,
            condition: None,
            values: BTreeMap::new(),
        }
    }

    /// Makes a write that replaces a row.
    pub fn put(key: K, item: Item) -> Self {
        Self::new(key, WriteAction::Put(item))
    }

    /// Makes a write that applies an update expression.
    pub fn update(key: K, expression: &str) -> Self {
        Self::new(key, WriteAction::Update(expression.to_owned()))
    }

    /// Makes a write that removes a row.
    pub fn delete(key: K) -> Self {
        Self::new(key, WriteAction::Delete)
    }

    /// Makes a check of a condition, for a transaction.
    pub fn check(key: K) -> Self {
        Self::new(key, WriteAction::Check)
    }

    /// Sets the condition under which the write is done.
    #[must_use]
    pub fn when(mut self, condition: &str) -> Self {
        self.condition = Some(condition.to_owned());
        self
    }

    /// Sets the value of `:name`, which is given with its colon.
    #[must_use]
    pub fn value(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// Returns the same write for another key.
    pub(super) fn at<L>(self, key: L) -> Write<L> {
        let Self {
            key: _,
            action,
            condition,
            values,
        } = self;
        Write {
            key,
            action,
            condition,
            values,
        }
    }

    /// Iterates over the values of the row that is put and those of the expressions.
    pub fn all_values(&self) -> impl Iterator<Item = &Value> {
        let row = match &self.action {
            WriteAction::Put(item) => Some(item.0.values()),
            _ => None,
        };
        row.into_iter().flatten().chain(self.values.values())
    }

    /// Returns the approximate size of the row or the expressions in bytes, without keys.
    pub fn bytes(&self) -> usize {
        let row = match &self.action {
            WriteAction::Put(item) => item.0.iter().map(|(name, v)| name.len() + v.len()).sum(),
            WriteAction::Update(expression) => expression.len(),
            WriteAction::Delete | WriteAction::Check => 0,
        };
        let values: usize = self.values.values().map(Value::len).sum();
        row + values
    }

    /// Iterates over the update expression and the condition, if present.
    pub fn expressions(&self) -> impl Iterator<Item = &str> {
        let update = match &self.action {
            WriteAction::Update(expression) => Some(expression.as_str()),
            _ => None,
        };
        update.into_iter().chain(self.condition.as_deref())
    }
}

/// A query within one partition of the table or of an index, ascending unless `descending`.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The index to query. `None` for the table itself, which is read consistently.
    pub index: Option<&'static str>,
    /// The key condition expression.
    pub condition: String,
    /// The values of the expression, by name including the colon.
    pub values: BTreeMap<String, Value>,
    /// Whether the highest sort key comes first.
    pub descending: bool,
    /// The most rows to read.
    pub limit: usize,
    /// The key attributes of the last row of the previous page. `None` for the first page.
    pub after: Option<Item>,
}

/// An implementation of the table over absolute keys. Only the handles in this module call it.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Reads one row consistently, with its key attributes. `None` if it does not exist.
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError>;

    /// Reads one page of rows. Returns also the key attributes to continue from, if there are more rows.
    async fn query(&self, query: Query) -> Result<(Vec<Item>, Option<Item>), TableError>;

    /// Does one write. An update returns the row after the change, any other write `None`.
    async fn write(&self, write: Write<Key>) -> Result<Option<Item>, TableError>;

    /// Does up to 100 writes of different rows: all or none of them.
    async fn transact(&self, writes: Vec<Write<Key>>) -> Result<(), TableError>;

    /// Puts any number of rows without conditions. On an error, some may have been put.
    async fn put_all(&self, rows: Vec<(Key, Item)>) -> Result<(), TableError>;

    /// Reads up to `limit` rows of the whole table. Returns the keys of those whose partition begins with `prefix`, and the key to
    /// continue from. Only erasing a tenant uses it.
    async fn scan(
        &self,
        prefix: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<Key>, Option<Key>), TableError>;

    /// Removes any number of rows without conditions. On an error, some may have been removed.
    async fn remove(&self, keys: Vec<Key>) -> Result<(), TableError>;
}

/// Fails if a value was not sealed on its way to the engine. Engines call this before they write.
pub fn all_plain<'v>(values: impl IntoIterator<Item = &'v Value>) -> Result<(), TableError> {
    if values
        .into_iter()
        .any(|value| matches!(value, Value::Sealed(_)))
    {
        let why = "a value that must be sealed reached the engine as it is";
        return Err(TableError::Invalid(why.to_owned()));
    }
    Ok(())
}

/// Returns the attribute names that expressions mention, by their placeholder `#name`.
pub fn names_in<'e>(expressions: impl Iterator<Item = &'e str>) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for expression in expressions {
        for piece in expression.split('#').skip(1) {
            let end = piece.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            let name = &piece[..end.unwrap_or(piece.len())];
            names.insert(format!("#{name}"), name.to_owned());
        }
    }
    names
}
