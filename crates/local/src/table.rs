//! The table on a laptop: a DynamoDB engine on SQLite, in this process. Every write is on disk before it returns
//! (WAL, `synchronous=FULL`); the engine is synchronous, so it is called from blocking threads.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use async_trait::async_trait;
use dynoxide::Database;
use dynoxide::actions::batch_write_item::{BatchWriteItemRequest, PutRequest, WriteRequest};
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::delete_item::DeleteItemRequest;
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::actions::put_item::PutItemRequest;
use dynoxide::actions::query::QueryRequest;
use dynoxide::actions::transact_write_items::{
    TransactConditionCheck, TransactDelete, TransactPut, TransactUpdate, TransactWriteItem,
    TransactWriteItemsRequest,
};
use dynoxide::actions::update_item::UpdateItemRequest;
use dynoxide::actions::update_time_to_live::UpdateTimeToLiveRequest;
use dynoxide::errors::DynoxideError;
use dynoxide::types::AttributeValue;
use serde_json::json;
use tidegate_pipeline::table::{
    Engine, Item, Key, Query, TableError, Value, Write, WriteAction, names_in,
};

const TABLE: &str = "tidegate";

/// Rows that one BatchWriteItem takes.
const BATCH: usize = 25;

/// The embedded table.
#[derive(Clone)]
pub struct EmbeddedTable(Database);

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
        Ok(Self(database))
    }

    /// Deletes what has expired. Answers how many rows.
    pub async fn sweep_expired(&self) -> Result<usize, TableError> {
        self.run(Database::sweep_ttl).await
    }

    async fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Database) -> Result<T, DynoxideError> + Send + 'static,
    ) -> Result<T, TableError> {
        let database = self.0.clone();
        match tokio::task::spawn_blocking(move || call(&database)).await {
            Ok(result) => result.map_err(error),
            Err(e) => Err(TableError::Unknown(e.to_string())),
        }
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
        let response = self.run(|db| db.get_item(request)).await?;
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
        let response = self.run(|db| db.query(request)).await?;
        let items = response
            .items
            .unwrap_or_default()
            .into_iter()
            .map(item_from);
        let next = response.last_evaluated_key.map(item_from).transpose()?;
        Ok((items.collect::<Result<_, _>>()?, next))
    }

    async fn write(&self, write: Write<Key>) -> Result<Option<Item>, TableError> {
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
                self.run(|db| db.put_item(request)).await.map(|_| None)
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
                let response = self.run(|db| db.update_item(request)).await?;
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
                self.run(|db| db.delete_item(request)).await.map(|_| None)
            }
            WriteAction::Check => Err(TableError::Invalid(
                "a check stands in transactions only".to_owned(),
            )),
        }
    }

    async fn transact(&self, writes: Vec<Write<Key>>) -> Result<(), TableError> {
        let request = TransactWriteItemsRequest {
            transact_items: writes.into_iter().map(transact_item).collect(),
            ..TransactWriteItemsRequest::default()
        };
        self.run(|db| db.transact_write_items(request))
            .await
            .map(|_| ())
    }

    async fn put_all(&self, rows: Vec<(Key, Item)>) -> Result<(), TableError> {
        let mut rows = rows.into_iter().map(|(_, item)| WriteRequest {
            put_request: Some(PutRequest {
                item: attributes(item),
            }),
            delete_request: None,
        });
        loop {
            let batch: Vec<_> = rows.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(());
            }
            let request = BatchWriteItemRequest {
                request_items: HashMap::from([(TABLE.to_owned(), batch)]),
                ..BatchWriteItemRequest::default()
            };
            let response = self.run(|db| db.batch_write_item(request)).await?;
            if !response.unprocessed_items.is_empty() {
                return Err(TableError::Busy(
                    "rows of a batch were left over".to_owned(),
                ));
            }
        }
    }
}

