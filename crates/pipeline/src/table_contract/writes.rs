//! The contract of single writes: rows, conditions, update expressions, and concurrent writers.

use futures_util::future::join_all;

use super::{at, get, key, number, ok};
use crate::table::{Engine, Item, Key, TableError, Value, Write, WriteAction};

pub(super) async fn rows_come_and_go(table: &dyn Engine) {
    let (here, beside) = (key("writes#rows", "a"), key("writes#rows", "b"));
    assert_eq!(get(table, &here).await, None, "a row that was never put");
    let row = at(&here).with("text", "one").with("old", true);
    assert_eq!(
        ok(
            table.write(Write::put(here.clone(), row.clone())).await,
            "put"
        ),
        None,
        "a put answers nothing"
    );
    assert_eq!(
        get(table, &here).await,
        Some(row),
        "a row comes back with its key attributes"
    );
    assert_eq!(get(table, &beside).await, None, "the row beside it");

    let row = at(&here).with("text", "two");
    ok(
        table.write(Write::put(here.clone(), row.clone())).await,
        "overwrite",
    );
    assert_eq!(
        get(table, &here).await,
        Some(row),
        "a put replaces the whole row"
    );

    assert_eq!(
        ok(table.write(Write::delete(here.clone())).await, "delete"),
        None,
        "a delete answers nothing"
    );
    assert_eq!(get(table, &here).await, None, "a deleted row");
    ok(
        table.write(Write::delete(here)).await,
        "deleting what is not there",
    );
}

pub(super) async fn conditions_decide(table: &dyn Engine) {
    let here = key("writes#conditions", "a");
    let put = |n: i64| {
        Write::put(
            here.clone(),
            at(&here).with("n", n).with("word", "prefix-1"),
        )
    };
    let absent = "attribute_not_exists(#pk)";
    ok(
        table.write(put(1).when(absent)).await,
        "a claim of a free row",
    );
    assert_eq!(
        table.write(put(9).when(absent)).await,
        Err(TableError::Condition),
        "a claim of a taken row"
    );
    assert_eq!(
        number(table, &here, "n").await,
        Some(1),
        "a refused put changes nothing"
    );
    operators_decide(table, &here).await;
    deletes_obey_conditions(table, &here).await;
}

/// The row at `here` has `n` = 1 and `word` = `prefix-1`.
async fn operators_decide(table: &dyn Engine, here: &Key) {
    for (condition, holds) in [
        ("#n = :one", true),
        ("#n <> :one", false),
        ("#n <> :two", true),
        ("#missing <> :two", true),
        ("#missing = :two", false),
        ("#n < :two", true),
        ("#n >= :two", false),
        ("#missing < :two", false),
        ("attribute_exists(#n) AND #n <= :one", true),
        ("attribute_not_exists(#missing) OR #missing < :one", true),
        ("attribute_not_exists(#n) OR #n < :one", false),
        (
            "#n = :one AND (attribute_not_exists(#missing) OR #missing = :two)",
            true,
        ),
        ("begins_with(#word, :prefix)", true),
        ("NOT begins_with(#word, :prefix)", false),
        ("#n BETWEEN :one AND :two", true),
    ] {
        let mut write = Write::update(here.clone(), "SET #seen = :seen")
            .when(condition)
            .value(":seen", condition);
        let values: [(&str, Value); 3] = [
            (":one", 1i64.into()),
            (":two", 2i64.into()),
            (":prefix", "prefix-".into()),
        ];
        for (name, value) in values
            .into_iter()
            .filter(|(name, _)| condition.contains(name))
        {
            write = write.value(name, value);
        }
        let answer = table.write(write).await.map(|row| row.is_some());
        let expected = if holds {
            Ok(true)
        } else {
            Err(TableError::Condition)
        };
        assert_eq!(answer, expected, "update when {condition}");
    }
}

async fn deletes_obey_conditions(table: &dyn Engine, here: &Key) {
    let delete = Write::delete(here.clone())
        .when("#n = :two")
        .value(":two", 2i64);
    assert_eq!(
        table.write(delete.clone()).await,
        Err(TableError::Condition),
        "a delete whose condition fails"
    );
    assert!(
        get(table, here).await.is_some(),
        "a refused delete leaves the row"
    );
    ok(
        table
            .write(
                Write {
                    action: WriteAction::Delete,
                    ..delete
                }
                .value(":two", 1i64),
            )
            .await,
        "a delete",
    );
}

