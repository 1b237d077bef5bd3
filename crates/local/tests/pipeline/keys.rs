//! Marking a workspace as erased and destroying its keys are two steps, and no key is made between them or after; keys that an
//! older release stored in one row are moved apart.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tidegate_local::data_dir::DataDir;
use tidegate_local::table::EmbeddedTable;
use tidegate_pipeline::clock::SystemClock;
use tidegate_pipeline::keyring::{KeyError, Keyring, Place};
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::table::{
    Engine, Item, Key, Range, RowKey, Rows, Table, TableError, Value, Write,
};
use tidegate_testing::faulty_table::FaultyTable;
use tidegate_testing::product::{TENANT, store_in};

const WORDS: &str = "the harbour gate is open tonight";

/// The rows of a tenant's keys, by the parts of their sort keys.
async fn key_rows(rows: &Rows, hash: &str) -> BTreeMap<Vec<String>, Item> {
    let partition = ["tenant_key", hash];
    let found = rows.pages(&partition, Range::All).all().await.unwrap();
    let found = found.into_iter();
    found.map(|(key, row)| (key.sort_parts(), row)).collect()
}

fn keys_in(folder: &Path) -> Rows {
    let data = DataDir::open(folder).unwrap();
    let table = EmbeddedTable::open(&data.keys()).unwrap();
    Table::new(Arc::new(table)).system().rows().clone()
}

#[tokio::test]
async fn an_erased_workspace_is_shut_at_once_and_its_keys_are_gone_once_they_are_destroyed() {
    let folder = tempfile::tempdir().unwrap();
    let (store, rows) = (store_in(folder.path()), keys_in(folder.path()));
    let tenant = TENANT.into();
    store.keyring.of(&tenant).await.unwrap();
    store.keyring.renew(&tenant).await.unwrap();
    let hash = store.keyring.hash(TENANT).await.unwrap();
    let all = async || key_rows(&rows, &hash).await.into_keys().collect::<Vec<_>>();
    assert_eq!(
        all().await,
        [vec!["key", "1"], vec!["key", "2"], vec!["keys"]]
    );
    // Without the mark, which lies in the table of keys, nothing is destroyed.
    assert_eq!(store.keyring.destroy(&tenant).await.unwrap(), None);
    store.keyring.mark_erased(&tenant).await.unwrap();
    assert!(store.keyring.is_erased(&tenant).await.unwrap());
    let used = store.keyring.of(&tenant).await;
    assert!(matches!(used, Err(KeyError::Erased)));
    assert_eq!(all().await.len(), 3);
    // An install that comes now must not bring the old keys back.
    let revived = store.keyring.revive(&tenant).await;
    assert!(matches!(revived, Err(KeyError::Erased)), "{revived:?}");
    assert_eq!(store.keyring.destroy(&tenant).await.unwrap(), Some(2));
    assert_eq!(store.keyring.destroy(&tenant).await.unwrap(), Some(0));
    assert_eq!(all().await, [["keys"]]);
    // A new install never gives a new key the number of a destroyed one.
    store.keyring.revive(&tenant).await.unwrap();
    store.keyring.of(&tenant).await.unwrap();
    assert_eq!(all().await, [vec!["key", "3"], vec!["keys"]]);
}

#[tokio::test]
async fn a_damaged_key_keeps_nothing_from_being_erased() {
    let folder = tempfile::tempdir().unwrap();
    let (store, rows) = (store_in(folder.path()), keys_in(folder.path()));
    let tenant = TENANT.into();
    store.keyring.of(&tenant).await.unwrap();
    let hash = store.keyring.hash(TENANT).await.unwrap();
    let damaged = RowKey::new(&["tenant_key", &hash], &["key", "1"]);
    let spoil = Write::update(damaged, "SET #wrapped = :nothing").value(":nothing", "nothing");
    rows.write(spoil).await.unwrap();
    store.keyring.mark_erased(&tenant).await.unwrap();
    assert_eq!(store.keyring.destroy(&tenant).await.unwrap(), Some(1));
    assert_eq!(key_rows(&rows, &hash).await.len(), 1);
}

#[tokio::test]
async fn a_key_that_is_made_during_an_erasure_is_not_stored() {
    let engine = FaultyTable::new(1);
    let table = Table::new(Arc::clone(&engine) as Arc<dyn Engine>);
    let master = Arc::new(FixedSecret("5e".repeat(32).into()));
    let clock = Arc::new(SystemClock);
    let keyring = Arc::new(Keyring::new(&table, master, "master", clock));
    let hash = keyring.hash(TENANT).await.unwrap();
    let held = engine.hold_next(&["transact", "tenant_key"], false);
    let maker = tokio::spawn({
        let keyring = Arc::clone(&keyring);
        async move { keyring.of(&TENANT.into()).await.map(|_| ()) }
    });
    held.reached.notified().await;
    keyring.mark_erased(&TENANT.into()).await.unwrap();
    keyring.destroy(&TENANT.into()).await.unwrap();
    held.go_on.notify_one();
    assert!(matches!(maker.await.unwrap(), Err(KeyError::Erased)));
    let left = key_rows(table.system().rows(), &hash).await;
    assert_eq!(left.into_keys().collect::<Vec<_>>(), [["keys"]]);
}

