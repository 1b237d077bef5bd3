//! Batches of SQS messages through worker and deliverer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use tidegate_aws::dynamodb::DynamoTable;
use tidegate_aws::lambda::{BatchResponse, deliver_batch, work_batch};
use tidegate_pipeline::archive::Label;
use tidegate_pipeline::clock::{Clock, ManualClock, SystemClock, Timestamp};
use tidegate_pipeline::delivery::{ConfiguredToken, Deliverer, NoEffects, Sender};
use tidegate_pipeline::job::{Job, kind};
use tidegate_pipeline::keyring::Keyring;
use tidegate_pipeline::ledger::{Delivery, JobError};
use tidegate_pipeline::outbox::{Lane, wake_up};
use tidegate_pipeline::queue::{Outgoing, Queue, QueueError, Received};
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::table::{RowKey, SealedEngine, Table};
use tidegate_pipeline::worker::{FollowUp, Handler, Worker};
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;

use crate::loopback::Server;
use crate::table::dynoxide;

const NOW: i64 = 1_700_000_000;
const MARGIN: Duration = Duration::from_secs(5);

/// A queue that only notes what was hidden, and breaks at the receipt of `broken`.
#[derive(Default)]
struct Hidden(Mutex<Vec<(String, Duration)>>);

impl Hidden {
    fn receipts(&self) -> Vec<String> {
        let mut receipts: Vec<_> = self
            .0
            .lock()
            .unwrap()
            .iter()
            .map(|(receipt, _)| receipt.clone())
            .collect();
        receipts.sort();
        receipts
    }
}

#[async_trait]
impl Queue for Hidden {
    async fn send(&self, _: Outgoing) -> Result<(), QueueError> {
        Ok(())
    }
    async fn receive(&self, _: usize, _: Duration) -> Result<Vec<Received>, QueueError> {
        Ok(Vec::new())
    }
    async fn delete(&self, _: Vec<String>) -> Result<(), QueueError> {
        Ok(())
    }
    async fn hide(&self, receipt: &str, duration: Duration) -> Result<(), QueueError> {
        assert!(receipt != "receipt of broken", "the queue breaks");
        self.0.lock().unwrap().push((receipt.to_owned(), duration));
        Ok(())
    }
}

/// Does what the job's body says.
struct Obedient;

#[async_trait]
impl Handler for Obedient {
    fn label(&self, _: &Job) -> Label {
        Label {
            name: "test".to_owned(),
            dispatched_at: None,
        }
    }

    async fn handle(&self, delivery: Delivery<'_>) -> Result<FollowUp, JobError> {
        assert!(delivery.job.body != b"panic");
        match delivery.job.body.as_slice() {
            b"retry" => Err(JobError::Retry("later".to_owned())),
            b"hang" => std::future::pending().await,
            _ => Ok(FollowUp::default()),
        }
    }
}

fn event(bodies: &[(&str, String)]) -> String {
    let records = bodies.iter().map(|(id, body)| {
        json!({
            "messageId": id,
            "receiptHandle": format!("receipt of {id}"),
            "body": body,
            "attributes": {"ApproximateReceiveCount": "2"},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
        })
    });
    json!({"Records": records.collect::<Vec<_>>()}).to_string()
}

fn job(id: &str, body: &str) -> String {
    let job = Job {
        kind: kind::SLACK_EVENT.to_owned(),
        id: id.to_owned(),
        tenant: "T1".into(),
        received_at: Timestamp(NOW * 1000),
        signed_at: Timestamp(NOW * 1000),
        retry: None,
        body: body.into(),
    };
    job.encode().unwrap()
}

/// The store of that table, with keys in another one.
async fn sealed(rows: DynamoTable) -> Table {
    let keys = Table::new(Arc::new(dynoxide().await));
    let master_key = Arc::new(FixedSecret("5e".repeat(32).into()));
    let keyring = Keyring::new(&keys, master_key, "master", Arc::new(SystemClock));
    Table::new(Arc::new(SealedEngine::new(
        Arc::new(rows),
        Arc::new(keyring),
    )))
}

async fn worker(source: Arc<Hidden>) -> Worker {
    Worker {
        table: sealed(dynoxide().await).await,
        source,
        wake_ups: Arc::new(Hidden::default()),
        clock: Arc::new(SystemClock),
        handler: Arc::new(Obedient),
        keep: Duration::from_hours(1),
    }
}

