//! What current Bolt gets wrong, answered right: one test for each defect that was reproduced in Bolt for Python 1.30
//! or Bolt for JavaScript 5.1. The last one, about `ssl_check`, is in `ssl_check`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use metrics_exporter_prometheus::PrometheusBuilder;
use secrecy::SecretString;
use serde_json::{Value, json};
use tidegate_hello::Hello;
use tidegate_ingress::Ingress;
use tidegate_ingress::signing::SigningKeys;
use tidegate_local::queue::{QueueFile, QueueSettings};
use tidegate_local::store::Store;
use tidegate_mirror::Mirror;
use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::clock::ManualClock;
use tidegate_pipeline::dispatch::Dispatcher;
use tidegate_pipeline::domain::Domain;
use tidegate_pipeline::ledger::{EventState, Ledger};
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::table::{Range, RowKey};
use tidegate_pipeline::worker::Worker;
use tidegate_slack::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER};
use tidegate_testing::product::{
    Answer, FORM, Product, SIGNING_SECRET, TENANT, content_type, envelope, form, id, mention, now,
    signed, signed_at, unique, until,
};

#[tokio::test]
async fn slash_text_with_the_word_payload_is_a_command() {
    let product = Product::start().await;
    let fields = [
        ("command", "/tidegate"),
        ("text", "payload=ping"),
        ("team_id", TENANT),
    ];
    let event = taken(&product, "/slack/commands", FORM, &form(&fields)).await;
    assert_eq!(
        (&event["kind"], &event["body"]["text"]),
        (&json!("slack.command"), &json!("payload=ping"))
    );
}

#[tokio::test]
async fn a_form_with_a_charset_is_a_form() {
    let product = Product::start().await;
    let with_charset = format!("{FORM}; charset=utf-8");
    let ping = ping(&product).await;
    let event = taken(&product, "/slack/commands", &with_charset, &ping).await;
    assert_eq!(
        (&event["type"], &event["state"]),
        (&json!("/tidegate"), &json!("done"))
    );
    assert_eq!(event["posts"][0]["state"], "done");

    product.drained().await;
    let queued = product.queued();
    let probe = b"ssl_check=1&token=any";
    let answer = post(&product, "/slack/events", &with_charset, probe).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(product.queued(), queued, "a form was taken for JSON");
}

/// API Gateway hands such a body over in base64; the Lambda adapter's tests send it so. Here it comes as it is.
#[tokio::test]
async fn a_body_that_is_not_ascii_is_taken_as_its_bytes() {
    let product = Product::start().await;
    let text = "café ☕ \u{1f980} \u{fffd} \u{ffff}";
    let event = mention("C0GENERAL01", text);
    assert_eq!(product.event(&event).await.status, StatusCode::OK);
    let shown = product.settled(id(&event)).await;
    assert_eq!(
        (&shown["state"], &shown["body"]["event"]["text"]),
        (&json!("done"), &json!(text))
    );
}

#[tokio::test]
async fn malformed_json_without_a_signature_is_refused() {
    refused(content_type("application/json"), b"{\"type\": ").await;
}

#[tokio::test]
async fn a_timestamp_that_is_no_number_is_refused() {
    let body = envelope(&json!({"type": "message"})).to_string();
    let mut headers = signed("application/json", body.as_bytes());
    headers.insert(TIMESTAMP_HEADER, HeaderValue::from_static("abc"));
    refused(headers, body.as_bytes()).await;
}

#[tokio::test]
async fn a_signature_that_is_not_ascii_is_refused() {
    let body = envelope(&json!({"type": "message"})).to_string();
    let mut headers = signed("application/json", body.as_bytes());
    let odd = HeaderValue::from_bytes("v0=☕☕☕☕".as_bytes()).unwrap();
    headers.insert(SIGNATURE_HEADER, odd);
    refused(headers, body.as_bytes()).await;
}

#[tokio::test]
async fn a_timestamp_a_day_in_the_future_is_refused() {
    let body = envelope(&json!({"type": "message"})).to_string();
    let tomorrow = signed_at(now() + 24 * 3600, "application/json", body.as_bytes());
    refused(tomorrow, body.as_bytes()).await;
}

#[tokio::test]
async fn another_version_of_the_signature_is_refused() {
    let body = envelope(&json!({"type": "message"})).to_string();
    let mut headers = signed("application/json", body.as_bytes());
    let signature = headers[SIGNATURE_HEADER]
        .to_str()
        .unwrap()
        .replace("v0=", "v9=");
    headers.insert(SIGNATURE_HEADER, signature.parse().unwrap());
    refused(headers, body.as_bytes()).await;
}

#[tokio::test]
async fn an_event_type_that_nobody_handles_is_taken_and_archived() {
    let product = Product::start().await;
    let event = envelope(&json!({"type": "invented_next_year", "event_ts": "1.2"}));
    assert_eq!(product.event(&event).await.status, StatusCode::OK);
    let shown = product.settled(id(&event)).await;
    assert_eq!(
        (&shown["state"], &shown["body"]["event"]["type"]),
        (&json!("done"), &json!("invented_next_year"))
    );

    let outer = json!({"type": "invented_outer_type", "event_id": unique("Ev"), "team_id": TENANT});
    assert_eq!(product.event(&outer).await.status, StatusCode::OK);
    assert_eq!(product.settled(id(&outer)).await["state"], "done");
}

