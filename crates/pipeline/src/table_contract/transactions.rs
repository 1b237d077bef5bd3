//! The contract of transactions: all writes or none, and which conditions failed.

use futures_util::future::join_all;

use super::{at, get, key, number, ok};
use crate::table::{Engine, Key, TableError, Write};

/// The limit of writes in one transaction in `DynamoDB`.
const MOST: usize = 100;

fn claim(key: &Key) -> Write<Key> {
    Write::put(key.clone(), at(key).with("n", 1i64)).when("attribute_not_exists(#pk)")
}

fn keys(partition: &str, count: usize) -> Vec<Key> {
    (0..count)
        .map(|n| key(&format!("transactions#{partition}"), &format!("{n:03}")))
        .collect()
}

async fn present(table: &dyn Engine, keys: &[Key]) -> Vec<bool> {
    join_all(keys.iter().map(|key| get(table, key)))
        .await
        .iter()
        .map(Option::is_some)
        .collect()
}

pub(super) async fn all_or_none(table: &dyn Engine) {
    let keys = keys("all", 4);
    ok(
        table.transact(keys.iter().map(claim).collect()).await,
        "a transaction of free rows",
    );
    assert_eq!(present(table, &keys).await, [true; 4], "all of it");

    let fresh = self::keys("none", 3);
    let writes = vec![
        claim(&fresh[0]),
        claim(&keys[0]),
        claim(&fresh[1]),
        claim(&fresh[2]),
    ];
    let answer = table.transact(writes).await;
    assert_eq!(
        answer,
        Err(TableError::Cancelled(vec![false, true, false, false])),
        "one row is taken"
    );
    assert_eq!(present(table, &fresh).await, [false; 3], "none of it");
}

pub(super) async fn cancelled_tells_the_places(table: &dyn Engine) {
    let taken = keys("taken", 6);
    ok(
        table.transact(taken.iter().map(claim).collect()).await,
        "the rows that are taken",
    );
    let free = keys("free", 6);
    for flags in [
        vec![true, false, false, false],
        vec![false, false, true, false],
        vec![false, false, false, true],
        vec![true, false, true, true],
        vec![true, true, true, true],
        vec![true],
    ] {
        let writes = flags
            .iter()
            .enumerate()
            .map(|(n, fails)| claim(if *fails { &taken[n] } else { &free[n] }));
        let answer = table.transact(writes.collect()).await;
        assert_eq!(
            answer,
            Err(TableError::Cancelled(flags)),
            "the places of the conditions that failed"
        );
    }
    assert_eq!(
        present(table, &free).await,
        [false; 6],
        "nothing of any of them"
    );
}

pub(super) async fn every_action_takes_part(table: &dyn Engine) {
    let keys = keys("actions", 4);
    let [put, update, delete, check] = [&keys[0], &keys[1], &keys[2], &keys[3]];
    ok(
        table
            .transact(vec![claim(update), claim(delete), claim(check)])
            .await,
        "rows to act on",
    );
    let all = |checked: i64| {
        vec![
            Write::put(put.clone(), at(put).with("n", 5i64)),
            Write::update(
                update.clone(),
                "SET #status = :done ADD #n :one REMOVE #missing",
            )
            .when("#n = :one")
            .value(":one", 1i64)
            .value(":done", "done"),
            Write::delete(delete.clone()).when("attribute_exists(#pk)"),
            Write::check(check.clone())
                .when("#n = :n")
                .value(":n", checked),
        ]
    };
    let answer = table.transact(all(2)).await;
    assert_eq!(
        answer,
        Err(TableError::Cancelled(vec![false, false, false, true])),
        "the check fails"
    );
    assert_eq!(
        present(table, &keys).await,
        [false, true, true, true],
        "and nothing happens"
    );

    ok(table.transact(all(1)).await, "the check holds");
    assert_eq!(
        present(table, &keys).await,
        [true, true, false, true],
        "and all of it happens"
    );
    assert_eq!(
        number(table, update, "n").await,
        Some(2),
        "the update's count"
    );
    assert_eq!(
        number(table, check, "n").await,
        Some(1),
        "a checked row stays as it is"
    );

    checks_make_no_row(table, delete).await;
}

async fn checks_make_no_row(table: &dyn Engine, free: &Key) {
    let missing = key("transactions#actions", "missing");
    let absent = vec![
        Write::check(missing.clone()).when("attribute_not_exists(#pk)"),
        claim(free),
    ];
    ok(table.transact(absent).await, "a check that a row is absent");
    assert_eq!(get(table, &missing).await, None, "a check makes no row");
}

pub(super) async fn a_hundred_rows_at_once(table: &dyn Engine) {
    let keys = keys("hundred", MOST);
    ok(
        table.transact(keys.iter().map(claim).collect()).await,
        "a transaction of a hundred",
    );
    assert_eq!(present(table, &keys).await, vec![true; MOST], "all hundred");

    let answer = table.transact(keys.iter().map(claim).collect()).await;
    assert_eq!(
        answer,
        Err(TableError::Cancelled(vec![true; MOST])),
        "again: every place failed"
    );

    let twice = vec![
        Write::delete(keys[0].clone()),
        Write::delete(keys[0].clone()),
    ];
    let answer = table.transact(twice).await;
    assert!(
        matches!(answer, Err(TableError::Invalid(_))),
        "a transaction that names a row twice: {answer:?}"
    );
}

/// One of several concurrent transactions on a row succeeds. The others fail with `Cancelled` or `Busy`.
pub(super) async fn one_of_many_transactions_wins(table: &dyn Engine) {
    let keys = keys("race", 9);
    let racers = keys[1..]
        .iter()
        .map(|own| table.transact(vec![claim(own), claim(&keys[0])]));
    let answers = join_all(racers).await;
    assert_eq!(
        answers.iter().filter(|a| a.is_ok()).count(),
        1,
        "exactly one wins: {answers:?}"
    );
    let lost = TableError::Cancelled(vec![false, true]);
    for answer in &answers {
        let fair =
            matches!(answer, Ok(()) | Err(TableError::Busy(_))) || *answer == Err(lost.clone());
        assert!(fair, "a transaction that lost a race: {answer:?}");
    }
    let expected: Vec<bool> = std::iter::once(true)
        .chain(answers.iter().map(Result::is_ok))
        .collect();
    assert_eq!(
        present(table, &keys).await,
        expected,
        "the rows are the winner's"
    );
}
