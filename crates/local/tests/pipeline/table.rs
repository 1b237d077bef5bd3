//! The embedded table keeps the table contract.

use std::sync::Arc;

use tempfile::TempDir;
use tidegate_local::table::EmbeddedTable;
use tidegate_pipeline::table_contract::table_contract;

#[tokio::test]
async fn the_table_in_memory_keeps_the_contract() {
    table_contract(Arc::new(EmbeddedTable::in_memory().unwrap())).await;
}

#[tokio::test]
async fn the_table_in_a_file_keeps_the_contract() {
    let folder = TempDir::new().unwrap();
    let table = EmbeddedTable::open(&folder.path().join("table.db")).unwrap();
    table_contract(Arc::new(table)).await;
}
