//! What people wrote, and what opens their workspace, lies on disk only under the key of its tenant; and a destroyed key
//! takes every copy of it along.

use std::path::Path;

use tidegate_app::mirror::messages;
use tidegate_local::data_dir::DataDir;
use tidegate_local::store::Store;
use tidegate_pipeline::clock::SystemClock;
use tidegate_pipeline::keyring::{KeyError, Place};
use tidegate_pipeline::people;
use tidegate_pipeline::table::{Item, Key as AbsoluteKey, Range, RowKey, TableError, Value, Write};
use tidegate_testing::damage::foreign;
use tidegate_testing::product::{
    Product, TENANT, back_up_keys, back_up_table, id, mention, message, store_in,
};

const WORDS: &str = "the harbour gate is open tonight";

fn holds(folder: &Path, words: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap().path());
    let with_words = files.filter(|path| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(words.len()).any(|w| w == words.as_bytes())
    });
    with_words
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}

#[tokio::test]
async fn no_text_and_no_response_url_lies_open_in_the_table() {
    let product = Product::start().await;
    let event = message("C0GENERAL01", WORDS);
    product.event(&event).await;
    product.event(&mention("C0GENERAL01", WORDS)).await;
    let url = product.response_url().await;
    let command = [
        ("command", "/tidegate"),
        ("text", "ping"),
        ("response_url", &url),
        ("team_id", TENANT),
    ];
    product.form("/slack/commands", &command).await;
    product.settled(id(&event)).await;
    product.drained().await;
    let row = product
        .table()
        .tenant(&TENANT.into())
        .get(&messages::key(
            "C0GENERAL01",
            event["event"]["ts"].as_str().unwrap(),
        ))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.opened_text("text"), Some(WORDS));
    let table = |name: &String| name.starts_with("table.db");
    assert!(!holds(product.data_dir(), WORDS).iter().any(table));
    assert!(!holds(product.data_dir(), &url).iter().any(table));
    // The search itself works: names of attributes are open.
    assert!(holds(product.data_dir(), "message_id").iter().any(table));
}

#[tokio::test]
async fn a_destroyed_key_makes_every_backup_unreadable() {
    let (folder, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = store_in(folder.path());
    let (key, tenant) = (RowKey::new(&["notes"], &["1"]), TENANT.into());
    let rows = store.table.tenant(&tenant);
    let row = Item::new().sealed("words", WORDS);
    rows.write(Write::put(key.clone(), row.clone()))
        .await
        .unwrap();
    // A backup of the table, as the cloud makes them: without the table of keys.
    back_up_table(folder.path(), backup.path());
    store.keyring.mark_erased(&tenant).await.unwrap();
    store.keyring.destroy(&tenant).await.unwrap();
    back_up_keys(folder.path(), backup.path());
    let restored = store_in(backup.path());
    let read = restored.table.tenant(&tenant).get(&key).await;
    assert_eq!(read, Err(TableError::Erased));
    // Nor does a new installation bring it back.
    restored.keyring.revive(&tenant).await.unwrap();
    let read = restored.table.tenant(&tenant).get(&key).await;
    assert!(matches!(read, Err(TableError::Invalid(_))), "{read:?}");
    let other = RowKey::new(&["notes"], &["2"]);
    let rows = restored.table.tenant(&tenant);
    rows.write(Write::put(other.clone(), row)).await.unwrap();
    let read = rows.get(&other).await.unwrap().unwrap();
    assert_eq!(read.opened_text("words"), Some(WORDS));
}

#[tokio::test]
async fn nothing_is_written_for_an_erased_tenant() {
    let store = Store::in_memory(std::sync::Arc::new(SystemClock)).unwrap();
    let rows = store.table.tenant(&TENANT.into());
    let put = || Write::put(RowKey::new(&["notes"], &["1"]), Item::new().with("n", 1i64));
    rows.write(put()).await.unwrap();
    store.keyring.mark_erased(&TENANT.into()).await.unwrap();
    store.keyring.destroy(&TENANT.into()).await.unwrap();
    assert_eq!(rows.write(put()).await, Err(TableError::Erased));
    assert_eq!(rows.transact(vec![put()]).await, Err(TableError::Erased));
    let batch = vec![(TENANT.into(), RowKey::new(&["notes"], &["1"]), Item::new())];
    assert_eq!(
        store.table.system().put_all(batch).await,
        Err(TableError::Erased)
    );
    let others = store.table.tenant(&"T0OTHER".into());
    others.write(put()).await.unwrap();
}

#[tokio::test]
async fn keys_are_renewed_without_losing_what_older_ones_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataDir::open(folder.path()).unwrap();
    let clock = || std::sync::Arc::new(SystemClock);
    let (old, new) = ("ab".repeat(32), "cd".repeat(32));
    let before = Store::open(&data, Some(old.clone().into()), clock()).unwrap();
    let keys = before.keyring.of(&TENANT.into()).await.unwrap();
    let row = AbsoluteKey {
        pk: format!("{TENANT}#notes"),
        sk: "1".to_owned(),
    };
    let place = Place {
        row: &row,
        attribute: "text",
    };
    let sealed = keys.seal(place, b"words").unwrap();
    let hash = before.keyring.hash(TENANT).await.unwrap();
    drop(before);
    // Both master keys while the new one takes over.
    let both = Store::open(&data, Some(format!("{new},{old}").into()), clock()).unwrap();
    both.keyring.renew(&TENANT.into()).await.unwrap();
    both.keyring.renew_hash_key().await.unwrap();
    let renewed = both.keyring.of(&TENANT.into()).await.unwrap();
    assert_eq!(renewed.open(place, &sealed).unwrap(), b"words");
    let resealed = renewed.seal(place, b"words").unwrap();
    assert!(keys.open(place, &resealed).is_err(), "sealed by a new key");
    drop(both);
    // The old master key is gone.
    let after = Store::open(&data, Some(new.into()), clock()).unwrap();
    let keys = after.keyring.of(&TENANT.into()).await.unwrap();
    assert_eq!(keys.open(place, &sealed).unwrap(), b"words");
    assert_eq!(after.keyring.hash(TENANT).await.unwrap(), hash);
    let wrong = Store::open(&data, Some("ef".repeat(32).into()), clock()).unwrap();
    assert!(matches!(
        wrong.keyring.of(&TENANT.into()).await,
        Err(KeyError::Locked(_))
    ));
}

