//! Lists that span workspaces: one workspace whose rows cannot be read, or that has very many, hides no other.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_local::data_dir::DataDir;
use tidegate_local::table::EmbeddedTable;
use tidegate_pipeline::outbox::PostState;
use tidegate_pipeline::table::{Due, Item, RowKey, Table, Write};
use tidegate_testing::damage::foreign;
use tidegate_testing::product::{Product, TENANT, envelope, id, unique};

const OTHER: &str = "T0OTHER0001";

/// The put of a parked post, which was set aside at that time.
fn parked(message_id: &str, at: i64) -> Write<RowKey> {
    let row = Item::new()
        .with("message_id", message_id)
        .with("event_id", "Ev0PARKED01")
        .with("lane", "C0GENERAL01")
        .with("purpose", "mention_reply")
        .with("state", PostState::Parked.as_str())
        .with("reason", "is_archived")
        .with("settled_at", at)
        .with("due", Due::ParkedPost.partition(message_id))
        .with("due_at", at);
    Write::put(RowKey::new(&["post", "Ev0PARKED01"], &[message_id]), row)
}

async fn list(product: &Product, path: &str) -> Value {
    let answer = product.operator(Method::GET, path).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

fn ids(list: &Value) -> Vec<&str> {
    let posts = list["posts"].as_array().unwrap().iter();
    posts.map(|p| p["message_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_parked_post_that_cannot_be_opened_is_listed_and_hides_no_other() {
    let product = Product::start().await;
    let store = product.store();
    let rows = store.table.tenant(&TENANT.into());
    rows.write(parked("damaged", 1)).await.unwrap();
    let key = RowKey::new(&["post", "Ev0PARKED01"], &["damaged"]);
    let spoil = Write::update(key, "SET #body = :body");
    let spoil = spoil.value(":body", foreign(&store.keyring).await);
    rows.write(spoil).await.unwrap();
    let others = store.table.tenant(&OTHER.into());
    others.write(parked("whole", 2)).await.unwrap();

    let posts = list(&product, "/v1/operator/posts").await;
    assert_eq!(ids(&posts), ["damaged", "whole"]);
    let reason = posts["posts"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("damaged"), "{posts}");
    assert_eq!(posts["posts"][0]["tenant"], TENANT);
    let resend = "/v1/operator/posts/damaged/resend";
    let answer = product.operator(Method::POST, resend).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{answer:?}");
}

#[tokio::test]
async fn a_workspace_with_thousands_of_parked_posts_hides_no_other() {
    let product = Product::start().await;
    let table = product.table();
    let rows = table.tenant(&TENANT.into());
    for batch in (0..2400).collect::<Vec<i64>>().chunks(25) {
        let writes = batch.iter().map(|n| parked(&format!("many{n}"), *n));
        rows.transact(writes.collect()).await.unwrap();
    }
    let others = table.tenant(&OTHER.into());
    others.write(parked("newest", 10_000)).await.unwrap();

    let posts = list(&product, &format!("/v1/operator/posts?tenant={OTHER}")).await;
    assert_eq!(ids(&posts), Vec::<&str>::new(), "{posts}");
    // One call looks at a part of the index. The others go on where it has ended.
    let mut found = Vec::new();
    let (mut next, mut calls) = (posts["next"].clone(), 1);
    while let Some(after) = next.as_str() {
        let path = format!("/v1/operator/posts?tenant={OTHER}&after={after}");
        let posts = list(&product, &path).await;
        found.extend(ids(&posts).into_iter().map(str::to_owned));
        next = posts["next"].clone();
        calls += 1;
    }
    assert_eq!((found, calls), (vec!["newest".to_owned()], 3));
    let posts = list(&product, "/v1/operator/posts?limit=1").await;
    assert_eq!(ids(&posts), ["many0"]);
    let resend = "/v1/operator/posts/newest/resend";
    let answer = product.operator(Method::POST, resend).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

#[tokio::test]
async fn a_workspace_with_hundreds_of_parked_events_hides_no_other() {
    let product = Product::start().await;
    let (store, mut events) = (product.table(), Vec::new());
    for tenant in [TENANT, OTHER] {
        let event = of(tenant);
        product.event(&event).await;
        product.settled(id(&event)).await;
        events.push(event);
    }
    // What is left of the events in the index: entries as the worker parks them, all older than the other workspace's.
    let park = |event: &str, at: i64| {
        let key = RowKey::new(&["ledger", event], &["event"]);
        let update = Write::update(key, "SET #state = :parked, #due = :due, #due_at = :at");
        update
            .value(":parked", "parked")
            .value(":due", Due::ParkedEvent.partition(event))
            .value(":at", at)
    };
    let rows = store.tenant(&TENANT.into());
    for n in 0..200 {
        rows.write(park(&format!("Ev0GONE{n}"), n)).await.unwrap();
    }
    let others = store.tenant(&OTHER.into());
    others.write(park(id(&events[1]), 10_000)).await.unwrap();
    let path = format!("/v1/operator/events?state=parked&limit=1&tenant={OTHER}");
    let found = list(&product, &path).await;
    assert_eq!(found["events"][0]["event_id"], id(&events[1]), "{found}");
}

/// A harmless event of a workspace.
fn of(tenant: &str) -> Value {
    let mut event = envelope(&json!({"type": "team_rename", "event_ts": unique("1.")}));
    event["team_id"] = tenant.into();
    if let Some(authorization) = event.pointer_mut("/authorizations/0/team_id") {
        *authorization = tenant.into();
    }
    event
}

#[tokio::test]
async fn a_workspace_that_is_being_erased_hides_no_other() {
    let product = Product::start().await;
    let (gone, event) = (of(TENANT), of(OTHER));
    for event in [&gone, &event] {
        product.event(event).await;
        product.settled(id(event)).await;
    }
    let keyring = product.store().keyring;
    keyring.mark_erased(&TENANT.into()).await.unwrap();
    keyring.destroy(&TENANT.into()).await.unwrap();
    // The running product forgets keys after a while.
    product.clock.advance(Duration::from_mins(10));
    let found = list(&product, "/v1/operator/events").await;
    let found = found["events"].as_array().unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["event_id"], id(&event));
    let missing = product
        .operator(Method::GET, "/v1/operator/events/Ev0NONE")
        .await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND, "{missing:?}");
    list(&product, "/v1/operator/posts").await;
    list(&product, "/v1/workspaces").await;
    // What is asked about it is answered in words, and is no failure of ours.
    for path in ["/v1/incident-settings", "/v1/incidents", "/v1/keys"] {
        let path = format!("{path}?tenant={TENANT}");
        let answer = product.operator(Method::GET, &path).await;
        assert!(!answer.status.is_server_error(), "{path} {answer:?}");
    }
}

/// Damages the row that holds a workspace's wrapped key.
async fn lose_keys(product: &Product, tenant: &str) {
    let data = DataDir::open(product.data_dir()).unwrap();
    let keys = Table::new(Arc::new(EmbeddedTable::open(&data.keys()).unwrap()));
    let (system, keyring) = (keys.system(), product.store().keyring);
    let row_of = async |tenant: &str| {
        let hash = keyring.hash(tenant).await.unwrap();
        RowKey::new(&["tenant_key", &hash], &["key", "1"])
    };
    // They are wrapped for one workspace and cannot be unwrapped for another.
    let foreign = system.rows().get(&row_of(OTHER).await).await.unwrap();
    let foreign = foreign.unwrap().0.remove("wrapped").unwrap();
    let spoil = Write::update(row_of(tenant).await, "SET #wrapped = :foreign");
    let spoil = spoil.value(":foreign", foreign);
    system.rows().write(spoil).await.unwrap();
}

#[tokio::test]
async fn a_workspace_whose_keys_cannot_be_read_hides_no_other() {
    let product = Product::start().await;
    let (lost, event) = (of(TENANT), of(OTHER));
    for event in [&lost, &event] {
        product.event(event).await;
        product.settled(id(event)).await;
    }
    let token = Item::new().sealed("access_token", "xoxb-1");
    let token = Write::put(RowKey::new(&["install"], &["bot"]), token);
    let rows = product.table().tenant(&TENANT.into());
    rows.write(token).await.unwrap();
    lose_keys(&product, TENANT).await;
    product.clock.advance(Duration::from_mins(10));
    let found = list(&product, "/v1/operator/events").await;
    assert_eq!(found["unreadable"], json!([TENANT]), "{found}");
    assert_eq!(found["events"][0]["event_id"], id(&event), "{found}");
    let workspaces = list(&product, "/v1/workspaces").await;
    let workspaces = workspaces["workspaces"].as_array().unwrap();
    let states: Vec<&Value> = workspaces.iter().map(|w| &w["state"]).collect();
    assert_eq!(states, ["not_installed", "unreadable"]);
    let path = format!("/v1/operator/events/{}", id(&event));
    assert_eq!(list(&product, &path).await["tenant"], OTHER);
}

#[tokio::test]
async fn a_list_that_can_have_nothing_is_refused_with_the_field() {
    let product = Product::start().await;
    for (query, field) in [
        ("events?tenant=x%20y", "tenant"),
        ("events?state=parked&tenant=x%20y", "tenant"),
        ("events?state=waiting&tenant=t1", "tenant"),
        ("events/Ev1?tenant=x%20y", "tenant"),
        ("posts?tenant=x%20y", "tenant"),
        ("events?since=2000000000&until=1999999999", "since"),
        ("events?since=2000000000", "since"),
        ("events?stauts=all", "stauts"),
    ] {
        let answer = product
            .operator(Method::GET, &format!("/v1/operator/{query}"))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query} {answer:?}");
        assert_eq!(answer.json()["error"]["field"], field, "{query}");
    }
    // What cannot be read belongs to no workspace, and is listed under a name of its own.
    let own = "/v1/operator/events?tenant=unreadable";
    let name = tidegate_slack::ids::TenantId::unreadable();
    assert!(own.ends_with(name.as_str()), "{name}");
    list(&product, own).await;
}
