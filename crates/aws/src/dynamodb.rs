//! The table on DynamoDB.
//!
//! It tries again by itself and not through the SDK: only here is it known which calls may be repeated after an answer
//! was lost. A transaction carries a token that makes a repetition harmless, puts of a batch overwrite, but a single
//! write with a condition or a count must not be sent twice.

mod attributes;
mod failure;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Put, PutRequest, ReturnValue, TransactWriteItem, Update, WriteRequest,
};
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::entropy::random_hex;
use tidegate_pipeline::table::{Engine, Item, Key, Query, TableError, Write, WriteAction, names_in};

use self::attributes::{attributes, item_from, key_attributes, values};
use self::failure::{Call, failure, transaction_failure};
use crate::client::{Aws, Patience};

/// Attempts at one call.
const ATTEMPTS: u32 = 3;

/// First pause between attempts; it doubles.
const PAUSE: Duration = Duration::from_millis(50);

/// Of one attempt: a worker has 15 s and more for three of them.
const PATIENCE: Patience = Patience {
    connect: Duration::from_millis(500),
    attempt: Duration::from_secs(2),
    total: Duration::from_secs(2),
    attempts: 1,
};

/// Rows that one `BatchWriteItem` takes. So many of the largest rows, 400 kB, stay below its 16 MB even in base64.
const BATCH: usize = 25;

/// Attempts at the rows that a batch leaves over.
const BATCH_ATTEMPTS: u32 = 6;

/// A table of DynamoDB with the keys `pk` and `sk` and the index `due`.
#[derive(Clone)]
pub struct DynamoTable {
    client: Client,
    name: String,
    clock: Arc<dyn Clock>,
}

impl DynamoTable {
    /// The table of that name.
    pub fn new(aws: &Aws, name: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self { client: Client::new(&aws.config("dynamodb", PATIENCE)), name: name.into(), clock }
    }

    /// Opens the connection, best during init, where Lambda's CPU is not throttled. Whatever the answer is, even a
    /// refusal, the connection is there.
    pub async fn warm_up(&self) {
        let none = Key { pk: "@system#warm-up".to_owned(), sk: "none".to_owned() };
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
        let Write { key, action, condition, values: bound } = write;
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
                request.send().await.map(|_| None).map_err(|e| failure(&e, Call::Write))
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
                request.send().await.map(|_| None).map_err(|e| failure(&e, Call::Write))
            }
            WriteAction::Check => {
                Err(TableError::Invalid("a check stands in transactions only".to_owned()))
            }
        }
    }

    async fn transact_once(&self, items: Vec<TransactWriteItem>, token: &str) -> Result<(), TableError> {
        let request = self.client.transact_write_items().set_transact_items(Some(items));
        let request = request.client_request_token(token);
        request.send().await.map(|_| ()).map_err(|e| transaction_failure(&e))
    }

    /// One batch; answers the rows that were left over.
    async fn put_once(&self, rows: Vec<WriteRequest>) -> Result<Vec<WriteRequest>, TableError> {
        let request = self.client.batch_write_item().request_items(&self.name, rows);
        let answer = request.send().await.map_err(|e| failure(&e, Call::Write))?;
        Ok(answer.unprocessed_items.into_iter().flatten().flat_map(|(_, rows)| rows).collect())
    }

    async fn put_batch(&self, mut rows: Vec<WriteRequest>) -> Result<(), TableError> {
        for attempt in 1..=BATCH_ATTEMPTS {
            rows = self.repeated(Repeat::Always, || self.put_once(rows.clone())).await?;
            if rows.is_empty() {
                return Ok(());
            }
            self.pause(attempt).await;
        }
        Err(TableError::Busy("rows of a batch were left over".to_owned()))
    }

    fn transact_item(&self, write: Write<Key>) -> Result<TransactWriteItem, BuildError> {
        let names = names(write.expressions());
        let Write { key, action, condition, values: bound } = write;
        let (key, bound) = (Some(key_attributes(&key)), values(bound));
        let item = TransactWriteItem::builder();
        let item = match action {
            WriteAction::Put(row) => item.put(
                Put::builder()
                    .table_name(&self.name)
                    .set_item(Some(attributes(row)))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(bound)
                    .build()?,
            ),
            WriteAction::Update(expression) => item.update(
                Update::builder()
                    .table_name(&self.name)
                    .set_key(key)
                    .update_expression(expression)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(bound)
                    .build()?,
            ),
            WriteAction::Delete => item.delete(
                Delete::builder()
                    .table_name(&self.name)
                    .set_key(key)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(bound)
                    .build()?,
            ),
            WriteAction::Check => item.condition_check(
                ConditionCheck::builder()
                    .table_name(&self.name)
                    .set_key(key)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(bound)
                    .build()?,
            ),
        };
        Ok(item.build())
    }

    /// Calls up to [`ATTEMPTS`] times while that can help and is harmless. Once an answer was lost, "busy" is no
    /// longer the truth.
    async fn repeated<T, F>(&self, repeat: Repeat, call: impl Fn() -> F) -> Result<T, TableError>
    where
        F: Future<Output = Result<T, TableError>>,
    {
        let mut lost = None;
        for attempt in 1.. {
            let e = match call().await {
                Err(e @ TableError::Busy(_)) => e,
                Err(e @ TableError::Unknown(_)) if repeat == Repeat::Always => {
                    lost = Some(e.clone());
                    e
                }
                other => return other,
            };
            if attempt == ATTEMPTS {
                return Err(lost.unwrap_or(e));
            }
            self.pause(attempt).await;
        }
        Err(TableError::Busy("not attempted".to_owned()))
    }

    /// Waits before the next attempt: doubling, the last half of it by chance.
    async fn pause(&self, attempt: u32) {
        let longest = PAUSE * 2u32.saturating_pow(attempt - 1);
        let chance = random_hex(1).ok().and_then(|byte| u32::from_str_radix(&byte, 16).ok());
        self.clock.sleep(longest / 2 + longest * chance.unwrap_or(0) / 512).await;
    }
}