fn failures(response: &BatchResponse) -> Vec<String> {
    let json = serde_json::to_value(response).unwrap();
    let failures = json["batchItemFailures"].as_array().unwrap().iter();
    let mut ids: Vec<_> = failures
        .map(|f| f["itemIdentifier"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_batch_fails_in_parts() {
    let source = Arc::new(Hidden::default());
    let worker = worker(Arc::clone(&source)).await;
    let bodies = ["ok", "retry", "panic", "hang", "ok"];
    let records: Vec<(String, String)> = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| (format!("m{n}"), job(&format!("Ev{n}"), body)))
        .collect();
    let records: Vec<(&str, String)> = records
        .iter()
        .map(|(id, body)| (id.as_str(), body.clone()))
        .collect();
    let deadline = worker.clock.now().plus(MARGIN + Duration::from_millis(300));
    let response = work_batch(&worker, &event(&records), deadline, MARGIN)
        .await
        .unwrap();
    assert_eq!(failures(&response), ["m1", "m2", "m3"]);
    assert_eq!(
        source.receipts(),
        ["receipt of m1", "receipt of m2", "receipt of m3"]
    );
}

#[tokio::test]
async fn one_event_twice_in_a_batch_is_archived_once() {
    let worker = worker(Arc::new(Hidden::default())).await;
    let twice = event(&[("m1", job("Ev1", "ok")), ("m2", job("Ev1", "ok"))]);
    let deadline = worker.clock.now().plus(MARGIN + Duration::from_secs(10));
    assert_eq!(
        work_batch(&worker, &twice, deadline, MARGIN).await,
        Ok(BatchResponse::default())
    );
}

#[tokio::test]
async fn a_panic_outside_the_records_costs_the_batch_only() {
    let worker = worker(Arc::new(Hidden::default())).await;
    let records = event(&[("m1", job("Ev1", "ok")), ("broken", job("Ev2", "retry"))]);
    let deadline = worker.clock.now().plus(MARGIN + Duration::from_secs(10));
    let response = work_batch(&worker, &records, deadline, MARGIN)
        .await
        .unwrap();
    assert_eq!(failures(&response), ["broken", "m1"]);
    let after = work_batch(
        &worker,
        &event(&[("m3", job("Ev3", "ok"))]),
        deadline,
        MARGIN,
    )
    .await;
    assert_eq!(after, Ok(BatchResponse::default()));
}

#[tokio::test]
async fn a_batch_that_is_late_is_given_back_as_a_whole() {
    // A table that never answers: the archive does not end.
    let server = Server::start([]).await;
    let clock: Arc<SystemClock> = Arc::new(SystemClock);
    let table = DynamoTable::new(&server.aws(), "tidegate", clock.clone());
    let worker = Worker {
        table: sealed(table).await,
        ..worker(Arc::new(Hidden::default())).await
    };
    let records = event(&[("m1", job("Ev1", "ok")), ("m2", job("Ev2", "ok"))]);
    // From here on time passes only while everybody waits.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let margin = Duration::from_millis(200);
    let deadline = clock.now().plus(margin * 2);
    let response = work_batch(&worker, &records, deadline, margin)
        .await
        .unwrap();
    assert_eq!(failures(&response), ["m1", "m2"]);
    assert!(began.elapsed() <= margin * 2, "{:?}", began.elapsed());
}

fn wake(lane: &str, hops: u32) -> String {
    let lane = Lane::from_text(lane);
    wake_up(&"T1".into(), &lane, hops, Timestamp(NOW * 1000))
        .unwrap()
        .encode()
        .unwrap()
}

async fn deliverer() -> Deliverer {
    let http = http_client::build().unwrap();
    Deliverer {
        table: sealed(dynoxide().await).await,
        wake_ups: Arc::new(Hidden::default()),
        clock: Arc::new(ManualClock::at(NOW)),
        slack: SlackClient::new(http, "http://127.0.0.1:9").unwrap(),
        tokens: Arc::new(ConfiguredToken {
            secrets: Arc::new(FixedSecret("xoxb-test".into())),
            name: "SLACK_BOT_TOKEN".to_owned(),
        }),
        sender: Sender {
            boot: "test".to_owned(),
            exclusive: false,
        },
        quiet: Duration::from_mins(1),
        performer: Arc::new(NoEffects),
    }
}

#[tokio::test]
async fn wake_ups_of_one_lane_are_one() {
    let (deliverer, source) = (deliverer().await, Hidden::default());
    let until = deliverer.clock.now().plus(Duration::from_secs(30));
    let wake_ups = [
        ("m1", wake("C1", 0)),
        ("m2", wake("C1", 3)),
        ("m3", wake("C2", 0)),
    ];
    let response = deliver_batch(&deliverer, &source, &event(&wake_ups), until).await;
    assert_eq!(response, Ok(BatchResponse::default()));
    for lane in ["C1", "C2"] {
        let lease = RowKey::new(&["lane", lane], &["lease"]);
        let row = deliverer
            .table
            .tenant(&"T1".into())
            .get(&lease)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.number("epoch"), Some(1), "lane {lane} was held once");
    }
}

#[tokio::test]
async fn a_wake_up_that_cannot_be_read_is_hidden_and_told() {
    let (deliverer, source) = (deliverer().await, Hidden::default());
    let until = deliverer.clock.now().plus(Duration::from_secs(30));
    let wake_ups = [("m1", "garbage".to_owned()), ("m2", wake("C1", 0))];
    let response = deliver_batch(&deliverer, &source, &event(&wake_ups), until)
        .await
        .unwrap();
    assert_eq!(failures(&response), ["m1"]);
    assert_eq!(source.receipts(), ["receipt of m1"]);
}
