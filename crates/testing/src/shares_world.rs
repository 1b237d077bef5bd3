//! A domain that behaves as a test says beside the real mirror, and one worker for both, on a table and a queue that fail.

mod ends;
mod odd;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tidegate_local::queue::{EmbeddedQueue, QueueFile, QueueSettings};
use tidegate_mirror::Mirror;
use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::clock::{Clock, ManualClock, Timestamp};
use tidegate_pipeline::dispatch::Dispatcher;
use tidegate_pipeline::domain::Domain;
use tidegate_pipeline::job::{Job, kind};
use tidegate_pipeline::queue::{Outgoing, Queue, Received};
use tidegate_pipeline::timers::send_due_timers;
use tidegate_pipeline::worker::Worker;
use tokio::sync::Notify;

pub use self::ends::park;
pub use self::odd::{Manner, Notary, Odd, settings};
use crate::faulty_queue::{self, FaultyQueue};
use crate::faulty_table::FaultyTable;
use crate::scripted::{KEEP, Recorder};
use crate::worlds::work_off;

/// The one tenant of the world.
pub const TENANT: &str = "T1";

const CHANNEL: &str = "C0000000001";

/// One tenant, one worker, one queue.
pub struct World {
    /// The clock of worker and queue.
    pub clock: ManualClock,
    /// The table that holds all rows.
    pub engine: Arc<FaultyTable>,
    /// The domain that behaves as a test says.
    pub odd: Arc<Odd>,
    /// The queue as it is.
    pub events: Arc<EmbeddedQueue>,
    /// Where messages end that were received too often.
    pub dead_letters: Arc<EmbeddedQueue>,
    /// The queue as the product sees it.
    pub queue: Arc<dyn Queue>,
    faulty: Arc<FaultyQueue>,
    /// Asks the mirror, the odd domain and what a test added.
    pub dispatcher: Arc<Dispatcher>,
    /// Works off the queue.
    pub worker: Worker,
}

impl World {
    /// A world in which nothing fails but the odd domain.
    pub fn new() -> Self {
        Self::with(0, faulty_queue::Rates::default(), &[])
    }

    /// With more domains behind the mirror and the odd one.
    pub fn with(seed: u64, rates: faulty_queue::Rates, more: &[Arc<dyn Domain>]) -> Self {
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
    pub fn hold_time(&self) {
        self.engine.hold_time();
        self.faulty.hold_time();
    }

    /// A worker of this world for which the odd domain is switched off.
    pub fn worker_without_odd(&self) -> Worker {
        let dispatcher = dispatcher(&self.engine, &self.clock, vec![Arc::new(Mirror)]);
        worker(
            &self.engine,
            &self.clock,
            &dispatcher,
            Arc::clone(&self.queue),
        )
    }

    /// The job of a message's event; `n` makes the message.
    pub fn job(event: &str, n: usize) -> Job {
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

    /// Puts an event on the events queue.
    pub async fn send(&self, event: &str, n: usize) {
        self.queue_job(&Self::job(event, n)).await;
    }

    /// Queues a job; this does not fail.
    pub async fn queue_job(&self, job: &Job) {
        let message = Outgoing {
            group: TENANT.to_owned(),
            body: job.encode().unwrap(),
            delay: Duration::ZERO,
        };
        self.events.send(message).await.unwrap();
    }

    /// A message as the queue delivers it for the so many-th time.
    pub fn received(job: &Job, receives: u32) -> Received {
        Received {
            id: format!("m-{}", job.id),
            receipt: "events.0.0".to_owned(),
            body: job.encode().unwrap(),
            receives,
        }
    }

    /// Works off one batch. Answers how many messages it had.
    pub async fn work(&self) -> usize {
        self.work_with(&self.worker).await
    }

    /// Works off one batch with another worker.
    pub async fn work_with(&self, worker: &Worker) -> usize {
        work_off(&*self.queue, worker).await
    }

    /// Works off one batch with a worker that dies, with all that it has in work, as soon as `dies` is told. True if it died.
    pub fn work_until(&self, dies: &Notify) -> (usize, bool) {
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
    pub async fn work_or_die(&self) -> usize {
        if self.faulty.holds_time() {
            return self.work().await;
        }
        self.work_until(&self.odd.frozen).0
    }

    /// Sweeps as the scheduler does.
    pub async fn sweep(&self) {
        let queue_of = |_: &str| Some(Arc::clone(&self.queue));
        let until = self.clock.now().plus(Duration::from_secs(50));
        // What does not go today goes with the next sweep.
        let _ = send_due_timers(&self.engine.table(), &queue_of, &self.clock, until).await;
    }

    /// Goes on until the queue is empty and no share waits.
    pub async fn rest(&self) {
        let first = Duration::from_millis(500);
        let mut pause = first;
        for _ in 0..20_000 {
            if self.work_or_die().await > 0 {
                pause = first;
                continue;
            }
            if self.events.depth().await.unwrap() == 0 && self.waiting_shares().await == 0 {
                return;
            }
            self.clock.advance(pause);
            pause = (pause * 2).min(Duration::from_secs(30));
            self.sweep().await;
        }
        panic!("the queue does not empty");
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
