//! The table on `DynamoDB`.
//!
//! The SDK's own retries are off, because only this module knows which calls may be repeated after a response was lost. A
//! transaction has a token that makes a repetition harmless, and the puts of a batch overwrite. A single write with a condition or
//! a count must not be sent twice.

mod attributes;
mod batch;
mod failure;
mod repeat;
mod transaction;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{ReturnValue, TransactWriteItem};
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::entropy::random_hex;
use tidegate_pipeline::table::{
    Engine, Item, Key, Query, TableError, Write, WriteAction, all_plain, names_in,
};

use self::attributes::{attributes, item_from, key_attributes, values};
use self::batch::{delete_request, put_request};
use self::failure::{Call, failure, transaction_failure};
use self::repeat::Repeat;
use crate::client::{Aws, Patience};

/// The timeouts of one attempt. A worker has at least 15 s for three attempts.
const PATIENCE: Patience = Patience {
    connect: Duration::from_millis(500),
    attempt: Duration::from_secs(2),
    total: Duration::from_secs(2),
    attempts: 1,
};

/// A table of `DynamoDB` with the keys `pk` and `sk` and the index `due`.
#[derive(Clone)]
pub struct DynamoTable {
    client: Client,
    name: String,
    clock: Arc<dyn Clock>,
}

impl DynamoTable {
    /// Opens the table of that name.
    pub fn new(aws: &Aws, name: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self {
            client: Client::new(&aws.config("dynamodb", PATIENCE)),
            name: name.into(),
            clock,
        }
    }

    /// Opens another table with the same client and connection.
    #[must_use]
    pub fn sibling(&self, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..self.clone()
        }
    }

    /// Opens the connection. This is best done during init, when Lambda's CPU is not throttled. Even an error response opens it.
    pub async fn warm_up(&self) {
        let none = Key {
            pk: "@system#warm-up".to_owned(),
            sk: "none".to_owned(),
        };
        if let Err(e) = self.get_once(&none).await {
            tracing::debug!(error = %e, "dynamodb.warm_up");
        }
    }

    async fn get_once(&self, key: &Key) -> Result<Option<Item>, TableError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key_attributes(key)))
            .consistent_read(true);
        let answer = request.send().await.map_err(|e| failure(&e, Call::Read))?;
        answer.item.map(item_from).transpose()
    }

    async fn query_once(&self, query: Query) -> Result<(Vec<Item>, Option<Item>), TableError> {
        let request = self
            .client
            .query()
            .table_name(&self.name)
            .set_expression_attribute_names(names([query.condition.as_str()].into_iter()))
            .key_condition_expression(query.condition)
            .set_expression_attribute_values(values(query.values))
            .scan_index_forward(!query.descending)
            .limit(i32::try_from(query.limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(query.after.map(attributes))
            .consistent_read(query.index.is_none())
            .set_index_name(query.index.map(str::to_owned));
        let answer = request.send().await.map_err(|e| failure(&e, Call::Read))?;
        let items = answer.items.unwrap_or_default().into_iter().map(item_from);
        let next = answer.last_evaluated_key.map(item_from).transpose()?;
        Ok((items.collect::<Result<_, _>>()?, next))
    }

    async fn write_once(&self, write: Write<Key>) -> Result<Option<Item>, TableError> {
        let names = names(write.expressions());
        let Write {
            key,
            action,
            condition,
            values: bound,
        } = write;
        let (key, bound) = (key_attributes(&key), values(bound));
        match action {
            WriteAction::Put(item) => {
                let request = self
                    .client
                    .put_item()
                    .table_name(&self.name)
                    .set_item(Some(attributes(item)))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(bound);
                request
                    .send()
                    .await
                    .map(|_| None)
                    .map_err(|e| failure(&e, Call::Write))
            }
            WriteAction::Update(expression) => {
                let request = self
                    .client
                    .update_item()
                    .table_name(&self.name)
                    .set_key(Some(key))
                    .update_expression(expression)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(bound)
                    .return_values(ReturnValue::AllNew);
                let answer = request.send().await.map_err(|e| failure(&e, Call::Write))?;
                answer.attributes.map(item_from).transpose()
            }
            WriteAction::Delete => {
                let request = self
                    .client
                    .delete_item()
                    .table_name(&self.name)
                    .set_key(Some(key))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(bound);
                request
                    .send()
                    .await
                    .map(|_| None)
                    .map_err(|e| failure(&e, Call::Write))
            }
            WriteAction::Check => Err(TableError::Invalid(
                "a check stands in transactions only".to_owned(),
            )),
        }
    }

    async fn transact_once(
        &self,
        items: Vec<TransactWriteItem>,
        token: &str,
    ) -> Result<(), TableError> {
        let request = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items));
        let request = request.client_request_token(token);
        request
            .send()
            .await
            .map(|_| ())
            .map_err(|e| transaction_failure(&e))
    }

    async fn scan_once(
        &self,
        prefix: &str,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<(Vec<Key>, Option<Key>), TableError> {
        let wanted = BTreeMap::from([(":prefix".to_owned(), prefix.into())]);
        let request = self
            .client
            .scan()
            .table_name(&self.name)
            .filter_expression("begins_with(#pk, :prefix)")
            .projection_expression("#pk, #sk")
            .set_expression_attribute_names(names(["#pk #sk"].into_iter()))
            .set_expression_attribute_values(values(wanted))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after.map(key_attributes))
            .consistent_read(true);
        let answer = request.send().await.map_err(|e| failure(&e, Call::Read))?;
        let items = answer.items.unwrap_or_default().into_iter();
        let keys = items.map(|item| Ok(key_of(&item_from(item)?)));
        let next = answer.last_evaluated_key.map(item_from).transpose()?;
        let keys: Result<Vec<_>, TableError> = keys.collect();
        Ok((
            keys?.into_iter().flatten().collect(),
            next.as_ref().and_then(key_of),
        ))
    }
}

