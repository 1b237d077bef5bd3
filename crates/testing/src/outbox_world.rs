//! A world for the delivery protocol: one table, a queue of wake-ups, senders, and the stand-in Slack on loopback,
//! all on one clock that moves only when somebody waits on it.

mod clock;
mod decisions;
mod ends;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tidegate_fake_slack::{FakeConfig, FakeSlack, Fault, FaultKind};
use tidegate_local::queue::{EmbeddedQueue, QueueFile, QueueSettings};
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::delivery::{ConfiguredToken, Deliverer, NoEffects, Performer, Sender};
use tidegate_pipeline::job::Job;
use tidegate_pipeline::ledger::JobError;
use tidegate_pipeline::outbox::{Lane, WakeUp};
use tidegate_pipeline::queue::{Queue, Received};
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::sweep::sweep;
use tidegate_pipeline::worker::wake;
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

pub use self::clock::WorldClock;
pub use self::ends::Fate;
use crate::faulty_queue::{self, FaultyQueue};
use crate::faulty_table::FaultyTable;

/// The longest that anything of one attempt can be under way, and the quiet time after it.
pub const OVER: Duration = Duration::from_secs(5 + QUIET.as_secs());

/// How long after its last possible moment an attempt counts as over.
pub const QUIET: Duration = Duration::from_mins(1);

/// Time for one lane, as on Lambda.
const LANE_LIMIT: Duration = Duration::from_secs(20);

/// The method that posts.
pub const POST: &str = "chat.postMessage";

/// The bot token that the stand-in Slack takes.
pub const TOKEN: &str = "token-of-the-tests";

