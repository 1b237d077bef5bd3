//! The contract of values, which must come back unchanged, and of many rows at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_slack::ids::TenantId;

use super::{at, get, key, ok};
use crate::table::{Engine, Item, Range, RowKey, Table, TableError, Value, Write};

/// The size of a large row in bytes, below the limit of 400 kB in `DynamoDB`.
const LARGE: usize = 350_000;

pub(super) async fn every_value_comes_back(table: &dyn Engine) {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    let map = BTreeMap::from([
        (
            "inner".to_owned(),
            Value::L(vec!["a".into(), Value::B(every_byte.clone()), false.into()]),
        ),
        ("with space, # and :".to_owned(), Value::M(BTreeMap::new())),
    ]);
    let values: Vec<(&str, Value)> = vec![
        ("bytes", every_byte.into()),
        ("no_bytes", Vec::new().into()),
        ("no_text", "".into()),
        (
            "unicode",
            "é ß 漢字 🌊 \u{202e}\u{0}\t\r\n\"\\ \u{ffff}".into(),
        ),
        ("least", i64::MIN.into()),
        ("most", i64::MAX.into()),
        ("zero", 0i64.into()),
        ("hundreds", 1_000_000_000_000_000_000i64.into()),
        ("yes", true.into()),
        ("no", false.into()),
        ("no_list", Value::L(Vec::new())),
        (
            "nested",
            Value::L(vec![
                Value::M(map),
                Value::L(vec![i64::MIN.into(), "".into()]),
            ]),
        ),
    ];
    let here = key("values#é 漢 🌊", "\u{1} ~#%/+=");
    let row = values.iter().fold(at(&here), |row, (name, value)| {
        row.with(name, value.clone())
    });
    ok(
        table.write(Write::put(here.clone(), row.clone())).await,
        "put of every kind of value",
    );
    assert_eq!(
        get(table, &here).await,
        Some(row.clone()),
        "get of every kind of value"
    );

    let copy = key("values#copy", "a");
    for (name, value) in values {
        let set = Write::update(copy.clone(), &format!("SET #{name} = :{name}"))
            .value(&format!(":{name}"), value);
        ok(table.write(set).await, name);
    }
    let Item(mut expected) = row;
    expected.extend(at(&copy).0);
    assert_eq!(
        get(table, &copy).await,
        Some(Item(expected)),
        "the same values, set by updates"
    );
}

pub(super) async fn what_cannot_be_stored_is_refused(table: &dyn Engine) {
    let here = key("values#refused", "a");
    let too_large = at(&here).with("bytes", vec![7u8; 410_000]);
    let answer = table.write(Write::put(here.clone(), too_large)).await;
    assert!(
        matches!(answer, Err(TableError::Invalid(_))),
        "a row over 400 kB: {answer:?}"
    );
    let text = Write::put(here.clone(), at(&here).with("n", "text"));
    ok(table.write(text).await, "a row with text");
    let add = Write::update(here.clone(), "ADD #n :one").value(":one", 1i64);
    let answer = table.write(add).await;
    assert!(
        matches!(answer, Err(TableError::Invalid(_))),
        "adding to text: {answer:?}"
    );
    let unbound = Write::update(here, "SET #n = :missing");
    let answer = table.write(unbound).await;
    assert!(
        matches!(answer, Err(TableError::Invalid(_))),
        "an expression without its value: {answer:?}"
    );
}

pub(super) async fn many_rows_are_put(engine: &Arc<dyn Engine>) {
    let table = Table::new(Arc::clone(engine));
    let (tenant, system) = (TenantId::from("TPUTALL"), table.system());
    let rows = table.tenant(&tenant);
    ok(system.put_all(Vec::new()).await, "put no rows");
    for (count, size) in [(1, 10), (25, 10), (26, 10), (60, 10), (26, LARGE)] {
        let partition = format!("{count} of {size}");
        let put = (0..count).map(|n: u8| {
            let row = Item::new().with("bytes", vec![n; size]);
            (
                tenant.clone(),
                RowKey::new(&[&partition], &[&format!("{n:03}")]),
                row,
            )
        });
        ok(
            system.put_all(put.collect()).await,
            &format!("put {partition}"),
        );
        for n in 0..count {
            let row = ok(
                rows.get(&RowKey::new(&[&partition], &[&format!("{n:03}")]))
                    .await,
                "get",
            );
            let whole = row.is_some_and(|row| row.bytes("bytes") == Some(&vec![n; size]));
            assert!(whole, "row {n} of {partition}");
        }
    }
    let key = RowKey::new(&["twice"], &["a"]);
    let twice = [1i64, 2].map(|n| (tenant.clone(), key.clone(), Item::new().with("n", n)));
    ok(system.put_all(twice.into()).await, "put one row twice");
    let page = ok(
        rows.query(&["twice"], Range::All, false, 10, None).await,
        "query",
    );
    assert_eq!(
        page.rows
            .iter()
            .map(|(_, row)| row.number("n"))
            .collect::<Vec<_>>(),
        [Some(2)],
        "the last stands"
    );
    ok(
        system
            .put_all(vec![(
                tenant.clone(),
                key.clone(),
                Item::new().with("n", 3i64),
            )])
            .await,
        "put over an old row",
    );
    assert_eq!(
        ok(rows.get(&key).await, "get").and_then(|row| row.number("n")),
        Some(3),
        "the new row stands"
    );
}