#[async_trait]
impl Engine for DynamoTable {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.repeated(Repeat::Always, || self.get_once(key)).await
    }

    async fn query(&self, query: Query) -> Result<(Vec<Item>, Option<Item>), TableError> {
        self.repeated(Repeat::Always, || self.query_once(query.clone()))
            .await
    }

    async fn write(&self, write: Write<Key>) -> Result<Option<Item>, TableError> {
        all_plain(write.all_values())?;
        self.repeated(Repeat::IfNotWritten, || self.write_once(write.clone()))
            .await
    }

    async fn transact(&self, writes: Vec<Write<Key>>) -> Result<(), TableError> {
        all_plain(writes.iter().flat_map(Write::all_values))?;
        let items = writes
            .into_iter()
            .map(|write| self.transact_item(write))
            .collect::<Result<Vec<_>, _>>();
        let items = items.map_err(|e| TableError::Invalid(e.to_string()))?;
        let token = random_hex(16).map_err(|e| TableError::Busy(e.to_string()))?;
        self.repeated(Repeat::Always, || self.transact_once(items.clone(), &token))
            .await
    }

    async fn put_all(&self, rows: Vec<(Key, Item)>) -> Result<(), TableError> {
        all_plain(rows.iter().flat_map(|(_, item)| item.0.values()))?;
        self.write_all(rows.into_iter().map(|(_, item)| put_request(item)))
            .await
    }

    async fn scan(
        &self,
        prefix: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<Key>, Option<Key>), TableError> {
        self.repeated(Repeat::Always, || {
            self.scan_once(prefix, after.as_ref(), limit)
        })
        .await
    }

    async fn remove(&self, keys: Vec<Key>) -> Result<(), TableError> {
        self.write_all(keys.iter().map(delete_request)).await
    }
}

fn key_of(item: &Item) -> Option<Key> {
    Some(Key {
        pk: item.text("pk")?.to_owned(),
        sk: item.text("sk")?.to_owned(),
    })
}

fn names<'e>(expressions: impl Iterator<Item = &'e str>) -> Option<HashMap<String, String>> {
    let names: HashMap<_, _> = names_in(expressions).into_iter().collect();
    (!names.is_empty()).then_some(names)
}
