//! The contract of the sparse index over due rows, and of the separation of tenants.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::queries::{of_partition, pages};
use super::{at, key, ok};
use crate::clock::Timestamp;
use crate::table::{DUE_INDEX, Due, Engine, Item, Query, Range, RowKey, Rows, Table, Write};

fn due(partition: &str, until: i64) -> Query {
    Query {
        index: Some(DUE_INDEX),
        condition: "#due = :due AND #due_at <= :until".to_owned(),
        values: BTreeMap::from([
            (":due".to_owned(), partition.into()),
            (":until".to_owned(), until.into()),
        ]),
        ..of_partition("")
    }
}

pub(super) async fn the_due_index_is_sparse_and_ordered(table: &dyn Engine) {
    let here = |sort: &str| key("queries#due", sort);
    let times = [
        ("nine", Some(9i64)),
        ("ten", Some(10)),
        ("two", Some(2)),
        ("later", Some(1_000)),
        ("never", None),
    ];
    for (sort, time) in times.into_iter().chain([("before", Some(-5))]) {
        let row = at(&here(sort))
            .with("due_at", time.unwrap_or(1))
            .with("text", "not in the index");
        let row = row.with_some("due", time.map(|_| "contract"));
        ok(table.write(Write::put(here(sort), row)).await, "put");
    }
    let found = |until| async move { pages(table, due("contract", until)).await.concat() };
    assert_eq!(
        found(10).await,
        ["before", "two", "nine", "ten"],
        "what is due, ordered as numbers are"
    );
    let (rows, _) = ok(
        table
            .query(Query {
                limit: 1,
                ..due("contract", 10)
            })
            .await,
        "query",
    );
    let expected = at(&here("before"))
        .with("due", "contract")
        .with("due_at", -5i64);
    assert_eq!(rows, [expected], "the index holds keys only");

    let remove = Write::update(here("two"), "REMOVE #due, #due_at");
    ok(table.write(remove).await, "take a row out of the index");
    let later = Write::update(here("nine"), "SET #due_at = :later").value(":later", 500i64);
    ok(table.write(later).await, "put a row off");
    ok(
        table.write(Write::delete(here("ten"))).await,
        "delete a row",
    );
    assert_eq!(
        found(10).await,
        ["before"],
        "removed, put off and deleted rows are gone"
    );
    assert_eq!(
        found(500).await,
        ["before", "nine"],
        "the one that was put off comes later"
    );
    assert_eq!(
        pages(table, due("other", 1_000)).await.concat(),
        Vec::<String>::new(),
        "another partition"
    );
}

pub(super) async fn the_due_index_pages(table: &dyn Engine) {
    // Two rows share each moment and their sort keys come from two partitions.
    for n in 0..10i64 {
        let key = key(&format!("queries#due_pages{}", n % 2), &format!("{n}"));
        let row = at(&key).with("due", "pages").with("due_at", n / 2);
        ok(table.write(Write::put(key, row)).await, "put");
    }
    for limit in [1, 3, 10] {
        let mut found = pages(
            table,
            Query {
                limit,
                ..due("pages", 99)
            },
        )
        .await
        .concat();
        let moments: Vec<i64> = found
            .iter()
            .filter_map(|sort| sort.parse::<i64>().ok())
            .map(|n| n / 2)
            .collect();
        assert!(
            moments.is_sorted(),
            "in the order of their moments: {found:?}"
        );
        found.sort();
        assert_eq!(
            found,
            (0..10).map(|n| n.to_string()).collect::<Vec<_>>(),
            "each once, by {limit}"
        );
    }
}

pub(super) async fn tenants_stay_apart(engine: &Arc<dyn Engine>) {
    let table = Table::new(Arc::clone(engine));
    let tenants = ["T1", "T12", "T1#a", "T1%23a"];
    let key = RowKey::new(&["a", "b"], &["row"]);
    let rows = |tenant: &str| table.tenant(&tenant.into());
    for tenant in tenants {
        let row = Item::new()
            .with("owner", tenant)
            .with("due", Due::ParkedPost.partition(tenant))
            .with("due_at", 5i64);
        ok(
            rows(tenant).write(Write::put(key.clone(), row)).await,
            "put",
        );
    }
    ok(
        table
            .system()
            .rows()
            .write(Write::put(key.clone(), Item::new().with("owner", "system")))
            .await,
        "put",
    );
    for tenant in tenants {
        assert_eq!(
            owners(&rows(tenant)).await,
            [tenant],
            "a tenant's query shows its own row"
        );
        let row = ok(rows(tenant).get(&key).await, "get").unwrap_or_default();
        assert_eq!(
            row.text("owner"),
            Some(tenant),
            "a tenant's get shows its own row"
        );
    }
    assert_eq!(owners(table.system().rows()).await, ["system"]);
    index_names_owners(&table, &key).await;

    ok(rows("T1").write(Write::delete(key.clone())).await, "delete");
    assert_eq!(owners(&rows("T1")).await, Vec::<String>::new());
    assert_eq!(
        owners(&rows("T12")).await,
        ["T12"],
        "another tenant's delete takes nothing"
    );
}

async fn index_names_owners(table: &Table, key: &RowKey) {
    let due = ok(
        table.system().due(Due::ParkedPost, Timestamp(5), 10).await,
        "due",
    );
    let mut found: Vec<String> = due
        .iter()
        .map(|row| row.tenant.as_str().to_owned())
        .collect();
    found.sort();
    assert_eq!(
        found,
        ["T1", "T1#a", "T1%23a", "T12"],
        "the index tells whose each row is"
    );
    assert!(
        due.iter().all(|row| row.key == *key),
        "and where it is: {due:?}"
    );
}

async fn owners(rows: &Rows) -> Vec<String> {
    let page = ok(
        rows.query(&["a", "b"], Range::All, false, 10, None).await,
        "query",
    );
    page.rows
        .iter()
        .filter_map(|(_, row)| row.text("owner"))
        .map(str::to_owned)
        .collect()
}
