//! What the tests of Socket Mode are made of: a clock that wakes its sleepers, a queue that waits or refuses, and a
//! running product.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tempfile::TempDir;
use tidegate_local::local::Local;
use tidegate_local::telemetry;
use tidegate_pipeline::clock::{Clock, SystemClock, Timestamp};
use tidegate_pipeline::job::Job;
use tidegate_pipeline::queue::{Outgoing, Queue, QueueError, Received};
use tidegate_testing::product::{Client, config};
use tokio::sync::{Semaphore, watch};

/// Runs as the machine's clock does, and jumps ahead when told to; whoever sleeps until then wakes.
#[derive(Clone)]
pub(crate) struct JumpClock(Arc<watch::Sender<i64>>);

impl JumpClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::channel(0).0))
    }

    pub(crate) fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap();
        self.0.send_modify(|offset| *offset += by);
    }
}

#[async_trait]
impl Clock for JumpClock {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().millis() + *self.0.borrow())
    }

    async fn sleep(&self, duration: Duration) {
        let mut jumps = self.0.subscribe();
        let until = self.now().plus(duration);
        while self.now() < until {
            tokio::select! {
                () = SystemClock.sleep(until.since(self.now())) => {}
                _ = jumps.changed() => {}
            }
        }
    }
}

/// A queue that keeps what it is sent, when it is let to, and refuses as often as it is told. Messages that it takes go
/// on to another queue, if there is one.
pub(crate) struct Gate {
    /// One permit a message.
    pub(crate) open: Semaphore,
    /// How many messages are refused first.
    pub(crate) refusals: AtomicUsize,
    /// What was tried to be sent, refused or not.
    pub(crate) tried: AtomicUsize,
    taken: Mutex<Vec<Job>>,
    behind: Option<Arc<dyn Queue>>,
}

impl Gate {
    /// A queue that takes everything.
    pub(crate) fn wide_open(behind: Option<Arc<dyn Queue>>) -> Arc<Self> {
        Arc::new(Self {
            open: Semaphore::new(1_000_000),
            refusals: AtomicUsize::new(0),
            tried: AtomicUsize::new(0),
            taken: Mutex::default(),
            behind,
        })
    }

    /// A queue that takes nothing yet.
    pub(crate) fn shut() -> Arc<Self> {
        Arc::new(Self {
            open: Semaphore::new(0),
            refusals: AtomicUsize::new(0),
            tried: AtomicUsize::new(0),
            taken: Mutex::default(),
            behind: None,
        })
    }

    pub(crate) fn taken(&self) -> Vec<Job> {
        self.taken.lock().unwrap().clone()
    }
}

#[async_trait]
impl Queue for Gate {
    async fn send(&self, message: Outgoing) -> Result<(), QueueError> {
        self.tried.fetch_add(1, Ordering::SeqCst);
        let refuse = |left: usize| left.checked_sub(1);
        if self
            .refusals
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, refuse)
            .is_ok()
        {
            return Err(QueueError::Unavailable("a test says so".to_owned()));
        }
        self.open.acquire().await.unwrap().forget();
        let job = Job::decode(&message.body).unwrap();
        if let Some(behind) = &self.behind {
            behind.send(message).await?;
        }
        self.taken.lock().unwrap().push(job);
        Ok(())
    }

    async fn receive(&self, _max: usize, _wait: Duration) -> Result<Vec<Received>, QueueError> {
        Ok(Vec::new())
    }

    async fn delete(&self, _receipts: Vec<String>) -> Result<(), QueueError> {
        Ok(())
    }

    async fn hide(&self, _receipt: &str, _duration: Duration) -> Result<(), QueueError> {
        Ok(())
    }
}

/// Local mode against a Slack somewhere else.
pub(crate) struct World {
    pub(crate) local: Local,
    pub(crate) client: Client,
    pub(crate) clock: JumpClock,
    _folder: TempDir,
}

impl World {
    /// Local mode in Socket Mode.
    pub(crate) async fn start(slack_api: &str) -> Self {
        Self::start_with(slack_api, &[("SLACK_APP_TOKEN", "xapp-sandbox-app-token")]).await
    }

    /// Local mode with these settings on top.
    pub(crate) async fn start_with(slack_api: &str, more: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let mut settings = vec![
            ("SLACK_BOT_TOKEN", "sandbox-bot-token"),
            ("SLACK_API_BASE_URL", slack_api),
        ];
        settings.extend(more);
        let clock = JumpClock::new();
        let metrics = telemetry::detached_metrics().unwrap();
        let config = config(folder.path(), &settings);
        let local = Local::start_by(Arc::new(clock.clone()), config, metrics)
            .await
            .unwrap();
        Self {
            client: Client::new(&format!("http://{}", local.address), folder.path()),
            local,
            clock,
            _folder: folder,
        }
    }

    pub(crate) fn queues(&self) -> &Path {
        self.client.data_dir()
    }
}