#[tokio::test]
async fn app_rate_limited_is_taken_and_leaves_a_gap() {
    // The product of a test runs on the test's own thread, and so do its counters.
    let recorder = PrometheusBuilder::new().build_recorder();
    let counters = recorder.handle();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let product = Product::start().await;
    let minute = now() / 60 * 60;
    let notice = json!({"token": "retired", "type": "app_rate_limited", "team_id": TENANT,
        "minute_rate_limited": minute, "api_app_id": "A0TESTS0001"});
    assert_eq!(product.event(&notice).await.status, StatusCode::OK);

    let rows = product.table().tenant(&TENANT.into());
    let key = RowKey::new(&["gaps"], &[&format!("{minute:012}")]);
    let gap = until("the gap's row", async || rows.get(&key).await.unwrap()).await;
    assert_eq!(gap.number("minute"), Some(minute));
    let all = rows
        .query(&["gaps"], Range::All, false, 10, None)
        .await
        .unwrap();
    assert_eq!(all.rows.len(), 1);
    let counted = counters.render();
    assert!(counted.contains("app_rate_limited_total 1\n"), "{counted}");
}

/// The queue may hold an event for hours; by then its signature is long stale.
#[tokio::test]
async fn a_worker_never_verifies_again() {
    let clock = ManualClock::at(1_763_690_400);
    let store = Store::in_memory(Arc::new(clock.clone())).unwrap();
    let table = store.table;
    let queue: Arc<dyn Queue> = Arc::new(
        QueueFile::in_memory(Arc::new(clock.clone()))
            .unwrap()
            .queue(QueueSettings {
                name: "events",
                visibility: Duration::from_mins(3),
                max_receives: 5,
                dead_letters: None,
            }),
    );
    let ingress = Ingress {
        keys: SigningKeys::new(
            Arc::new(FixedSecret(SecretString::from(SIGNING_SECRET))),
            "SLACK_SIGNING_SECRET",
        ),
        events: Arc::clone(&queue),
        commands: Arc::clone(&queue),
        clock: Arc::new(clock.clone()),
    };
    let event = mention("C0GENERAL01", "are you there?");
    let body = event.to_string().into_bytes();
    let mut request = Request::post("/slack/events")
        .body(Bytes::from(body.clone()))
        .unwrap();
    *request.headers_mut() = signed_at(1_763_690_400, "application/json", &body);
    assert_eq!(ingress.handle(request).await.status(), StatusCode::OK);

    clock.advance(Duration::from_hours(2));
    let keep = Duration::from_hours(30 * 24);
    let audit = Audit::new(table.clone(), store.keyring, Arc::new(clock.clone()));
    let domains: Vec<Arc<dyn Domain>> = vec![Arc::new(Mirror), Arc::new(Hello)];
    let handler = Dispatcher::new(domains, table.clone(), audit, Arc::new(clock.clone()), keep);
    let worker = Worker {
        table: table.clone(),
        source: Arc::clone(&queue),
        wake_ups: Arc::clone(&queue),
        clock: Arc::new(clock.clone()),
        handler: Arc::new(handler),
        keep,
    };
    let batch = queue.receive(10, Duration::ZERO).await.unwrap();
    assert_eq!(batch.len(), 1);
    let failed = worker.process(batch, Duration::from_secs(25)).await;
    assert_eq!(failed, Vec::<String>::new());
    let ledger = Ledger {
        rows: table.tenant(&TENANT.into()),
        clock: &clock,
        keep,
    };
    let entry = ledger.entry_of(id(&event)).await.unwrap().unwrap();
    assert_eq!((entry.state, entry.posts), (EventState::Done, 1));
}

/// A `/tidegate ping` that the stand-in Slack can be answered for.
async fn ping(product: &Product) -> Vec<u8> {
    let response_url = product.response_url().await;
    form(&[
        ("command", "/tidegate"),
        ("text", "ping"),
        ("team_id", TENANT),
        ("channel_id", "C0GENERAL01"),
        ("user_id", "U0ALICE0001"),
        ("response_url", &response_url),
    ])
}

/// Signs and sends a body.
pub(crate) async fn post(product: &Product, path: &str, content_type: &str, body: &[u8]) -> Answer {
    product
        .send(path, signed(content_type, body), body.to_vec())
        .await
}

/// The same, for what must be queued and archived: answers how it is shown in the end.
pub(crate) async fn taken(product: &Product, path: &str, content_type: &str, body: &[u8]) -> Value {
    let headers = signed(content_type, body);
    let id = tidegate_ingress::request_id(&headers);
    let answer = product.send(path, headers, body.to_vec()).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    product.settled(&id).await
}

/// Sends it everywhere: 401, and nothing of it reaches a queue.
pub(crate) async fn refused(headers: HeaderMap, body: &[u8]) {
    let product = Product::start().await;
    for path in ["/slack/events", "/slack/commands", "/slack/interactions"] {
        let answer = product.send(path, headers.clone(), body.to_vec()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path} {answer:?}");
    }
    assert_eq!(product.queued(), 0);
}
