//! The table on a laptop: a DynamoDB engine on SQLite, in this process. Every write is on disk before it returns
//! (WAL, `synchronous=FULL`).

mod attributes;
mod thread;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use async_trait::async_trait;
use dynoxide::Database;
use dynoxide::actions::batch_write_item::{
    BatchWriteItemRequest, DeleteRequest, PutRequest, WriteRequest,
};
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::delete_item::DeleteItemRequest;
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::actions::put_item::PutItemRequest;
use dynoxide::actions::query::QueryRequest;
use dynoxide::actions::scan::ScanRequest;
use dynoxide::actions::update_item::UpdateItemRequest;
use dynoxide::actions::update_time_to_live::UpdateTimeToLiveRequest;
use dynoxide::errors::DynoxideError;
use serde_json::json;
use tidegate_pipeline::table::{
    Engine, Item, Key, Query, TableError, Write, WriteAction, all_plain,
};

use self::attributes::{attributes, item_from, key_attributes, names, transact_item, values};
use self::thread::{TableThread, Transaction};

const TABLE: &str = "tidegate";

/// Rows that one BatchWriteItem takes.
const BATCH: usize = 25;

/// The table that stands in for DynamoDB, in one file. Clones share it.
#[derive(Clone)]
pub struct EmbeddedTable(TableThread);

impl EmbeddedTable {
    /// Opens the table in a file, or makes it.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let path = path
            .to_str()
            .ok_or_else(|| anyhow::anyhow!("the data folder's path is not UTF-8"))?;
        Self::with_schema(Database::new(path)?)
    }

    /// An empty table in memory, for tests.
    pub fn in_memory() -> anyhow::Result<Self> {
        Self::with_schema(Database::memory()?)
    }

    fn with_schema(database: Database) -> anyhow::Result<Self> {
        let request: CreateTableRequest = serde_json::from_value(json!({
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
                {"AttributeName": "due", "AttributeType": "S"},
                {"AttributeName": "due_at", "AttributeType": "N"},
            ],
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "GlobalSecondaryIndexes": [{
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "due", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }],
        }))?;
        match database.create_table(request) {
            Ok(_) => {
                let ttl: UpdateTimeToLiveRequest = serde_json::from_value(json!({
                    "TableName": TABLE,
                    "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": true},
                }))?;
                database.update_time_to_live(ttl)?;
            }
            Err(DynoxideError::ResourceInUseException(_)) => {}
            Err(e) => return Err(e.into()),
        }
        Ok(Self(TableThread::start(database)?))
    }

    /// Deletes what has expired. Answers how many rows.
    pub async fn sweep_expired(&self) -> Result<usize, TableError> {
        self.0.call(Database::sweep_ttl).await
    }
}

