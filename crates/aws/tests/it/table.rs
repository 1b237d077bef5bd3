//! The table contract, against dynoxide's own HTTP server.

use std::sync::Arc;

use dynoxide::Database;
use serde_json::json;
use tidegate_aws::dynamodb::DynamoTable;
use tidegate_pipeline::clock::ManualClock;
use tidegate_pipeline::table::Table;
use tidegate_pipeline::table_contract::table_contract;
use tokio::net::TcpListener;

use crate::loopback::aws_at;

/// A fresh table on a server of its own.
pub(crate) async fn dynoxide() -> DynamoTable {
    let database = Database::memory().unwrap();
    let create = serde_json::from_value(json!({
        "TableName": "tidegate",
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
    }));
    database.create_table(create.unwrap()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    let clock = Arc::new(ManualClock::at(1_700_000_000));
    DynamoTable::new(&aws_at(&format!("http://{address}")), "tidegate", clock)
}

#[tokio::test]
async fn dynamodb_keeps_the_contract() {
    table_contract(Arc::new(dynoxide().await)).await;
}

#[tokio::test]
async fn a_warm_up_changes_nothing() {
    let table = dynoxide().await;
    table.warm_up().await;
    let rows = Table::new(Arc::new(table));
    let due = tidegate_pipeline::table::Due::Outbox;
    let now = tidegate_pipeline::clock::Timestamp(i64::MAX);
    assert_eq!(rows.system().due(due, now, 10).await, Ok(Vec::new()));
}
