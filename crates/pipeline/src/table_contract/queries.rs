//! The contract of queries: order, pages and ranges.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_slack::ids::TenantId;

use super::{at, key, ok};
use crate::table::{Engine, Item, Query, Range, RowKey, Table, Write};

/// More pages than any query here has, so that a cursor that does not advance ends the test.
const MOST_PAGES: usize = 50;

pub(super) fn of_partition(pk: &str) -> Query {
    Query {
        index: None,
        condition: "#pk = :pk".to_owned(),
        values: BTreeMap::from([(":pk".to_owned(), pk.into())]),
        descending: false,
        limit: 100,
        after: None,
    }
}

/// Returns the sort keys of all pages of a query, page by page.
pub(super) async fn pages(table: &dyn Engine, mut query: Query) -> Vec<Vec<String>> {
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

/// Puts rows out of order, and the same rows into a partition whose name begins alike.
async fn put_out_of_order(table: &dyn Engine, pk: &str, sorts: &[String]) {
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
}

pub(super) async fn pages_show_every_row_once(table: &dyn Engine) {
    let pk = "queries#pages";
    let sorts: Vec<String> = (0..11).map(|n| format!("{n:02}")).collect();
    put_out_of_order(table, pk, &sorts).await;
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

/// Ranges of more rows than one page has are read to their end, in order, or as far as wanted.
pub(super) async fn ranges_are_read_to_their_end(engine: &Arc<dyn Engine>) {
    let table = Table::new(Arc::clone(engine));
    let tenant = TenantId::from("TPAGES");
    let (partition, count) = (["pages"], 600);
    let key = |n: usize| RowKey::new(&partition, &["row", &format!("{n:04}")]);
    let rows = (0..count).map(|n| (tenant.clone(), key(n), Item::new().with("even", n % 2 == 0)));
    ok(table.system().put_all(rows.collect()).await, "put all");
    let rows = table.tenant(&tenant);
    let range = Range::Under(&["row"]);
    let places = |found: Vec<(RowKey, Item)>| -> Vec<RowKey> {
        found.into_iter().map(|(key, _)| key).collect()
    };
    let whole: Vec<RowKey> = (0..count).map(key).collect();
    let found = ok(rows.pages(&partition, range).all().await, "read all");
    assert_eq!(places(found), whole, "all of them");
    let descending = rows.pages(&partition, range).descending();
    let found = ok(descending.first(300).await, "read the last");
    let last: Vec<RowKey> = whole.iter().rev().take(300).cloned().collect();
    assert_eq!(places(found), last, "the last 300, from the end");
    let found = ok(rows.pages(&partition, range).first(0).await, "read none");
    assert_eq!(found, [], "none wanted");
    let (mut pages, mut seen) = (rows.pages(&partition, range), Vec::new());
    while let Some(page) = ok(pages.next().await, "next page") {
        seen.extend(places(page));
    }
    assert_eq!(seen, whole, "page by page");
    assert_eq!(ok(pages.next().await, "after the end"), None);
}