#[async_trait]
impl Engine for EmbeddedTable {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        let request = GetItemRequest {
            table_name: TABLE.to_owned(),
            key: key_attributes(key),
            consistent_read: Some(true),
            ..GetItemRequest::default()
        };
        let response = self.0.call(|db| db.get_item(request)).await?;
        response.item.map(item_from).transpose()
    }

    async fn query(&self, query: Query) -> Result<(Vec<Item>, Option<Item>), TableError> {
        let request = QueryRequest {
            table_name: TABLE.to_owned(),
            expression_attribute_names: names(std::iter::once(query.condition.as_str())),
            key_condition_expression: Some(query.condition),
            expression_attribute_values: values(query.values),
            scan_index_forward: !query.descending,
            limit: Some(query.limit),
            exclusive_start_key: query.after.map(attributes),
            consistent_read: Some(query.index.is_none()),
            index_name: query.index.map(str::to_owned),
            ..QueryRequest::default()
        };
        let response = self.0.call(|db| db.query(request)).await?;
        let items = response
            .items
            .unwrap_or_default()
            .into_iter()
            .map(item_from);
        let next = response.last_evaluated_key.map(item_from).transpose()?;
        Ok((items.collect::<Result<_, _>>()?, next))
    }

    async fn write(&self, write: Write<Key>) -> Result<Option<Item>, TableError> {
        all_plain(write.all_values())?;
        let names = names(write.expressions());
        let Write {
            key,
            action,
            condition,
            values: bound,
        } = write;
        let (table_name, bound) = (TABLE.to_owned(), values(bound));
        match action {
            WriteAction::Put(item) => {
                let request = PutItemRequest {
                    table_name,
                    item: attributes(item),
                    condition_expression: condition,
                    expression_attribute_names: names,
                    expression_attribute_values: bound,
                    ..PutItemRequest::default()
                };
                self.0.call(|db| db.put_item(request)).await.map(|_| None)
            }
            WriteAction::Update(expression) => {
                let request = UpdateItemRequest {
                    table_name,
                    key: key_attributes(&key),
                    update_expression: Some(expression),
                    condition_expression: condition,
                    expression_attribute_names: names,
                    expression_attribute_values: bound,
                    return_values: Some("ALL_NEW".to_owned()),
                    ..UpdateItemRequest::default()
                };
                let response = self.0.call(|db| db.update_item(request)).await?;
                response.attributes.map(item_from).transpose()
            }
            WriteAction::Delete => {
                let request = DeleteItemRequest {
                    table_name,
                    key: key_attributes(&key),
                    condition_expression: condition,
                    expression_attribute_names: names,
                    expression_attribute_values: bound,
                    ..DeleteItemRequest::default()
                };
                self.0
                    .call(|db| db.delete_item(request))
                    .await
                    .map(|_| None)
            }
            WriteAction::Check => Err(TableError::Invalid(
                "a check stands in transactions only".to_owned(),
            )),
        }
    }

    async fn transact(&self, writes: Vec<Write<Key>>) -> Result<(), TableError> {
        all_plain(writes.iter().flat_map(Write::all_values))?;
        let keys = writes.iter().map(|write| write.key.clone()).collect();
        let items = writes.into_iter().map(transact_item).collect();
        self.0.transact(Transaction { keys, items }).await
    }

    async fn put_all(&self, rows: Vec<(Key, Item)>) -> Result<(), TableError> {
        all_plain(rows.iter().flat_map(|(_, item)| item.0.values()))?;
        let puts = rows.into_iter().map(|(_, item)| WriteRequest {
            put_request: Some(PutRequest {
                item: attributes(item),
            }),
            delete_request: None,
        });
        self.write_all(puts).await
    }

    async fn scan(
        &self,
        prefix: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<Key>, Option<Key>), TableError> {
        let request = ScanRequest {
            table_name: TABLE.to_owned(),
            filter_expression: Some("begins_with(#pk, :prefix)".to_owned()),
            projection_expression: Some("#pk, #sk".to_owned()),
            expression_attribute_names: names(std::iter::once("#pk #sk")),
            expression_attribute_values: values(BTreeMap::from([(
                ":prefix".to_owned(),
                prefix.into(),
            )])),
            limit: Some(limit),
            exclusive_start_key: after.as_ref().map(key_attributes),
            consistent_read: Some(true),
            ..ScanRequest::default()
        };
        let response = self.0.call(|db| db.scan(request)).await?;
        let items = response.items.unwrap_or_default().into_iter();
        let keys = items.map(|item| Ok(key_of(&item_from(item)?)));
        let next = response.last_evaluated_key.map(item_from).transpose()?;
        let keys: Result<Vec<_>, TableError> = keys.collect();
        Ok((
            keys?.into_iter().flatten().collect(),
            next.as_ref().and_then(key_of),
        ))
    }

    async fn remove(&self, keys: Vec<Key>) -> Result<(), TableError> {
        let deletes = keys.into_iter().map(|key| WriteRequest {
            put_request: None,
            delete_request: Some(DeleteRequest {
                key: key_attributes(&key),
            }),
        });
        self.write_all(deletes).await
    }
}

fn key_of(item: &Item) -> Option<Key> {
    Some(Key {
        pk: item.text("pk")?.to_owned(),
        sk: item.text("sk")?.to_owned(),
    })
}

impl EmbeddedTable {
    /// Puts and removes rows, in batches.
    async fn write_all(
        &self,
        mut requests: impl Iterator<Item = WriteRequest> + Send,
    ) -> Result<(), TableError> {
        loop {
            let batch: Vec<_> = requests.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(());
            }
            let request = BatchWriteItemRequest {
                request_items: HashMap::from([(TABLE.to_owned(), batch)]),
                ..BatchWriteItemRequest::default()
            };
            let response = self.0.call(|db| db.batch_write_item(request)).await?;
            if !response.unprocessed_items.is_empty() {
                return Err(TableError::Busy(
                    "rows of a batch were left over".to_owned(),
                ));
            }
        }
    }
}
