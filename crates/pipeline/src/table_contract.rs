//! The contract of the table: one test that runs against every implementation and panics if one breaks it. It needs a fresh table
//! whose index is up to date after each write.

mod due;
mod erasure;
mod queries;
mod transactions;
mod values;
mod writes;

use std::sync::Arc;

use crate::table::{Engine, Item, Key, TableError};

/// Runs the whole contract.
pub async fn table_contract(engine: Arc<dyn Engine>) {
    let table = &*engine;
    writes::rows_come_and_go(table).await;
    writes::conditions_decide(table).await;
    writes::updates_answer_the_new_row(table).await;
    writes::reserved_words_are_names_like_others(table).await;
    writes::one_of_many_claims_wins(table).await;
    writes::concurrent_counts_add_up(table).await;
    values::every_value_comes_back(table).await;
    values::what_cannot_be_stored_is_refused(table).await;
    transactions::all_or_none(table).await;
    transactions::cancelled_tells_the_places(table).await;
    transactions::every_action_takes_part(table).await;
    transactions::a_hundred_rows_at_once(table).await;
    transactions::one_of_many_transactions_wins(table).await;
    queries::pages_show_every_row_once(table).await;
    queries::ranges_select(table).await;
    queries::ranges_are_read_to_their_end(&engine).await;
    due::the_due_index_is_sparse_and_ordered(table).await;
    due::the_due_index_pages(table).await;
    erasure::a_scan_finds_all_rows_of_a_prefix(table).await;
    erasure::what_must_be_sealed_is_refused(table).await;
    values::many_rows_are_put(&engine).await;
    due::tenants_stay_apart(&engine).await;
}

fn key(pk: &str, sk: &str) -> Key {
    Key {
        pk: pk.to_owned(),
        sk: sk.to_owned(),
    }
}

/// Makes an item with its key attributes, as engines get it.
fn at(key: &Key) -> Item {
    Item::new()
        .with("pk", key.pk.as_str())
        .with("sk", key.sk.as_str())
}

async fn get(table: &dyn Engine, key: &Key) -> Option<Item> {
    ok(table.get(key).await, "get")
}

async fn number(table: &dyn Engine, key: &Key, name: &str) -> Option<i64> {
    get(table, key).await.and_then(|row| row.number(name))
}

#[expect(clippy::panic, reason = "a failed contract test panics")]
#[track_caller]
fn ok<T>(result: Result<T, TableError>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(e) => panic!("{what}: {e}"),
    }
}
