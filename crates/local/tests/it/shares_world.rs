//! A domain that behaves as a test says beside the real mirror, and one worker for both, on a table and a queue that fail.

mod odd;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value as Json, json};
use tidegate_app::api::{Api, Limits, Site};
use tidegate_app::installs::Installs;
use tidegate_local::queue::{EmbeddedQueue, QueueFile, QueueSettings};
use tidegate_mirror::{Mirror, messages};
use tidegate_pipeline::archive::Label;
use tidegate_pipeline::audit::{Audit, AuditEntry};
use tidegate_pipeline::clock::{Clock, ManualClock, Timestamp};
use tidegate_pipeline::dispatch::Dispatcher;
use tidegate_pipeline::domain::Domain;
use tidegate_pipeline::job::{Job, kind};
use tidegate_pipeline::ledger::{Delivery, Entry, Ledger, Share, ShareId, ShareState};
use tidegate_pipeline::queue::{Outgoing, Queue, Received};
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::table::{Due, RowKey, Rows};
use tidegate_pipeline::timers::send_due_timers;
use tidegate_pipeline::worker::Worker;
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;
use tokio::sync::Notify;

pub(crate) use self::odd::{Manner, Notary, Odd, settings};
use crate::faulty_queue::{self, FaultyQueue};
use crate::faulty_table::FaultyTable;
use crate::scripted::{KEEP, LIMIT, Recorder};
use crate::support::OPERATOR_KEY;

pub(crate) const TENANT: &str = "T1";

const CHANNEL: &str = "C0000000001";