/// When a call may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// Whatever became of it: twice is as good as once.
    Always,
    /// Only when nothing was written.
    IfNotWritten,
}

#[async_trait]
impl Engine for DynamoTable {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.repeated(Repeat::Always, || self.get_once(key)).await
    }

    async fn query(&self, query: Query) -> Result<(Vec<Item>, Option<Item>), TableError> {
        self.repeated(Repeat::Always, || self.query_once(query.clone())).await
    }

    async fn write(&self, write: Write<Key>) -> Result<Option<Item>, TableError> {
        self.repeated(Repeat::IfNotWritten, || self.write_once(write.clone())).await
    }

    async fn transact(&self, writes: Vec<Write<Key>>) -> Result<(), TableError> {
        let items = writes.into_iter().map(|write| self.transact_item(write)).collect::<Result<Vec<_>, _>>();
        let items = items.map_err(|e| TableError::Invalid(e.to_string()))?;
        let token = random_hex(16).map_err(|e| TableError::Busy(e.to_string()))?;
        self.repeated(Repeat::Always, || self.transact_once(items.clone(), &token)).await
    }

    async fn put_all(&self, rows: Vec<(Key, Item)>) -> Result<(), TableError> {
        let mut rows = rows.into_iter();
        loop {
            let batch = rows.by_ref().take(BATCH).map(|(_, item)| put_request(item));
            let batch = batch.collect::<Result<Vec<_>, _>>();
            let batch = batch.map_err(|e| TableError::Invalid(e.to_string()))?;
            if batch.is_empty() {
                return Ok(());
            }
            self.put_batch(batch).await?;
        }
    }
}

fn put_request(item: Item) -> Result<WriteRequest, BuildError> {
    let put = PutRequest::builder().set_item(Some(attributes(item))).build()?;
    Ok(WriteRequest::builder().put_request(put).build())
}

fn names<'e>(expressions: impl Iterator<Item = &'e str>) -> Option<HashMap<String, String>> {
    let names: HashMap<_, _> = names_in(expressions).into_iter().collect();
    (!names.is_empty()).then_some(names)
}
