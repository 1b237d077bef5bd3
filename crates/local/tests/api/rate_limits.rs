//! How often a credential may call: one bucket a minute, whichever process is asked.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use tempfile::TempDir;
use tidegate_app::api::{Api, CALLS, Limits, Service, Site};
use tidegate_app::installs::Installs;
use tidegate_local::queue::{QueueFile, QueueSettings};
use tidegate_local::store::Store;
use tidegate_pipeline::clock::{Clock, ManualClock};
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::{FixedSecret, Secrets};
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;
use tidegate_testing::product::{OPERATOR_KEY, Product, TENANT};

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
    let processes: Vec<Service> = (0..10).map(|_| api(&store, &clock, &folder)).collect();
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

/// The API as one process of several on one store has it.
fn api(store: &Store, clock: &ManualClock, folder: &TempDir) -> Service {
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let file = QueueFile::open(&folder.path().join("queues.db"), Arc::clone(&clock)).unwrap();
    let queue = || -> Arc<dyn Queue> {
        Arc::new(file.queue(QueueSettings {
            name: "events",
            visibility: Duration::from_mins(1),
            max_receives: 5,
            dead_letters: None,
        }))
    };
    let slack = SlackClient::new(http_client::build().unwrap(), "http://127.0.0.1:1/api").unwrap();
    let installs = Installs {
        table: store.table.clone(),
        keyring: Arc::clone(&store.keyring),
        clock: Arc::clone(&clock),
        slack,
        wake_ups: queue(),
        app: None,
        exclusive: false,
    };
    let secrets: Arc<dyn Secrets> = Arc::new(FixedSecret(OPERATOR_KEY.into()));
    let operator_key = (secrets, "key".to_owned());
    Api {
        table: store.table.clone().into(),
        events: queue().into(),
        commands: queue().into(),
        clock,
        operator_key: operator_key.into(),
        keep: Duration::from_hours(24),
        keyring: Arc::clone(&installs.keyring).into(),
        audit: installs.audit().into(),
        wake_ups: Arc::clone(&installs.wake_ups),
        members: Arc::new(installs.clone()),
        domains: vec![Arc::new(installs)],
        site: Site::default(),
        limits: Limits::default(),
    }
    .service()
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
