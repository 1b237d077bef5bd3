//! What an implementation of the table has to offer: seven methods over absolute keys.

use std::collections::BTreeMap;

use async_trait::async_trait;
use thiserror::Error;

use super::key::Key;
use super::value::{Item, Value};

/// Writes in one transaction: `TransactWriteItems` takes no more.
pub const MAX_TRANSACTION_WRITES: usize = 100;

/// Bytes of the items of one transaction: `TransactWriteItems` takes 4 MB. Some are left for keys and for what sealing adds.
pub const MAX_TRANSACTION_BYTES: usize = 3_900_000;

/// Why the table did not do it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TableError {
    /// The condition of a single write does not hold.
    #[error("the condition does not hold")]
    Condition,
    /// Conditions of a transaction do not hold; one entry per write, true where its condition failed.
    #[error("a condition of the transaction does not hold")]
    Cancelled(Vec<bool>),
    /// Throttled, in conflict with another transaction, or out of reach: nothing was written; try again.
    #[error("the table is busy: {0}")]
    Busy(String),
    /// No answer: the write may or may not have happened.
    #[error("the outcome of a write is unknown: {0}")]
    Unknown(String),
    /// The request is wrong; trying again cannot help.
    #[error("the table refused: {0}")]
    Invalid(String),
    /// The tenant was erased: nothing is written for it until it is installed again.
    #[error("the workspace has been erased")]
    Erased,
}

/// What a write does to its row.
#[derive(Debug, Clone, PartialEq)]
pub enum WriteAction {
    /// Replaces the row.
    Put(Item),
    /// An update expression.
    Update(String),
    /// Removes the row.
    Delete,
    /// Only checks the condition.
    Check,
}

/// One write. In expressions, attributes are written `#name` and values `:name`.
#[derive(Debug, Clone, PartialEq)]
pub struct Write<K> {
    /// Which row.
    pub key: K,
    /// What to do.
    pub action: WriteAction,
    /// Condition expression.
    pub condition: Option<String>,
    /// Values of the expressions, by name with the colon.
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

    /// Replaces a row.
    pub fn put(key: K, item: Item) -> Self {
        Self::new(key, WriteAction::Put(item))
    }

    /// Applies an update expression.
    pub fn update(key: K, expression: &str) -> Self {
        Self::new(key, WriteAction::Update(expression.to_owned()))
    }

    /// Removes a row.
    pub fn delete(key: K) -> Self {
        Self::new(key, WriteAction::Delete)
    }

    /// Checks a condition, within a transaction.
    pub fn check(key: K) -> Self {
        Self::new(key, WriteAction::Check)
    }

    /// The write, done only under that condition.
    #[must_use]
    pub fn when(mut self, condition: &str) -> Self {
        self.condition = Some(condition.to_owned());
        self
    }

    /// The write with a value for `:name`.
    #[must_use]
    pub fn value(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// The same write of another key.
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

    /// The values of the row that is put, and of the expressions.
    pub fn all_values(&self) -> impl Iterator<Item = &Value> {
        let row = match &self.action {
            WriteAction::Put(item) => Some(item.0.values()),
            _ => None,
        };
        row.into_iter().flatten().chain(self.values.values())
    }

    /// About how many bytes the row or the expressions have, keys left out.
    pub fn bytes(&self) -> usize {
        let row = match &self.action {
            WriteAction::Put(item) => item.0.iter().map(|(name, v)| name.len() + v.len()).sum(),
            WriteAction::Update(expression) => expression.len(),
            WriteAction::Delete | WriteAction::Check => 0,
        };
        let values: usize = self.values.values().map(Value::len).sum();
        row + values
    }

    /// The update and condition expressions, whichever are there.
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
    /// Index to ask; `None` for the table itself, which is then read consistently.
    pub index: Option<&'static str>,
    /// Key condition expression.
    pub condition: String,
    /// Values of the expression.
    pub values: BTreeMap<String, Value>,
    /// Highest sort key first.
    pub descending: bool,
    /// Most rows to read.
    pub limit: usize,
    /// Key attributes of the last row of the page before.
    pub after: Option<Item>,
}

/// An implementation of the table. Keys are absolute here; nobody but [`super::Rows`] calls it.
#[async_trait]
pub trait Engine: Send + Sync {
    /// One row, read consistently, with its key attributes.
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError>;

    /// One page of rows, and the key attributes to go on from if there are more.
    async fn query(&self, query: Query) -> Result<(Vec<Item>, Option<Item>), TableError>;

    /// One write; an update answers with the row as it stands afterwards.
    async fn write(&self, write: Write<Key>) -> Result<Option<Item>, TableError>;

    /// Up to 100 writes of different rows, all or none.
    async fn transact(&self, writes: Vec<Write<Key>>) -> Result<(), TableError>;

    /// Puts any number of rows without conditions; on an error some may have been put.
    async fn put_all(&self, rows: Vec<(Key, Item)>) -> Result<(), TableError>;

    /// Looks at up to `limit` rows, wherever they are, and answers which of them are in partitions that begin with
    /// `prefix`, and from where to go on. It reads the whole table in the end: for erasing a tenant, and nothing else.
    async fn scan(
        &self,
        prefix: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<Key>, Option<Key>), TableError>;

    /// Removes any number of rows without conditions; on an error some may have been removed.
    async fn remove(&self, keys: Vec<Key>) -> Result<(), TableError>;
}

/// Refuses values that should have been sealed on their way here: engines call it before they write.
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

/// The attribute names that expressions mention as `#name`.
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
