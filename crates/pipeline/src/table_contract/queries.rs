//! Queries: order, pages, ranges, the sparse index, and tenants apart.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{at, key, ok};
use crate::clock::Timestamp;
use crate::table::{DUE_INDEX, Due, Engine, Item, Query, Range, RowKey, Rows, Table, Write};

/// More pages than any query here has: a cursor that stands still ends the test.
const MOST_PAGES: usize = 50;

fn of_partition(pk: &str) -> Query {
    Query {
        index: None,
        condition: "#pk = :pk".to_owned(),
        values: BTreeMap::from([(":pk".to_owned(), pk.into())]),
        descending: false,
        limit: 100,
        after: None,
    }
}

/// Sort keys of all pages of a query, page by page.
async fn pages(table: &dyn Engine, mut query: Query) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    for _ in 0..MOST_PAGES {
        let (rows, next) = ok(table.query(query.clone()).await, "query");
        assert!(
            rows.len() <= query.limit,
            "a page of {} rows where {} are the limit",
            rows.len(),
            query.limit
        );
        pages.push(
            rows.iter()
                .filter_map(|row| row.text("sk"))
                .map(str::to_owned)
                .collect(),
        );
        query.after = next;
        if query.after.is_none() {
            return pages;
        }
    }
    assert!(query.after.is_none(), "a query comes to its end");
    pages
}

pub(super) async fn pages_show_every_row_once(table: &dyn Engine) {
    let pk = "queries#pages";
    let sorts: Vec<String> = (0..11).map(|n| format!("{n:02}")).collect();
    // Put out of order, and beside a partition whose name begins alike.
    for sort in sorts.iter().rev().chain(&sorts[..3]) {
        for pk in [pk, "queries#pages2"] {
            let key = key(pk, sort);
            ok(
                table
                    .write(Write::put(
                        key.clone(),
                        at(&key).with("text", sort.as_str()),
                    ))
                    .await,
                "put",
            );
        }
    }
    for limit in [1, 3, 10, 11, 12, 100] {
        for descending in [false, true] {
            let found = pages(
                table,
                Query {
                    descending,
                    limit,
                    ..of_partition(pk)
                },
            )
            .await;
            let full = found.iter().rev().skip(2).all(|page| page.len() == limit);
            assert!(
                full,
                "pages before the last are full at limit {limit}: {found:?}"
            );
            let mut expected = sorts.clone();
            if descending {
                expected.reverse();
            }
            assert_eq!(
                found.concat(),
                expected,
                "each row once and in order, by {limit}, descending: {descending}"
            );
        }
    }
    let (rows, next) = ok(
        table
            .query(Query {
                limit: 1,
                ..of_partition(pk)
            })
            .await,
        "query",
    );
    let expected = at(&key(pk, "00")).with("text", "00");
    assert_eq!(rows, [expected], "a query answers whole rows");
    assert_eq!(
        next,
        Some(at(&key(pk, "00"))),
        "a page ends with the key attributes of its last row"
    );
    assert_eq!(
        pages(table, of_partition("queries#nothing")).await,
        [Vec::<String>::new()],
        "an empty partition"
    );
}

pub(super) async fn ranges_select(table: &dyn Engine) {
    let pk = "queries#ranges";
    for sort in ["a", "a#1", "a#10", "a#2", "ab#1", "b#1", "é"] {
        let key = key(pk, sort);
        ok(table.write(Write::put(key.clone(), at(&key))).await, "put");
    }
    for (condition, from, to, expected) in [
        (
            "begins_with(#sk, :from)",
            "a#",
            None,
            vec!["a#1", "a#10", "a#2"],
        ),
        ("begins_with(#sk, :from)", "nothing", None, vec![]),
        (
            "#sk BETWEEN :from AND :to",
            "a#10",
            Some("ab#1"),
            vec!["a#10", "a#2", "ab#1"],
        ),
        ("#sk = :from", "a", None, vec!["a"]),
        ("#sk > :from", "b", None, vec!["b#1", "é"]),
        ("#sk <= :from", "a#1", None, vec!["a", "a#1"]),
    ] {
        let mut query = of_partition(pk);
        query.condition = format!("#pk = :pk AND {condition}");
        query.values.insert(":from".to_owned(), from.into());
        query
            .values
            .extend(to.map(|to| (":to".to_owned(), to.into())));
        query.limit = 2;
        assert_eq!(
            pages(table, query).await.concat(),
            expected,
            "{condition} from {from}"
        );
    }
}

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
    let due = ok(
        table
            .system()
            .due(Due::ParkedPost, Timestamp(5).plus(Duration::ZERO), 10)
            .await,
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
        due.iter().all(|row| row.key == key),
        "and where it is: {due:?}"
    );

    ok(rows("T1").write(Write::delete(key.clone())).await, "delete");
    assert_eq!(owners(&rows("T1")).await, Vec::<String>::new());
    assert_eq!(
        owners(&rows("T12")).await,
        ["T12"],
        "another tenant's delete takes nothing"
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