/// One tenant, one worker, one queue.
pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) engine: Arc<FaultyTable>,
    pub(crate) odd: Arc<Odd>,
    pub(crate) events: Arc<EmbeddedQueue>,
    pub(crate) dead_letters: Arc<EmbeddedQueue>,
    /// The queue as the product sees it.
    pub(crate) queue: Arc<dyn Queue>,
    faulty: Arc<FaultyQueue>,
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) worker: Worker,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(0, faulty_queue::Rates::default(), &[])
    }

    /// With more domains behind the mirror and the odd one.
    pub(crate) fn with(seed: u64, rates: faulty_queue::Rates, more: &[Arc<dyn Domain>]) -> Self {
        let clock = ManualClock::at(1_700_000_000);
        let engine = FaultyTable::new(seed);
        let file = QueueFile::in_memory(Arc::new(clock.clone())).unwrap();
        let queue = |name, dead_letters| {
            Arc::new(file.queue(QueueSettings {
                name,
                visibility: Duration::from_mins(3),
                max_receives: 5,
                dead_letters,
            }))
        };
        let events = queue("events", Some("events-dlq"));
        let shared: Arc<dyn Queue> = events.clone();
        let faulty = Arc::new(FaultyQueue::new(shared, seed, rates));
        let source: Arc<dyn Queue> = faulty.clone();
        let odd = Odd::new();
        let mut domains: Vec<Arc<dyn Domain>> = vec![Arc::new(Mirror), odd.clone()];
        domains.extend_from_slice(more);
        let dispatcher = dispatcher(&engine, &clock, domains);
        Self {
            worker: worker(&engine, &clock, &dispatcher, Arc::clone(&source)),
            dead_letters: queue("events-dlq", None),
            queue: source,
            faulty,
            clock,
            engine,
            odd,
            events,
            dispatcher,
        }
    }

    /// Keeps tokio's paused clock from running ahead of table and queue.
    pub(crate) fn hold_time(&self) {
        self.engine.hold_time();
        self.faulty.hold_time();
    }

    /// The same world with the odd domain switched off.
    pub(crate) fn worker_without_odd(&self) -> Worker {
        let dispatcher = dispatcher(&self.engine, &self.clock, vec![Arc::new(Mirror)]);
        worker(
            &self.engine,
            &self.clock,
            &dispatcher,
            Arc::clone(&self.queue),
        )
    }

    /// The job of a message's event; `n` makes the message.
    pub(crate) fn job(event: &str, n: usize) -> Job {
        let at = Timestamp(1_700_000_000_000);
        let ts = ts(n);
        let body = json!({
            "type": "event_callback", "api_app_id": "A1", "team_id": TENANT, "event_id": event,
            "event_time": at.seconds(),
            "event": {"type": "message", "channel": CHANNEL, "user": "U1", "text": "hello", "ts": ts, "event_ts": ts},
        });
        Job {
            kind: kind::SLACK_EVENT.to_owned(),
            id: event.to_owned(),
            tenant: TENANT.into(),
            received_at: at,
            signed_at: at,
            retry: None,
            body: body.to_string().into_bytes(),
        }
    }

    /// Queues an event with that id and number.
    pub(crate) async fn send(&self, event: &str, n: usize) {
        self.queue_job(&Self::job(event, n)).await;
    }

    pub(crate) async fn queue_job(&self, job: &Job) {
        let message = Outgoing {
            group: TENANT.to_owned(),
            body: job.encode().unwrap(),
            delay: Duration::ZERO,
        };
        self.events.send(message).await.unwrap();
    }

    /// A message as the queue delivers it for the so many-th time.
    pub(crate) fn received(job: &Job, receives: u32) -> Received {
        Received {
            id: format!("m-{}", job.id),
            receipt: "events.0.0".to_owned(),
            body: job.encode().unwrap(),
            receives,
        }
    }

    /// Works off one batch. Answers how many messages it had.
    pub(crate) async fn work(&self) -> usize {
        self.work_with(&self.worker).await
    }

    pub(crate) async fn work_with(&self, worker: &Worker) -> usize {
        let batch = self.queue.receive(10, Duration::ZERO).await.unwrap();
        let count = batch.len();
        let receipts: Vec<(String, String)> = batch
            .iter()
            .map(|m| (m.id.clone(), m.receipt.clone()))
            .collect();
        let failed = worker.process(batch, LIMIT).await;
        let done = receipts.into_iter().filter(|(id, _)| !failed.contains(id));
        let done = done.map(|(_, receipt)| receipt).collect();
        self.queue.delete(done).await.unwrap();
        count
    }

    /// Works off one batch with a worker that dies, with all that it has in work, as soon as `dies` is told. True if it died.
    pub(crate) fn work_until(&self, dies: &Notify) -> (usize, bool) {
        let work = || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            // Everything that runs on it ends with it.
            runtime.unwrap().block_on(async {
                tokio::select! {
                    biased;
                    () = dies.notified() => (1, true),
                    count = self.work() => (count, false),
                }
            })
        };
        std::thread::scope(|scope| scope.spawn(work).join().unwrap())
    }

    /// Works off one batch with a worker that dies as soon as the odd domain freezes, if it does.
    pub(crate) async fn work_or_die(&self) -> usize {
        if self.faulty.holds_time() {
            return self.work().await;
        }
        self.work_until(&self.odd.frozen).0
    }

    /// Sweeps as the scheduler does.
    pub(crate) async fn sweep(&self) {
        let queue_of = |_: &str| Arc::clone(&self.queue);
        let until = self.clock.now().plus(Duration::from_secs(50));
        // Jobs that are not sent today are sent by the next sweep.
        let _ = send_due_timers(&self.engine.table(), &queue_of, &self.clock, until).await;
    }

    /// Goes on until the queue is empty and no share waits.
    pub(crate) async fn rest(&self) {
        let first = Duration::from_millis(500);
        let mut pause = first;
        for _ in 0..20_000 {
            if self.work_or_die().await > 0 {
                pause = first;
                continue;
            }
            if self.events.depth().await.unwrap() == 0 && self.timers().await == 0 {
                return;
            }
            self.clock.advance(pause);
            pause = (pause * 2).min(Duration::from_secs(30));
            self.sweep().await;
        }
        panic!("the queue does not empty");
    }

    pub(crate) fn rows(&self) -> Rows {
        self.engine.truth().tenant(&TENANT.into())
    }

    fn ledger(&self) -> Ledger<'_> {
        Ledger {
            rows: self.rows(),
            clock: &self.clock,
            keep: KEEP,
        }
    }

    /// How many timers there are, due or not.
    pub(crate) async fn timers(&self) -> usize {
        let system = self.engine.truth().system();
        let due = system.due(Due::Timer, Timestamp(i64::MAX), 100).await;
        due.unwrap().len()
    }

    pub(crate) async fn entry(&self, event: &str) -> Option<Entry> {
        self.ledger().entry_of(event).await.unwrap()
    }

    /// The states of an event's shares, by domain.
    pub(crate) async fn shares(&self, event: &str) -> Vec<(String, ShareState)> {
        let shares = self.ledger().shares_of(event).await.unwrap();
        let state = |share: Share| (share.domain, share.state);
        shares.into_iter().map(state).collect()
    }

    pub(crate) async fn share(&self, event: &str) -> Share {
        let shares = self.ledger().shares_of(event).await.unwrap();
        let odd = shares.into_iter().find(|share| share.domain == "odd");
        odd.unwrap()
    }

    /// Whether the mirror has the message.
    pub(crate) async fn is_stored(&self, n: usize) -> bool {
        let row = self.rows().get(&messages::key(CHANNEL, &ts(n))).await;
        row.unwrap()
            .is_some_and(|row| row.opened_text("text") == Some("hello"))
    }

    pub(crate) async fn park(&self, id: &ShareId, reason: &str) {
        park(self.rows(), &self.clock, id, reason).await;
    }

    /// How often the odd domain's writes about an event were done.
    pub(crate) async fn counted(&self, event: &str) -> i64 {
        let row = self
            .rows()
            .get(&RowKey::new(&["odd", event], &["count"]))
            .await;
        row.unwrap()
            .unwrap_or_default()
            .number("count")
            .unwrap_or(0)
    }

    /// The ids of the posts about an event that wait in the outbox. Nothing sends them here.
    pub(crate) async fn posts(&self, event: &str) -> Vec<String> {
        let system = self.engine.truth().system();
        let due = system.due(Due::Outbox, Timestamp(i64::MAX), 1000).await;
        let mut ids = Vec::new();
        for place in due.unwrap() {
            let row = self.rows().get(&place.key).await.unwrap().unwrap();
            if row.text("event_id") == Some(event) {
                ids.push(row.text("message_id").unwrap().to_owned());
            }
        }
        ids
    }

    /// What the audit trail has of that action.
    pub(crate) async fn notes(&self, action: &str) -> Vec<AuditEntry> {
        let (table, keyring) = (self.engine.truth(), self.engine.keyring());
        let audit = Audit::new(table, keyring, Arc::new(self.clock.clone()));
        let page = audit.list(&TENANT.into(), 100, None).await.unwrap();
        let entries = page.entries.into_iter();
        entries.filter(|entry| entry.action == action).collect()
    }

    /// Calls the operator API.
    pub(crate) async fn operator(&self, method: Method, path: &str) -> Json {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {OPERATOR_KEY}"))
            .body(Bytes::new());
        let answer = self.api().handle(request.unwrap(), "test").await;
        serde_json::from_slice(answer.body()).unwrap()
    }

    fn api(&self) -> Api {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let slack = SlackClient::new(http_client::build().unwrap(), "http://127.0.0.1:1/api");
        let installs = Installs {
            table: self.engine.truth(),
            keyring: self.engine.keyring(),
            clock: Arc::clone(&clock),
            slack: slack.unwrap(),
            wake_ups: Arc::new(Recorder::default()),
            app: None,
            exclusive: false,
        };
        Api {
            table: self.engine.truth().into(),
            events: self.events.clone(),
            commands: Arc::new(Recorder::default()),
            clock,
            operator_key: (Arc::new(FixedSecret(OPERATOR_KEY.into())), "key".to_owned()),
            keep: KEEP,
            keyring: self.engine.keyring(),
            audit: installs.audit(),
            wake_ups: Arc::clone(&installs.wake_ups),
            members: Arc::new(installs.clone()),
            domains: vec![Arc::new(installs)],
            site: Site::default(),
            limits: Limits::default(),
        }
    }
}