pub(super) async fn updates_answer_the_new_row(table: &dyn Engine) {
    let here = key("writes#updates", "a");
    let update = Write::update(
        here.clone(),
        "SET #text = :text, #first = if_not_exists(#first, :one), #gone = :one ADD #count :one",
    );
    let update = update.value(":text", "new").value(":one", 1i64);
    let expected = at(&here)
        .with("text", "new")
        .with("first", 1i64)
        .with("gone", 1i64)
        .with("count", 1i64);
    let answer = ok(table.write(update).await, "an update of no row");
    assert_eq!(
        answer,
        Some(expected),
        "an update makes the row and answers it"
    );

    let update = Write::update(
        here.clone(),
        "SET #first = if_not_exists(#first, :new), #sum = #count + :new REMOVE #gone, #missing ADD #count :less",
    );
    let update = update.value(":new", 7i64).value(":less", -3i64);
    let expected = at(&here)
        .with("text", "new")
        .with("first", 1i64)
        .with("sum", 8i64)
        .with("count", -2i64);
    let answer = ok(table.write(update).await, "an update of a row");
    assert_eq!(
        answer,
        Some(expected.clone()),
        "set, remove and add in one; values are those from before"
    );
    assert_eq!(
        get(table, &here).await,
        Some(expected),
        "what it answered is what is stored"
    );

    let absent =
        Write::update(key("writes#updates", "b"), "SET #n = :n").when("attribute_exists(#pk)");
    assert_eq!(
        table.write(absent.value(":n", 1i64)).await,
        Err(TableError::Condition),
        "update of no row, refused"
    );
    assert_eq!(
        get(table, &key("writes#updates", "b")).await,
        None,
        "a refused update makes no row"
    );
}

pub(super) async fn reserved_words_are_names_like_others(table: &dyn Engine) {
    let here = key("writes#reserved", "a");
    let words = [
        "name",
        "status",
        "data",
        "key",
        "order",
        "timestamp",
        "user",
        "value",
        "ttl",
        "size",
        "type",
    ];
    let row = words
        .iter()
        .fold(at(&here), |row, word| row.with(word, *word));
    ok(
        table.write(Write::put(here.clone(), row)).await,
        "put with reserved words",
    );
    let update = Write::update(
        here.clone(),
        "SET #name = :new, #status = :new REMOVE #data, #key",
    )
    .when("#order = :order AND attribute_exists(#timestamp) AND #user <> :new")
    .value(":new", "new")
    .value(":order", "order");
    let row = ok(table.write(update).await, "update with reserved words").unwrap_or_default();
    assert_eq!(
        (row.text("name"), row.text("status"), row.text("type")),
        (Some("new"), Some("new"), Some("type"))
    );
    assert_eq!(
        (row.text("data"), row.text("key")),
        (None, None),
        "removed by name"
    );
}

/// The ledger's claim: of any number of concurrent writers, exactly one gets the row.
pub(super) async fn one_of_many_claims_wins(table: &dyn Engine) {
    let here = key("writes#claim", "a");
    let claims = (0..12i64).map(|n| {
        let item: Item = at(&here).with("winner", n);
        table.write(Write::put(here.clone(), item).when("attribute_not_exists(#pk)"))
    });
    let answers = join_all(claims).await;
    let won: Vec<usize> = (0..answers.len()).filter(|n| answers[*n].is_ok()).collect();
    assert_eq!(won.len(), 1, "exactly one of the claims wins: {answers:?}");
    assert!(
        answers
            .iter()
            .all(|a| matches!(a, Ok(_) | Err(TableError::Condition))),
        "the others fail: {answers:?}"
    );
    let winner = number(table, &here, "winner")
        .await
        .and_then(|n| usize::try_from(n).ok());
    assert_eq!(winner, won.first().copied(), "the row is the winner's");
}

pub(super) async fn concurrent_counts_add_up(table: &dyn Engine) {
    let here = key("writes#counts", "a");
    let adds = (0..20)
        .map(|_| table.write(Write::update(here.clone(), "ADD #n :one").value(":one", 1i64)));
    let mut seen: Vec<i64> = join_all(adds)
        .await
        .into_iter()
        .map(|row| {
            ok(row, "add")
                .and_then(|row| row.number("n"))
                .unwrap_or_default()
        })
        .collect();
    seen.sort_unstable();
    assert_eq!(
        seen,
        (1..=20).collect::<Vec<_>>(),
        "every writer sees a count of its own"
    );
}
