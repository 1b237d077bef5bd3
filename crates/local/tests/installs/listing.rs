//! Every workspace that has rows is on the list of workspaces, however its first row came to be: it gets new keys with the others, and
//! can be erased.

use http::{Method, StatusCode};
use tidegate_pipeline::table::{Item, RowKey, Write};
use tidegate_pipeline::tenants;
use tidegate_testing::faulty_table::{FaultyTable, Mishap};
use tidegate_testing::product::{Product, until};

/// It has sent no event and has not installed the app.
const QUIET: &str = "T0QUIET0001";

async fn listed(product: &Product) -> Vec<String> {
    let answer = product.operator(Method::GET, "/v1/workspaces").await;
    let list = answer.json()["workspaces"].as_array().unwrap().clone();
    let ids = list.iter().map(|line| line["id"].as_str().unwrap());
    ids.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_workspace_that_is_known_by_calls_alone_gets_new_keys_and_is_erased() {
    let product = Product::start().await;
    let made = product.make_key(QUIET, &["workspace:read"]).await;
    assert!(listed(&product).await.contains(&QUIET.to_owned()));
    let resealed = product.operator(Method::POST, "/v1/operator/reseal").await;
    assert_eq!(resealed.json()["renewed"], 1, "{resealed:?}");
    let opens = product.ask(Method::GET, "/v1/workspaces", &made.key).await;
    assert_eq!(opens.status, StatusCode::OK, "{opens:?}");
    let path = format!("/v1/workspaces/{QUIET}");
    let erased = product.operator(Method::DELETE, &path).await;
    assert_eq!(erased.status, StatusCode::ACCEPTED, "{erased:?}");
    let closed = product.ask(Method::GET, "/v1/workspaces", &made.key).await;
    assert_eq!(closed.status, StatusCode::UNAUTHORIZED, "{closed:?}");
    until("the erasure has ended", async || {
        listed(&product).await.is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_workspace_that_cannot_be_listed_gets_no_key_and_no_row() {
    let engine = FaultyTable::new(1);
    let (table, tenant) = (engine.table(), QUIET.into());
    let rows = table.tenant(&tenant);
    let key = RowKey::new(&["notes"], &["1"]);
    let put = || Write::put(key.clone(), Item::new().with("n", 1i64));
    engine.next(1, &["write", "tenants"], Mishap::Busy);
    assert!(rows.write(put()).await.is_err());
    assert_eq!(rows.get(&key).await.unwrap(), None);
    rows.write(put()).await.unwrap();
    let system = table.system();
    assert!(tenants::is_listed(system.rows(), &tenant).await.unwrap());
    // Later writes cost nothing more: this would go wrong.
    engine.later(0, &["write", "tenants"], Mishap::Busy);
    rows.write(put()).await.unwrap();
    assert!(!engine.all_happened());
}
