//! Replaying an event: what failed before has its effect once, what is done has no second one.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_local::queue::{QueueFile, QueueSettings};
use tidegate_pipeline::archive::Label;
use tidegate_pipeline::clock::{Clock, SystemClock};
use tidegate_pipeline::job::{Job, kind};
use tidegate_pipeline::ledger::{Delivery, JobError};
use tidegate_pipeline::queue::{Queue, Received};
use tidegate_pipeline::table::{RowKey, Write};
use tidegate_pipeline::worker::{FollowUp, Handler, Worker};
use tidegate_testing::product::{
    Product, TENANT, id, mention, now, signed, signed_at, store_in, until,
};
use tidegate_testing::tidegate;

const CHANNEL: &str = "C0GENERAL01";

#[tokio::test]
async fn a_parked_event_whose_cause_is_gone_has_its_effect_once() {
    let folder = TempDir::new().unwrap();
    let event = mention(CHANNEL, "are you there?");
    parked_by_a_broken_build(folder.path(), &event).await;

    let product = Product::start_in(folder.path(), &[]).await;
    let parked = product.shown(id(&event)).await.unwrap();
    assert_eq!(
        (&parked["state"], &parked["reason"]),
        (&json!("parked"), &json!("a bug"))
    );
    assert_eq!(product.replies(CHANNEL), Vec::<String>::new());

    // Both calls come before the worker has done anything, so both are queued: the claim decides.
    let (first, second) = tokio::join!(replay(&product, &event), replay(&product, &event));
    assert_eq!((&first["ok"], &second["ok"]), (&json!(true), &json!(true)));
    let shown = until("the event is done", async || {
        let shown = product.shown(id(&event)).await?;
        (shown["state"] == "done" && shown["posts_waiting"] == 0).then_some(shown)
    })
    .await;
    assert_eq!(shown["posts"][0]["state"], "done");
    product.drained().await;
    assert_eq!(product.replies(CHANNEL).len(), 1);
    let list = product
        .operator(Method::GET, "/v1/operator/events?state=parked")
        .await
        .json();
    assert_eq!(list["events"], json!([]));

    let again = replay(&product, &event).await;
    assert_eq!(
        (&again["ok"], &again["replayed"]),
        (&json!(true), &json!(false))
    );
    product.drained().await;
    assert_eq!(product.replies(CHANNEL).len(), 1);
}

#[tokio::test]
async fn a_parked_event_whose_cause_stays_is_parked_again() {
    let product = Product::start().await;
    let body = b"garbage".to_vec();
    let headers = signed("application/json", &body);
    let request = tidegate_ingress::request_id(&headers);
    product.send("/slack/events", headers, body).await;
    let first = product.settled(&request).await;
    assert_eq!(first["state"], "parked");
    let ended = tidegate!()
        .call(&product, &["events", "replay", &request])
        .await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let again = until("it is parked again", async || {
        let shown = product.shown(&request).await?;
        (shown["finished_at_ms"] != first["finished_at_ms"]).then_some(shown)
    })
    .await;
    assert_eq!(
        (&again["state"], &again["reason"]),
        (&json!("parked"), &first["reason"])
    );
    let list = product
        .operator(Method::GET, "/v1/operator/events?state=parked")
        .await
        .json();
    assert_eq!(list["events"].as_array().unwrap().len(), 1);
}

/// A recorded request tells of a time long ago; each sending is signed anew.
#[tokio::test]
async fn a_recorded_event_that_is_sent_at_two_times_is_archived_once() {
    let product = Product::start().await;
    let mut event = mention(CHANNEL, "are you there?");
    event["event_time"] = json!(1_600_000_000);
    let body = event.to_string().into_bytes();
    for seconds_ago in [100, 0] {
        let headers = signed_at(now() - seconds_ago, "application/json", &body);
        let answer = product.send("/slack/events", headers, body.clone()).await;
        assert_eq!(answer.status, StatusCode::OK);
        product.settled(id(&event)).await;
        product.drained().await;
    }
    let archived = product.archived(None).await;
    assert_eq!(
        archived
            .iter()
            .filter(|a| a["event_id"] == id(&event))
            .count(),
        1
    );
    assert_eq!(product.replies(CHANNEL).len(), 1);
}

#[tokio::test]
async fn replaying_what_is_done_changes_nothing() {
    let product = Product::start().await;
    let event = mention(CHANNEL, "are you there?");
    product.event(&event).await;
    product.settled(id(&event)).await;
    product.drained().await;
    let before = product.queued();
    for _ in 0..2 {
        let answer = replay(&product, &event).await;
        assert_eq!(
            (&answer["ok"], &answer["replayed"]),
            (&json!(true), &json!(false))
        );
        let ended = tidegate!()
            .call(&product, &["events", "replay", id(&event)])
            .await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("would change nothing"), "{ended:?}");
    }
    assert_eq!(product.replies(CHANNEL).len(), 1);
    // The bot's own post came back as an event meanwhile; nothing else was queued.
    assert!(product.queued() - before <= 1);
}

async fn replay(product: &Product, event: &Value) -> Value {
    let path = format!("/v1/operator/events/{}/replay", id(event));
    let answer = product.operator(Method::POST, &path).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

/// A build whose handler fails on everything.
struct Broken;

#[async_trait]
impl Handler for Broken {
    fn label(&self, _job: &Job) -> Label {
        Label {
            name: "app_mention".to_owned(),
            dispatched_at: None,
        }
    }

    async fn handle(&self, _delivery: Delivery<'_>) -> Result<FollowUp, JobError> {
        Err(JobError::Fail("a bug".to_owned()))
    }
}

/// Takes the event on that data folder and parks it.
async fn parked_by_a_broken_build(data_dir: &Path, event: &Value) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let table = store_in(data_dir).table;
    // As every build does, whatever its handler makes of the event.
    let key = RowKey::new(&["tenants"], &[TENANT]);
    let row = tidegate_pipeline::table::Item::new().with("tenant", TENANT);
    table
        .system()
        .rows()
        .write(Write::put(key, row))
        .await
        .unwrap();
    let queue: Arc<dyn Queue> = Arc::new(QueueFile::in_memory(Arc::clone(&clock)).unwrap().queue(
        QueueSettings {
            name: "events",
            visibility: Duration::from_mins(3),
            max_receives: 5,
            dead_letters: None,
        },
    ));
    let job = Job {
        kind: kind::SLACK_EVENT.to_owned(),
        id: id(event).to_owned(),
        tenant: TENANT.into(),
        received_at: clock.now(),
        signed_at: clock.now(),
        retry: None,
        body: event.to_string().into_bytes(),
    };
    let worker = Worker {
        table,
        source: Arc::clone(&queue),
        wake_ups: queue,
        clock,
        handler: Arc::new(Broken),
        keep: Duration::from_hours(30 * 24),
    };
    let message = Received {
        id: "1".to_owned(),
        receipt: "events.1.1".to_owned(),
        body: job.encode().unwrap(),
        receives: 1,
    };
    let failed = worker.process(vec![message], Duration::from_secs(25)).await;
    assert_eq!(failed, Vec::<String>::new());
}