fn dispatcher(
    engine: &Arc<FaultyTable>,
    clock: &ManualClock,
    domains: Vec<Arc<dyn Domain>>,
) -> Arc<Dispatcher> {
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let audit = Audit::new(engine.table(), engine.keyring(), Arc::clone(&clock));
    let dispatcher = Dispatcher::new(domains, engine.table(), audit, clock, KEEP);
    Arc::new(dispatcher)
}

fn worker(
    engine: &Arc<FaultyTable>,
    clock: &ManualClock,
    dispatcher: &Arc<Dispatcher>,
    source: Arc<dyn Queue>,
) -> Worker {
    Worker {
        table: engine.table(),
        source,
        wake_ups: Arc::new(Recorder::default()),
        clock: Arc::new(clock.clone()),
        handler: Arc::clone(dispatcher) as _,
        keep: KEEP,
    }
}

fn ts(n: usize) -> String {
    format!("1700000000.{n:06}")
}

/// Parks a share, as a worker does.
pub(crate) async fn park(rows: Rows, clock: &ManualClock, id: &ShareId, reason: &str) {
    let ledger = Ledger {
        rows,
        clock,
        keep: KEEP,
    };
    let share = ledger.share_of(id).await.unwrap().unwrap();
    let job = ledger.job_of_share(&share, &TENANT.into()).unwrap();
    let label = Label {
        name: "share".to_owned(),
        dispatched_at: None,
    };
    let delivery = Delivery {
        job: &job,
        label: &label,
        message: "test",
        attempt: 1,
    };
    ledger.park_job(delivery, reason).await.unwrap();
}
