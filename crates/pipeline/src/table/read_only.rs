//! An engine that reads and never writes, for routes that anyone may call.

use std::sync::Arc;

use async_trait::async_trait;

use super::engine::{Engine, Query, TableError, Write};
use super::key::Key;
use super::value::Item;

/// Reads from another engine. Every write is a defect of the caller and fails.
pub(super) struct ReadOnlyEngine(pub(super) Arc<dyn Engine>);

fn refused<T>() -> Result<T, TableError> {
    let why = "these rows may only be read";
    Err(TableError::Invalid(why.to_owned()))
}

#[async_trait]
impl Engine for ReadOnlyEngine {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.0.get(key).await
    }

    async fn query(&self, query: Query) -> Result<(Vec<Item>, Option<Item>), TableError> {
        self.0.query(query).await
    }

    async fn write(&self, _: Write<Key>) -> Result<Option<Item>, TableError> {
        refused()
    }

    async fn transact(&self, _: Vec<Write<Key>>) -> Result<(), TableError> {
        refused()
    }

    async fn put_all(&self, _: Vec<(Key, Item)>) -> Result<(), TableError> {
        refused()
    }

    async fn scan(
        &self,
        _: &str,
        _: Option<Key>,
        _: usize,
    ) -> Result<(Vec<Key>, Option<Key>), TableError> {
        refused()
    }

    async fn remove(&self, _: Vec<Key>) -> Result<(), TableError> {
        refused()
    }
}
