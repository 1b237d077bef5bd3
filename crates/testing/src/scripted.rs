//! A handler that does what its event says, and a worker around it on a table and a queue that fail.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use tidegate_pipeline::archive::Label;
use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::clock::{Clock, ManualClock, Timestamp};
use tidegate_pipeline::job::{Job, kind};
use tidegate_pipeline::ledger::{
    Claim, Decision, Delivery, EventCommitted, JobError, Ledger, Part,
};
use tidegate_pipeline::outbox::{Class, Lane, Post, Target};
use tidegate_pipeline::queue::{Outgoing, Queue, QueueError, Received};
use tidegate_pipeline::table::{RowKey, Table, Write};
use tidegate_pipeline::worker::{FollowUp, Handler, Worker};

use crate::faulty_table::FaultyTable;

/// How long ledger and archive rows are kept.
pub const KEEP: Duration = Duration::from_hours(30 * 24);

/// Time for one record.
pub const LIMIT: Duration = Duration::from_secs(25);

/// What an event says is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// Adds one to the tenant's [`counter`].
    Count,
    /// Counts the event, and posts a message.
    Post,
    /// Counts; its natural key is that of every twin of the same number.
    Twin(usize),
    /// Counts at the third attempt.
    RetryTwice,
    /// Counts after a first panic.
    PanicOnce,
    /// Says that trying again may help, for ever.
    Retry,
    /// Says that it cannot.
    Fail,
    /// Panics at every attempt.
    Panic,
    /// Panics while it is asked what it is.
    PanicAtLabel,
    /// Never ends, so that the time for one record ends it.
    Hang,
}

/// The handler; knows the scripts by event id.
pub struct Scripted {
    /// The table as the handler sees it.
    pub table: Table,
    /// The clock of the handler and its worker.
    pub clock: Arc<dyn Clock>,
    audit: Audit,
    scripts: Mutex<BTreeMap<String, Script>>,
    begun: Mutex<BTreeMap<String, usize>>,
}

impl Scripted {
    /// A handler that knows no event yet.
    pub fn new(engine: &Arc<FaultyTable>, clock: Arc<dyn Clock>) -> Arc<Self> {
        let table = engine.table();
        Arc::new(Self {
            audit: Audit::new(table.clone(), engine.keyring(), Arc::clone(&clock)),
            table,
            clock,
            scripts: Mutex::default(),
            begun: Mutex::default(),
        })
    }

    /// Says what is to be done at an event.
    pub fn set(&self, id: &str, script: Script) {
        self.scripts.lock().unwrap().insert(id.to_owned(), script);
    }

    /// How often the handler has begun with an event.
    pub fn begun(&self, id: &str) -> usize {
        self.begun.lock().unwrap().get(id).copied().unwrap_or(0)
    }

    fn script(&self, id: &str) -> Script {
        self.scripts.lock().unwrap()[id]
    }

    async fn count(&self, delivery: Delivery<'_>, script: Script) -> Result<FollowUp, JobError> {
        let natural_key = match script {
            Script::Twin(n) => Some(vec!["twin".to_owned(), n.to_string()]),
            _ => None,
        };
        let lane = Lane::from_text("C0000000001");
        let body = json!({"channel": "C0000000001", "text": "hello"});
        let (target, class, purpose) = (Target::Channel, Class::AtMostOnce, "test");
        let post = Post {
            lane,
            target,
            body,
            class,
            purpose,
        };
        let posts = if script == Script::Post {
            vec![post]
        } else {
            Vec::new()
        };
        let counted = Write::update(counter(), "ADD #count :one").value(":one", 1i64);
        let parts = [Part {
            domain: "test",
            decided: Ok(Decision {
                writes: vec![counted],
                posts,
                audit: None,
            }),
        }];
        let rows = self.table.tenant(&delivery.job.tenant);
        let ledger = Ledger {
            rows,
            clock: &*self.clock,
            keep: KEEP,
        };
        let claim = Claim::of(delivery);
        let trail = self.audit.of(&claim.tenant);
        let committed = ledger.commit_event(trail, &claim, natural_key.as_deref(), &parts);
        match committed.await? {
            EventCommitted::Done(lanes, _) => Ok(lanes.into()),
            EventCommitted::Repeated(lanes) => {
                ledger.keep_one_copy(delivery).await?;
                Ok(lanes.into())
            }
            EventCommitted::SameEvent => Ok(FollowUp::default()),
            EventCommitted::Stale(_) => panic!("no condition is in the writes"),
            EventCommitted::Rejected(why) => Err(JobError::Fail(why)),
        }
    }
}

