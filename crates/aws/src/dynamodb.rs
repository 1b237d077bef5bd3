//! The table on `DynamoDB`.
//!
//! It tries again by itself and not through the SDK: only here is it known which calls may be repeated after an answer
//! was lost. A transaction carries a token that makes a repetition harmless, puts of a batch overwrite, but a single
//! write with a condition or a count must not be sent twice.

mod attributes;
mod failure;
mod repeat;
mod transaction;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    DeleteRequest, PutRequest, ReturnValue, TransactWriteItem, WriteRequest,
};
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::entropy::random_hex;
use tidegate_pipeline::table::{
    Engine, Item, Key, Query, TableError, Write, WriteAction, all_plain, names_in,
};

use self::attributes::{attributes, item_from, key_attributes, values};
use self::failure::{Call, failure, transaction_failure};
use self::repeat::Repeat;
use crate::client::{Aws, Patience};

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

/// A table of `DynamoDB` with the keys `pk` and `sk` and the index `due`.
#[derive(Clone)]
pub struct DynamoTable {
    client: Client,
    name: String,
    clock: Arc<dyn Clock>,
}

impl DynamoTable {
    /// The table of that name.
    pub fn new(aws: &Aws, name: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self {
            client: Client::new(&aws.config("dynamodb", PATIENCE)),
            name: name.into(),
            clock,
        }
    }

    /// Another table by the same connection.
    #[must_use]
    pub fn sibling(&self, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..self.clone()
        }
    }

    /// Opens the connection, best during init, where Lambda's CPU is not throttled. Whatever the answer is, even a
    /// refusal, the connection is there.
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

    /// One batch; answers the rows that were left over.
    async fn put_once(&self, rows: Vec<WriteRequest>) -> Result<Vec<WriteRequest>, TableError> {
        let request = self
            .client
            .batch_write_item()
            .request_items(&self.name, rows);
        let answer = request.send().await.map_err(|e| failure(&e, Call::Write))?;
        Ok(answer
            .unprocessed_items
            .into_iter()
            .flatten()
            .flat_map(|(_, rows)| rows)
            .collect())
    }

    /// Puts and removes rows, in batches.
    async fn write_all(
        &self,
        mut requests: impl Iterator<Item = Result<WriteRequest, BuildError>> + Send,
    ) -> Result<(), TableError> {
        loop {
            let batch = requests.by_ref().take(BATCH).collect::<Result<Vec<_>, _>>();
            let batch = batch.map_err(|e| TableError::Invalid(e.to_string()))?;
            if batch.is_empty() {
                return Ok(());
            }
            self.put_batch(batch).await?;
        }
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

    async fn put_batch(&self, mut rows: Vec<WriteRequest>) -> Result<(), TableError> {
        for attempt in 1..=BATCH_ATTEMPTS {
            rows = self
                .repeated(Repeat::Always, || self.put_once(rows.clone()))
                .await?;
            if rows.is_empty() {
                return Ok(());
            }
            self.pause(attempt).await;
        }
        Err(TableError::Busy(
            "rows of a batch were left over".to_owned(),
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

fn delete_request(key: &Key) -> Result<WriteRequest, BuildError> {
    let delete = DeleteRequest::builder()
        .set_key(Some(key_attributes(key)))
        .build()?;
    Ok(WriteRequest::builder().delete_request(delete).build())
}

fn key_of(item: &Item) -> Option<Key> {
    Some(Key {
        pk: item.text("pk")?.to_owned(),
        sk: item.text("sk")?.to_owned(),
    })
}

fn put_request(item: Item) -> Result<WriteRequest, BuildError> {
    let put = PutRequest::builder()
        .set_item(Some(attributes(item)))
        .build()?;
    Ok(WriteRequest::builder().put_request(put).build())
}

fn names<'e>(expressions: impl Iterator<Item = &'e str>) -> Option<HashMap<String, String>> {
    let names: HashMap<_, _> = names_in(expressions).into_iter().collect();
    (!names.is_empty()).then_some(names)
}