/// The operator reads it, so it names what is wrong.
#[tokio::test]
async fn a_wrong_master_key_is_named_and_is_no_trouble_of_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataDir::open(folder.path()).unwrap();
    let open = |master: &str| {
        let clock = std::sync::Arc::new(SystemClock);
        Store::open(&data, Some(master.to_owned().into()), clock).unwrap()
    };
    let (old, new) = ("ab".repeat(32), "cd".repeat(32));
    let tenant = TENANT.into();
    let key = RowKey::new(&["notes"], &["1"]);
    let put = || Write::put(key.clone(), Item::new().sealed("words", WORDS));
    let rows = open(&old).table.tenant(&tenant);
    rows.write(put()).await.unwrap();
    let said = async |store: Store| {
        let rows = store.table.tenant(&tenant);
        let write = rows.write(put()).await.unwrap_err();
        assert_eq!(rows.get(&key).await, Err(write.clone()));
        assert!(matches!(write, TableError::Keys(_)), "{write:?}");
        write.to_string()
    };
    let ends = "cannot be opened with the master keys that are configured";
    let wrong = said(open(&new)).await;
    assert_eq!(wrong, format!("the key of the keyed hashes {ends}"));
    // The workspace was left out when the others got new keys.
    let both = open(&format!("{new},{old}"));
    both.keyring.renew_hash_key().await.unwrap();
    let left_out = said(open(&new)).await;
    assert_eq!(left_out, format!("the data key of {TENANT} {ends}"));
}

#[tokio::test]
async fn a_process_that_has_read_the_keys_opens_what_a_newer_key_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (store_in(folder.path()), store_in(folder.path()));
    let (key, tenant) = (RowKey::new(&["notes"], &["1"]), TENANT.into());
    other.keyring.of(&tenant).await.unwrap();
    one.keyring.renew(&tenant).await.unwrap();
    let row = Item::new().sealed("words", WORDS);
    let rows = one.table.tenant(&tenant);
    rows.write(Write::put(key.clone(), row)).await.unwrap();
    let read = other.table.tenant(&tenant).get(&key).await.unwrap();
    assert_eq!(read.unwrap().opened_text("words"), Some(WORDS));
}

#[tokio::test]
async fn a_value_that_does_not_open_hides_no_other_row() {
    let store = Store::in_memory(std::sync::Arc::new(SystemClock)).unwrap();
    let rows = store.table.tenant(&TENANT.into());
    let foreign = foreign(&store.keyring).await;
    let damaged = Item::new().with("words", foreign);
    let whole = Item::new().sealed("words", WORDS);
    for (sort, row) in [("1", damaged), ("2", whole)] {
        let key = RowKey::new(&["notes"], &[sort]);
        rows.write(Write::put(key, row)).await.unwrap();
    }
    let page = rows.query(&["notes"], Range::All, false, 10, None);
    let read = page.await.unwrap().rows;
    let words: Vec<_> = read
        .iter()
        .map(|(_, row)| row.opened_text("words"))
        .collect();
    assert_eq!(words, [None, Some(WORDS)]);
}

#[tokio::test]
async fn a_write_that_was_done_is_not_reported_as_failed_because_its_row_does_not_open() {
    let store = Store::in_memory(std::sync::Arc::new(SystemClock)).unwrap();
    let rows = store.table.tenant(&TENANT.into());
    let foreign = foreign(&store.keyring).await;
    let key = RowKey::new(&["notes"], &["1"]);
    let damaged = Item::new().with("words", foreign);
    rows.write(Write::put(key.clone(), damaged)).await.unwrap();
    let change = Write::update(key, "SET #n = :n").value(":n", 1i64);
    let row = rows.write(change).await.unwrap().unwrap();
    assert_eq!((row.number("n"), row.opened_text("words")), (Some(1), None));
}

/// The row only repeats what Slack says of the person.
#[tokio::test]
async fn a_person_whose_row_does_not_open_has_no_name() {
    let store = Store::in_memory(std::sync::Arc::new(SystemClock)).unwrap();
    let rows = store.table.tenant(&TENANT.into());
    let foreign = foreign(&store.keyring).await;
    for (user, name) in [("U1", foreign), ("U2", Value::Sealed(b"Grace".to_vec()))] {
        let key = RowKey::new(&["person", user], &["slack"]);
        let row = Item::new().with("name", name);
        rows.write(Write::put(key, row)).await.unwrap();
    }
    let names = people::names(&rows, ["U1", "U2"].map(Into::into)).await;
    let names = names.unwrap();
    assert_eq!(names.len(), 1);
    assert_eq!(names[&"U2".into()], "Grace");
}