/// The row that every event adds one to.
pub fn counter() -> RowKey {
    RowKey::new(&["counter"], &["events"])
}

#[async_trait]
impl Handler for Scripted {
    fn label(&self, job: &Job) -> Label {
        if self.script(&job.id) == Script::PanicAtLabel {
            // As a panic does, without its message on the terminal.
            std::panic::resume_unwind(Box::new("a test panics"));
        }
        Label {
            name: "test".to_owned(),
            dispatched_at: None,
        }
    }

    async fn handle(&self, delivery: Delivery<'_>) -> Result<FollowUp, JobError> {
        let script = self.script(&delivery.job.id);
        let nth = {
            let mut begun = self.begun.lock().unwrap();
            let nth = begun.entry(delivery.job.id.clone()).or_default();
            *nth += 1;
            *nth
        };
        match script {
            Script::Retry => Err(JobError::Retry("a test says so".to_owned())),
            Script::RetryTwice if nth <= 2 => Err(JobError::Retry("a test says so".to_owned())),
            Script::Fail => Err(JobError::Fail("a test says so".to_owned())),
            Script::PanicOnce if nth > 1 => self.count(delivery, script).await,
            Script::Panic | Script::PanicAtLabel | Script::PanicOnce => {
                std::panic::resume_unwind(Box::new("a test panics"))
            }
            Script::Hang => std::future::pending().await,
            _ => self.count(delivery, script).await,
        }
    }
}

/// A worker of scripted events.
pub fn worker(handler: &Arc<Scripted>, source: Arc<dyn Queue>, wake_ups: Arc<dyn Queue>) -> Worker {
    Worker {
        table: handler.table.clone(),
        source,
        wake_ups,
        clock: Arc::clone(&handler.clock),
        handler: Arc::clone(handler) as Arc<dyn Handler>,
        keep: KEEP,
    }
}

/// A job as ingress makes it; all its deliveries are the same.
pub fn job(tenant: &str, id: &str, clock: &ManualClock) -> Job {
    let at = Timestamp(clock.now().seconds() * 1000);
    Job {
        kind: kind::SLACK_EVENT.to_owned(),
        id: id.to_owned(),
        tenant: tenant.into(),
        received_at: at,
        signed_at: at,
        retry: None,
        body: b"{}".to_vec(),
    }
}

/// A queue that only writes down what it is asked to hide and to take.
#[derive(Default)]
pub struct Recorder {
    /// The receipts that were to be hidden, and for how long.
    pub hidden: Mutex<Vec<(String, Duration)>>,
    /// The messages that it took.
    pub sent: Mutex<Vec<Outgoing>>,
    /// Whether it refuses every message.
    pub refuses: bool,
}

#[async_trait]
impl Queue for Recorder {
    async fn send(&self, message: Outgoing) -> Result<(), QueueError> {
        if self.refuses {
            return Err(QueueError::Unavailable("a test says so".to_owned()));
        }
        self.sent.lock().unwrap().push(message);
        Ok(())
    }

    async fn receive(&self, _: usize, _: Duration) -> Result<Vec<Received>, QueueError> {
        Ok(Vec::new())
    }

    async fn delete(&self, _: Vec<String>) -> Result<(), QueueError> {
        Ok(())
    }

    async fn hide(&self, receipt: &str, duration: Duration) -> Result<(), QueueError> {
        self.hidden
            .lock()
            .unwrap()
            .push((receipt.to_owned(), duration));
        Ok(())
    }
}