/// Puts the keys of a tenant into one row, as releases did before each key had its own.
async fn put_into_one_row(rows: &Rows, hash: &str) {
    let (mut keys, mut current) = (BTreeMap::new(), 0);
    for (sort, mut row) in key_rows(rows, hash).await {
        if sort == ["keys"] {
            current = row.number("current").unwrap();
            continue;
        }
        keys.insert(sort[1].clone(), row.0.remove("wrapped").unwrap());
        let key = RowKey::new(&["tenant_key", hash], &["key", &sort[1]]);
        rows.write(Write::delete(key)).await.unwrap();
    }
    let row = Item::new()
        .with("current", current)
        .with("wrapped", Value::M(keys));
    let place = RowKey::new(&["tenant_key", hash], &["keys"]);
    rows.write(Write::put(place, row)).await.unwrap();
}

#[tokio::test]
async fn keys_in_one_row_are_moved_apart_and_open_what_they_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let (tenant, key) = (TENANT.into(), RowKey::new(&["notes"], &["1"]));
    let before = store_in(folder.path());
    let row = Item::new().sealed("words", WORDS);
    let notes = before.table.tenant(&tenant);
    notes.write(Write::put(key.clone(), row)).await.unwrap();
    before.keyring.renew(&tenant).await.unwrap();
    let hash = before.keyring.hash(TENANT).await.unwrap();
    let rows = keys_in(folder.path());
    for renewed in [false, true] {
        put_into_one_row(&rows, &hash).await;
        let after = store_in(folder.path());
        if renewed {
            after.keyring.renew(&tenant).await.unwrap();
        }
        let read = after.table.tenant(&tenant).get(&key).await.unwrap();
        assert_eq!(read.unwrap().opened_text("words"), Some(WORDS));
        let apart = key_rows(&rows, &hash).await;
        assert_eq!(apart.len(), if renewed { 4 } else { 3 });
        assert!(!apart[&vec!["keys".to_owned()]].0.contains_key("wrapped"));
    }
    // One that is erased before it is moved is erased all the same.
    put_into_one_row(&rows, &hash).await;
    let after = store_in(folder.path());
    after.keyring.mark_erased(&tenant).await.unwrap();
    after.keyring.destroy(&tenant).await.unwrap();
    assert_eq!(key_rows(&rows, &hash).await.len(), 1);
    let read = after.table.tenant(&tenant).get(&key).await;
    assert_eq!(read, Err(TableError::Erased));
}

/// On DynamoDB, a query beside a transaction may see one of its writes without the other.
#[tokio::test]
async fn keys_that_are_seen_in_the_middle_of_a_renewal_are_read_again() {
    let engine = FaultyTable::new(1);
    let (reading, writing) = (
        Table::new(Arc::clone(&engine) as Arc<dyn Engine>),
        Table::new(Arc::new(engine.inner.clone())),
    );
    let [reader, writer] = [&reading, &writing].map(|table| {
        let master = Arc::new(FixedSecret("5e".repeat(32).into()));
        Keyring::new(table, master, "master", Arc::new(SystemClock))
    });
    let tenant = TENANT.into();
    writer.of(&tenant).await.unwrap();
    writer.renew(&tenant).await.unwrap();
    let rows = writing.system().rows().clone();
    let hash = writer.hash(TENANT).await.unwrap();
    let newest = RowKey::new(&["tenant_key", &hash], &["key", "2"]);
    let key = rows.get(&newest).await.unwrap().unwrap();
    rows.write(Write::delete(newest.clone())).await.unwrap();
    let held = engine.hold_next(&["query", "tenant_key"], true);
    let read = async { reader.of(&tenant).await.unwrap() };
    let arrive = async {
        held.reached.notified().await;
        rows.write(Write::put(newest, key)).await.unwrap();
        held.go_on.notify_one();
    };
    let (keys, ()) = tokio::join!(read, arrive);
    let row = Key {
        pk: "row".to_owned(),
        sk: "1".to_owned(),
    };
    let place = Place {
        row: &row,
        attribute: "text",
    };
    let sealed = keys.seal(place, WORDS.as_bytes());
    assert!(sealed.is_ok(), "the newest key is missing: {sealed:?}");
}