fn transact_item(write: Write<Key>) -> TransactWriteItem {
    let expression_attribute_names = names(write.expressions());
    let Write {
        key,
        action,
        condition,
        values: bound,
    } = write;
    let (table_name, expression_attribute_values) = (TABLE.to_owned(), values(bound));
    let mut item = TransactWriteItem::default();
    match action {
        WriteAction::Put(row) => {
            item.put = Some(TransactPut {
                table_name,
                item: attributes(row),
                condition_expression: condition,
                expression_attribute_names,
                expression_attribute_values,
                return_values_on_condition_check_failure: None,
            });
        }
        WriteAction::Update(update_expression) => {
            item.update = Some(TransactUpdate {
                table_name,
                key: key_attributes(&key),
                update_expression,
                condition_expression: condition,
                expression_attribute_names,
                expression_attribute_values,
                return_values_on_condition_check_failure: None,
            });
        }
        WriteAction::Delete => {
            item.delete = Some(TransactDelete {
                table_name,
                key: key_attributes(&key),
                condition_expression: condition,
                expression_attribute_names,
                expression_attribute_values,
                return_values_on_condition_check_failure: None,
            });
        }
        WriteAction::Check => {
            item.condition_check = Some(TransactConditionCheck {
                table_name,
                key: key_attributes(&key),
                condition_expression: condition.unwrap_or_default(),
                expression_attribute_names,
                expression_attribute_values,
                return_values_on_condition_check_failure: None,
            });
        }
    }
    item
}

fn error(e: DynoxideError) -> TableError {
    match e {
        DynoxideError::ConditionalCheckFailedException(..) => TableError::Condition,
        DynoxideError::TransactionCanceledException(message, reasons) => {
            let failed: Vec<bool> = reasons
                .iter()
                .map(|r| r.code == "ConditionalCheckFailed")
                .collect();
            if failed.contains(&true) {
                return TableError::Cancelled(failed);
            }
            TableError::Invalid(message)
        }
        // A full or read-only disk: nothing was committed, and it may have room again later.
        DynoxideError::InternalServerError(_) => {
            TableError::Busy("the database file cannot be written".to_owned())
        }
        other => TableError::Invalid(other.to_string()),
    }
}

fn key_attributes(key: &Key) -> HashMap<String, AttributeValue> {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(key.pk.clone())),
        ("sk".to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

fn names<'e>(expressions: impl Iterator<Item = &'e str>) -> Option<HashMap<String, String>> {
    let names: HashMap<_, _> = names_in(expressions).into_iter().collect();
    (!names.is_empty()).then_some(names)
}

fn values(values: BTreeMap<String, Value>) -> Option<HashMap<String, AttributeValue>> {
    let values: HashMap<_, _> = values
        .into_iter()
        .map(|(name, value)| (name, attribute(value)))
        .collect();
    (!values.is_empty()).then_some(values)
}

fn attributes(item: Item) -> HashMap<String, AttributeValue> {
    item.0
        .into_iter()
        .map(|(name, value)| (name, attribute(value)))
        .collect()
}

fn attribute(value: Value) -> AttributeValue {
    match value {
        Value::S(text) => AttributeValue::S(text),
        Value::N(number) => AttributeValue::N(number.to_string()),
        Value::B(bytes) => AttributeValue::B(bytes),
        Value::Bool(truth) => AttributeValue::BOOL(truth),
        Value::L(list) => AttributeValue::L(list.into_iter().map(attribute).collect()),
        Value::M(map) => {
            AttributeValue::M(map.into_iter().map(|(n, v)| (n, attribute(v))).collect())
        }
    }
}

fn item_from(attributes: HashMap<String, AttributeValue>) -> Result<Item, TableError> {
    let pairs = attributes
        .into_iter()
        .map(|(name, value)| Ok((name, value_from(value)?)));
    Ok(Item(pairs.collect::<Result<_, TableError>>()?))
}

fn value_from(attribute: AttributeValue) -> Result<Value, TableError> {
    let odd = |what: &str| {
        TableError::Invalid(format!("a row holds {what}, which Tidegate never writes"))
    };
    Ok(match attribute {
        AttributeValue::S(text) => Value::S(text),
        AttributeValue::N(number) => Value::N(number.parse().map_err(|_| odd("a fraction"))?),
        AttributeValue::B(bytes) => Value::B(bytes),
        AttributeValue::BOOL(truth) => Value::Bool(truth),
        AttributeValue::L(list) => {
            Value::L(list.into_iter().map(value_from).collect::<Result<_, _>>()?)
        }
        AttributeValue::M(map) => {
            let pairs = map
                .into_iter()
                .map(|(name, value)| Ok((name, value_from(value)?)));
            Value::M(pairs.collect::<Result<_, TableError>>()?)
        }
        _ => return Err(odd("a set or null")),
    })
}
