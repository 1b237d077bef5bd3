//! Cursors that one process gives out and another takes.

use std::sync::Arc;

use tempfile::TempDir;
use tidegate_local::table::EmbeddedTable;
use tidegate_pipeline::clock::ManualClock;
use tidegate_pipeline::keyring::Keyring;
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::table::{Cursor, RowKey, Table};
use tidegate_slack::ids::TenantId;
use tidegate_testing::product::TENANT;

use crate::processes::api;

/// Keys are cached, so a process may not know the newest one yet.
#[tokio::test]
async fn a_cursor_under_a_key_that_this_process_does_not_know_yet_is_taken() {
    let (folder, clock) = (TempDir::new().unwrap(), ManualClock::at(1_800_000_000));
    let table = Table::new(Arc::new(EmbeddedTable::in_memory().unwrap()));
    let tenant = TenantId::from(TENANT);
    let [one, other] = [(), ()].map(|()| {
        let master = Arc::new(FixedSecret("5e".repeat(32).into()));
        let keyring = Keyring::new(&table, master, "master", Arc::new(clock.clone()));
        let keyring = Arc::new(keyring);
        let api = api(&table, &keyring, &clock, &folder);
        (keyring, api)
    });
    other.0.of(&tenant).await.unwrap();
    one.0.renew(&tenant).await.unwrap();
    let cursor = Cursor::after(&RowKey::new(&["list"], &["entry", "7"]));
    let sealed = one.1.seal_cursor(&tenant, "list", &cursor).await.unwrap();
    let opened = other.1.open_cursor(&tenant, "list", &sealed).await.unwrap();
    assert_eq!(opened, cursor);
    let elsewhere = other.1.open_cursor(&tenant, "another", &sealed).await;
    assert!(elsewhere.is_err(), "{elsewhere:?}");
}
