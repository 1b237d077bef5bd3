//! A sealed value opens in its own row only. Somebody who can write to the table may move one to another row, attribute or
//! workspace: it stays shut there, and that row is damaged like any other that does not open.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_local::store::Store;
use tidegate_pipeline::clock::SystemClock;
use tidegate_pipeline::table::{Engine, Item, Key, Range, RowKey, TableError, Value, Write};
use tidegate_testing::product::TENANT;

const OTHER: &str = "T0OTHER0001";

fn store() -> Store {
    Store::in_memory(Arc::new(SystemClock)).unwrap()
}

fn note(n: &str) -> RowKey {
    RowKey::new(&["notes"], &[n])
}

/// Where the engine has the row `<partition>`, `<sort>` of a workspace.
fn place(tenant: &str, partition: &str, sort: &str) -> Key {
    Key {
        pk: format!("{tenant}#{partition}"),
        sk: sort.to_owned(),
    }
}

fn words(words: &str) -> Item {
    Item::new().sealed("words", words)
}

/// What the engine has at that place.
async fn stored(store: &Store, key: &Key) -> Item {
    store.embedded.get(key).await.unwrap().unwrap()
}

/// Puts a row into the engine as somebody would who can write to the table.
async fn forge(store: &Store, key: &Key, attributes: BTreeMap<String, Value>) {
    let row = Item(attributes)
        .with("pk", key.pk.as_str())
        .with("sk", key.sk.as_str());
    let put = Write::put(key.clone(), row);
    store.embedded.write(put).await.unwrap();
}

#[tokio::test]
async fn a_value_that_is_moved_elsewhere_stays_shut() {
    let store = store();
    for tenant in [TENANT, OTHER] {
        let rows = store.table.tenant(&tenant.into());
        let put = Write::put(note("1"), words("the board meets at nine"));
        rows.write(put).await.unwrap();
    }
    let home = place(TENANT, "notes", "1");
    let value = stored(&store, &home).await.0["words"].clone();
    let elsewhere = [
        (TENANT, "notes", "2", "words"),
        (TENANT, "drafts", "1", "words"),
        (TENANT, "notes", "1", "title"),
        (OTHER, "notes", "1", "words"),
    ];
    for (tenant, partition, sort, attribute) in elsewhere {
        let moved = BTreeMap::from([(attribute.to_owned(), value.clone())]);
        forge(&store, &place(tenant, partition, sort), moved).await;
        let rows = store.table.tenant(&tenant.into());
        let read = rows.get(&RowKey::new(&[partition], &[sort])).await;
        let Err(TableError::Invalid(why)) = read else {
            panic!("{tenant} {partition} {sort} {attribute}: {read:?}");
        };
        assert_eq!(
            why,
            format!("`{attribute}`: sealed data cannot be opened with this key")
        );
    }
    // At home it opens, so it is the place that keeps it shut elsewhere.
    forge(&store, &home, BTreeMap::from([("words".to_owned(), value)])).await;
    let rows = store.table.tenant(&TENANT.into());
    let read = rows.get(&note("1")).await.unwrap().unwrap();
    assert_eq!(read.opened_text("words"), Some("the board meets at nine"));
}

#[tokio::test]
async fn two_values_that_change_places_hide_no_third_row() {
    let store = store();
    let rows = store.table.tenant(&TENANT.into());
    for (n, text) in [("1", "one"), ("2", "two"), ("3", "three")] {
        rows.write(Write::put(note(n), words(text))).await.unwrap();
    }
    let (one, two) = (place(TENANT, "notes", "1"), place(TENANT, "notes", "2"));
    let (first, second) = (stored(&store, &one).await, stored(&store, &two).await);
    forge(&store, &one, second.0).await;
    forge(&store, &two, first.0).await;
    let page = rows.query(&["notes"], Range::All, false, 9, None);
    let page = page.await.unwrap().rows;
    let read: Vec<_> = page
        .iter()
        .map(|(_, row)| row.opened_text("words"))
        .collect();
    assert_eq!(read, [None, None, Some("three")]);
}

#[tokio::test]
async fn what_is_written_in_any_way_opens_again() {
    let store = store();
    let rows = store.table.tenant(&TENANT.into());
    rows.write(Write::put(note("put"), words("put")))
        .await
        .unwrap();
    let update = |n: &str| {
        let write = Write::update(note(n), "SET #words = :words");
        write.value(":words", Value::Sealed(n.as_bytes().to_vec()))
    };
    let row = rows.write(update("update")).await.unwrap().unwrap();
    assert_eq!(row.opened_text("words"), Some("update"));
    let both = vec![
        Write::put(note("put in a transaction"), words("put in a transaction")),
        update("update in a transaction").when("attribute_not_exists(#pk)"),
    ];
    rows.transact(both).await.unwrap();
    let batch = ["batch", "batch, second"].map(|n| (TENANT.into(), note(n), words(n)));
    store.table.system().put_all(batch.into()).await.unwrap();
    let page = rows.query(&["notes"], Range::All, false, 9, None);
    let page = page.await.unwrap().rows;
    assert_eq!(page.len(), 6);
    for (key, row) in page {
        assert_eq!(row.opened_text("words"), Some(key.sort_parts()[0].as_str()));
        let alone = rows.get(&key).await.unwrap();
        assert_eq!(alone, Some(row));
    }
}

/// What a domain reads in one row and writes into another is sealed for the other.
#[tokio::test]
async fn a_row_that_is_copied_through_the_table_opens_where_it_is_put() {
    let store = store();
    let rows = store.table.tenant(&TENANT.into());
    rows.write(Write::put(note("1"), words("one")))
        .await
        .unwrap();
    let row = rows.get(&note("1")).await.unwrap().unwrap();
    let copy = Write::put(note("2"), row);
    rows.write(copy).await.unwrap();
    let read = rows.get(&note("2")).await.unwrap().unwrap();
    assert_eq!(read.opened_text("words"), Some("one"));
}