/// One table, one queue of wake-ups and one stand-in Slack, and as many senders as a test makes.
pub struct World {
    /// The clock of the senders and of the stand-in Slack.
    pub clock: WorldClock,
    /// The table that holds the outbox.
    pub engine: Arc<FaultyTable>,
    /// The queue of wake-ups as it is.
    pub queue: Arc<EmbeddedQueue>,
    /// The queue of wake-ups as the senders see it.
    pub wake_ups: Arc<dyn Queue>,
    /// The stand-in Slack on loopback.
    pub slack: FakeSlack,
    /// The client by which senders call the stand-in Slack.
    pub client: SlackClient,
    /// Where the stand-in Slack listens: `http://127.0.0.1:…`.
    pub url: String,
    /// Performs the effects; a test puts its own here.
    pub performer: Arc<dyn Performer>,
    /// Told when a sender froze: it is dropped then, and another boot takes over.
    pub frozen: Arc<Notify>,
    http: reqwest::Client,
    posts: AtomicUsize,
    boot: AtomicUsize,
    serving: JoinHandle<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl World {
    /// A world whose queue does each thing once.
    pub async fn new(seed: u64) -> Self {
        Self::with_queue(seed, faulty_queue::Rates::default()).await
    }

    /// A world whose queue goes wrong at these rates.
    pub async fn with_queue(seed: u64, rates: faulty_queue::Rates) -> Self {
        let clock = WorldClock::new();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let config = FakeConfig {
            bot_token: TOKEN.to_owned(),
            public_url: url.clone(),
            echo_bot_messages: false,
            ..FakeConfig::default()
        };
        let slack = FakeSlack::with_clock(config, clock.clock.clone());
        let router = slack.router();
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        let file = QueueFile::in_memory(Arc::new(clock.clone())).unwrap();
        let queue = Arc::new(file.queue(QueueSettings {
            name: "delivery",
            visibility: Duration::from_mins(2),
            max_receives: 5,
            dead_letters: Some("delivery-dlq"),
        }));
        let shared: Arc<dyn Queue> = queue.clone();
        let http = http_client::build().unwrap();
        Self {
            engine: FaultyTable::new(seed),
            wake_ups: Arc::new(FaultyQueue::new(shared, seed, rates)),
            queue,
            client: SlackClient::new(http.clone(), &format!("{url}/api")).unwrap(),
            http,
            frozen: Arc::default(),
            performer: Arc::new(NoEffects),
            slack,
            url,
            clock,
            posts: AtomicUsize::new(0),
            boot: AtomicUsize::new(1),
            serving,
        }
    }

    /// A sender of that boot, exclusive as in local mode or not.
    pub fn sender(&self, boot: &str, exclusive: bool) -> Deliverer {
        let boot = boot.to_owned();
        Deliverer {
            table: self.engine.table(),
            wake_ups: Arc::clone(&self.wake_ups),
            clock: Arc::new(self.clock.clone()),
            slack: self.client.clone(),
            tokens: Arc::new(ConfiguredToken {
                secrets: Arc::new(FixedSecret(TOKEN.into())),
                name: "SLACK_BOT_TOKEN".to_owned(),
            }),
            sender: Sender { boot, exclusive },
            quiet: QUIET,
            performer: Arc::clone(&self.performer),
        }
    }

    /// Puts a wake-up for a lane on the queue; this does not fail.
    pub async fn wake(&self, tenant: &str, channel: &str) {
        let lane = Lane::from_text(channel);
        wake(&*self.queue, &tenant.into(), &lane, 0, &self.clock)
            .await
            .unwrap();
    }

    /// Runs one lane as a wake-up does.
    pub async fn run(
        &self,
        sender: &Deliverer,
        tenant: &str,
        channel: &str,
    ) -> Result<(), JobError> {
        let until = self.clock.now().plus(LANE_LIMIT);
        sender
            .run(&tenant.into(), &Lane::from_text(channel), 0, until)
            .await
    }

    /// The sender of the present boot, exclusive as in local mode.
    pub fn present(&self) -> Deliverer {
        self.sender(&format!("boot{}", self.boot.load(Ordering::Relaxed)), true)
    }

    /// Does what local mode and Lambda do with the wake-ups that can be seen. Answers how many there were.
    pub async fn work(&self) -> usize {
        let batch = self.wake_ups.receive(10, Duration::ZERO).await.unwrap();
        for message in &batch {
            let done = tokio::select! {
                done = self.run_for(message) => done,
                () = self.frozen.notified() => {
                    self.boot.fetch_add(1, Ordering::Relaxed);
                    Err(JobError::Retry("its sender died".to_owned()))
                }
            };
            // What is not settled comes back after its visibility timeout.
            let _ = match done {
                Ok(()) => self.wake_ups.delete(vec![message.receipt.clone()]).await,
                Err(_) => {
                    self.wake_ups
                        .hide(&message.receipt, Duration::from_secs(1))
                        .await
                }
            };
        }
        batch.len()
    }

    async fn run_for(&self, message: &Received) -> Result<(), JobError> {
        let job = Job::decode(&message.body).unwrap();
        let wake_up: WakeUp = serde_json::from_slice(&job.body).unwrap();
        let until = self.clock.now().plus(LANE_LIMIT);
        let lane = Lane::from_text(wake_up.lane);
        self.present()
            .run(&job.tenant, &lane, wake_up.hops, until)
            .await
    }

    /// A sweep; one that fails is made good by the next.
    pub async fn sweep(&self) {
        let until = self.clock.now().plus(Duration::from_secs(50));
        let _ = sweep(&self.engine.table(), &*self.wake_ups, &self.clock, until).await;
    }

    /// Lets wake-ups and a sweep a minute go on until nothing waits in the outbox.
    pub async fn settle(&self) {
        for _ in 0..20_000 {
            if self.work().await > 0 {
                continue;
            }
            let seconds = self.clock.now().seconds();
            if seconds % 10 == 0 && self.waiting().await == 0 {
                return;
            }
            if seconds % 60 == 0 {
                self.sweep().await;
            }
            self.clock.advance(Duration::from_secs(1));
        }
        panic!("the outbox does not empty");
    }
}

/// A fault of the next call of that method.
pub fn fault(method: &str, kind: FaultKind) -> Fault {
    Fault::new(method, kind)
}

/// A limit that the next post meets.
pub fn limited(retry_after: Option<Value>) -> Fault {
    Fault {
        retry_after,
        ..fault(POST, FaultKind::RateLimited)
    }
}

/// A refusal of the next post, with `ok: false`.
pub fn refused(code: &str) -> Fault {
    Fault {
        error: Some(code.to_owned()),
        ..fault(POST, FaultKind::OkFalse)
    }
}
