//! The embedded table keeps the table contract.

use std::sync::Arc;

use tempfile::TempDir;
use tidegate_local::table::EmbeddedTable;
use tidegate_pipeline::table::{Item, RowKey, Table, TableError, Write};
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

/// Public routes get such rows.
#[tokio::test]
async fn rows_to_read_only_cannot_be_changed() {
    let table = Table::new(Arc::new(EmbeddedTable::in_memory().unwrap()));
    let rows = table.tenant(&"T0TESTS0001".into());
    let key = RowKey::new(&["things"], &["one"]);
    let put = || Write::put(key.clone(), Item::new().with("n", 1i64));
    rows.write(put()).await.unwrap();
    let shown = rows.clone().read_only();
    let row = shown.get(&key).await.unwrap().unwrap();
    assert_eq!(row.number("n"), Some(1));
    let refused = |outcome: Result<(), TableError>| {
        assert!(
            matches!(outcome, Err(TableError::Invalid(_))),
            "{outcome:?}"
        );
    };
    refused(shown.write(Write::delete(key.clone())).await.map(drop));
    refused(shown.transact(vec![put()]).await);
    refused(shown.transact_with_system(vec![put()], Vec::new()).await);
    assert!(rows.get(&key).await.unwrap().is_some());
}
