//! The contract of finding and removing every row of one tenant.

use crate::table::{Engine, Key, TableError, Value, Write};

use super::{at, get, key, ok};

pub(super) async fn a_scan_finds_all_rows_of_a_prefix(table: &dyn Engine) {
    let mut expected = Vec::new();
    for n in 0..30 {
        for tenant in ["TSCAN", "TSCAN2", "TOTHER"] {
            let key = key(&format!("{tenant}#messages#C{n}"), "1");
            ok(table.write(Write::put(key.clone(), at(&key))).await, "put");
            if tenant == "TSCAN" {
                expected.push(key);
            }
        }
    }
    let (mut found, pages) = scan(table, "TSCAN#").await;
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "all rows of the prefix, and no others");
    assert!(pages > 1, "a page looks at no more rows than it was told");
    ok(table.remove(found).await, "remove");
    assert_eq!(scan(table, "TSCAN#").await.0, [], "they are gone");
    let other = key("TOTHER#messages#C0", "1");
    assert!(get(table, &other).await.is_some(), "others stay");
    ok(table.remove(expected).await, "what is gone can be removed");
    ok(table.remove(Vec::new()).await, "nothing can be removed");
}

pub(super) async fn what_must_be_sealed_is_refused(table: &dyn Engine) {
    let key = key("sealed", "1");
    let row = at(&key).sealed("text", "words");
    let update = Write::update(key.clone(), "SET #text = :text");
    let update = update.value(":text", Value::Sealed(b"words".to_vec()));
    for refused in [
        table
            .write(Write::put(key.clone(), row.clone()))
            .await
            .map(|_| ()),
        table.write(update).await.map(|_| ()),
        table
            .transact(vec![Write::put(key.clone(), row.clone())])
            .await,
        table.put_all(vec![(key.clone(), row)]).await,
    ] {
        assert!(
            matches!(refused, Err(TableError::Invalid(_))),
            "{refused:?}"
        );
    }
    assert_eq!(get(table, &key).await, None);
}

async fn scan(table: &dyn Engine, prefix: &str) -> (Vec<Key>, usize) {
    let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let (keys, next) = ok(table.scan(prefix, after, 20).await, "scan");
        found.extend(keys);
        pages += 1;
        after = next;
        if after.is_none() {
            return (found, pages);
        }
    }
}
