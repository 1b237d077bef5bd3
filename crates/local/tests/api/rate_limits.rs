//! How often a credential may call: one bucket a minute, whichever process is asked.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use tempfile::TempDir;
use tidegate_app::api::{CALLS, Service};
use tidegate_local::store::Store;
use tidegate_pipeline::clock::ManualClock;
use tidegate_testing::product::{OPERATOR_KEY, Product, TENANT};

use crate::processes::api;

#[tokio::test]
async fn calls_beyond_the_minutes_are_told_when_to_come_back() {
    let product = Product::start().await;
    product.clock.stand_still();
    let busy = product.make_key(TENANT, &["workspace:read"]).await;
    let idle = product.make_key(TENANT, &["workspace:read"]).await;
    let mut last = CALLS;
    let mut turned_away = None;
    for _ in 0..=CALLS {
        let answer = product.ask(Method::GET, "/v1/me", &busy.key).await;
        assert_eq!(number(&answer.headers, "x-ratelimit-limit"), CALLS);
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            turned_away = Some(answer);
            break;
        }
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let remaining = number(&answer.headers, "x-ratelimit-remaining");
        assert_eq!(remaining, last - 1);
        last = remaining;
    }
    let turned_away = turned_away.expect("nobody was turned away");
    assert_eq!(turned_away.json()["error"]["code"], "rate_limited");
    assert_eq!(number(&turned_away.headers, "x-ratelimit-remaining"), 0);
    let wait = number(&turned_away.headers, "retry-after");
    assert!((1..=60).contains(&wait), "{wait}");
    // Nobody else's calls are counted with them.
    let other = product.ask(Method::GET, "/v1/me", &idle.key).await;
    assert_eq!(other.status, StatusCode::OK, "{other:?}");
    product.clock.advance(Duration::from_mins(1));
    let later = product.ask(Method::GET, "/v1/me", &busy.key).await;
    assert_eq!(later.status, StatusCode::OK, "{later:?}");
}

#[tokio::test]
async fn ten_processes_together_admit_no_more_than_one() {
    let folder = TempDir::new().unwrap();
    let clock = ManualClock::at(1_800_000_000);
    let store = Store::in_memory(Arc::new(clock.clone())).unwrap();
    let processes: Vec<Service> = (0..10)
        .map(|_| api(&store.table, &store.keyring, &clock, &folder).service())
        .collect();
    let wanted = r#"{"name":"n","scopes":["workspace:read"]}"#;
    let made = ask(
        &processes[0],
        Method::POST,
        &format!("/v1/keys?tenant={TENANT}"),
        OPERATOR_KEY,
        wanted,
    )
    .await;
    let made: serde_json::Value = serde_json::from_slice(made.body()).unwrap();
    let key = made["key"].as_str().unwrap();
    for minute in 0..2 {
        let mut admitted = 0;
        for call in 0..usize::try_from(CALLS).unwrap() * 2 {
            let process = &processes[(call * 7 + minute) % processes.len()];
            let answer = ask(process, Method::GET, "/v1/me", key, "").await;
            admitted += i64::from(answer.status() == StatusCode::OK);
        }
        assert_eq!(admitted, CALLS, "minute {minute}");
        clock.advance(Duration::from_mins(1));
    }
}

async fn ask(api: &Service, method: Method, path: &str, key: &str, body: &str) -> Response<Bytes> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_owned()));
    api.answer(request.unwrap()).await
}

fn number(headers: &HeaderMap, name: &str) -> i64 {
    headers[name].to_str().unwrap().parse().unwrap()
}

/// Calls that are refused cost reads as well.
#[tokio::test]
async fn refused_calls_are_counted_too() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &["workspace:read"]).await.key;
    let mut statuses = std::collections::BTreeMap::new();
    for _ in 0..310 {
        let answer = product.ask(Method::GET, "/v1/audit", &key).await;
        *statuses.entry(answer.status.as_u16()).or_insert(0) += 1;
    }
    assert_eq!(statuses, [(403, 300), (429, 10)].into());
}
