//! The calls that may go wrong, each with the text by which an appointment knows it.

use std::fmt::Write as _;

use async_trait::async_trait;
use tidegate_pipeline::table::{
    Engine, Item, Key, Query, TableError, Value, Write, WriteAction, names_in,
};

use super::FaultyTable;

#[async_trait]
impl Engine for FaultyTable {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        let text = format!("get {}/{}", key.pk, key.sk);
        self.meddle(text, false, self.inner.get(key)).await
    }

    async fn query(&self, query: Query) -> Result<(Vec<Item>, Option<Item>), TableError> {
        let values = query.values.values().map(|value| match value {
            Value::S(text) => text.clone(),
            other => format!("{other:?}"),
        });
        let text = format!("query {}", values.collect::<Vec<_>>().join(" "));
        self.meddle(text, false, self.inner.query(query)).await
    }

    async fn write(&self, write: Write<Key>) -> Result<Option<Item>, TableError> {
        let text = text_of("write", std::slice::from_ref(&write));
        self.meddle(text, true, self.inner.write(write)).await
    }

    async fn transact(&self, writes: Vec<Write<Key>>) -> Result<(), TableError> {
        let text = text_of("transact", &writes);
        self.meddle(text, true, self.inner.transact(writes)).await
    }

    async fn put_all(&self, rows: Vec<(Key, Item)>) -> Result<(), TableError> {
        let keys: Vec<String> = rows
            .iter()
            .map(|(key, _)| format!("{}/{}", key.pk, key.sk))
            .collect();
        let text = format!("put_all {}", keys.join(" "));
        self.meddle(text, true, self.inner.put_all(rows)).await
    }

    async fn scan(
        &self,
        prefix: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<Key>, Option<Key>), TableError> {
        let scan = self.inner.scan(prefix, after, limit);
        self.meddle(format!("scan {prefix}"), false, scan).await
    }

    async fn remove(&self, keys: Vec<Key>) -> Result<(), TableError> {
        let text = format!("remove {} rows", keys.len());
        self.meddle(text, true, self.inner.remove(keys)).await
    }
}

/// A call as text: `transact update T1#lane#C1/lease [lease_until] …`.
fn text_of(call: &str, writes: &[Write<Key>]) -> String {
    let mut text = call.to_owned();
    for write in writes {
        let action = match &write.action {
            WriteAction::Put(_) => "put",
            WriteAction::Update(_) => "update",
            WriteAction::Delete => "delete",
            WriteAction::Check => "check",
        };
        let names: Vec<String> = names_in(write.expressions()).into_values().collect();
        let Key { pk, sk } = &write.key;
        // Writing to a text cannot fail.
        let _ = write!(text, " {action} {pk}/{sk} {names:?}");
    }
    text
}
