//! The pipeline with hooks as its only domain, on a table that counts what it is asked: what ten thousand deliveries cost is told in
//! calls, which no busy machine changes.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tidegate_fake_slack::{FakeConfig, FakeSlack};
use tidegate_hooks::Hooks;
use tidegate_hooks::service::Parts;
use tidegate_local::queue::{EmbeddedQueue, QueueFile, QueueSettings};
use tidegate_local::table::EmbeddedTable;
use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::delivery::{ConfiguredToken, Deliverer, Sender};
use tidegate_pipeline::dispatch::Dispatcher;
use tidegate_pipeline::job::{Job, kind};
use tidegate_pipeline::keyring::Keyring;
use tidegate_pipeline::outbox::{Lane, WakeUp};
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::sweep::sweep;
use tidegate_pipeline::table::{
    Engine, Item, Key, Query, Range, Rows, SealedEngine, Table, TableError, Write,
};
use tidegate_pipeline::timers::send_due_timers;
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;
use tidegate_testing::dispatching::handled;
use tidegate_testing::product::LateClock;
use tokio::net::TcpListener;

/// The workspace of the tests.
pub(crate) const TENANT: &str = "T0COUNTED01";

const TOKEN: &str = "token-of-the-tests";
const KEEP: Duration = Duration::from_hours(30 * 24);

/// A table that counts its calls.
struct Counting {
    inner: EmbeddedTable,
    calls: Arc<AtomicUsize>,
}

impl Counting {
    fn one_more(&self) -> &EmbeddedTable {
        self.calls.fetch_add(1, Ordering::SeqCst);
        &self.inner
    }
}

#[async_trait]
impl Engine for Counting {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.one_more().get(key).await
    }

    async fn query(&self, query: Query) -> Result<(Vec<Item>, Option<Item>), TableError> {
        self.one_more().query(query).await
    }

    async fn write(&self, write: Write<Key>) -> Result<Option<Item>, TableError> {
        self.one_more().write(write).await
    }

    async fn transact(&self, writes: Vec<Write<Key>>) -> Result<(), TableError> {
        self.one_more().transact(writes).await
    }

    async fn put_all(&self, rows: Vec<(Key, Item)>) -> Result<(), TableError> {
        self.one_more().put_all(rows).await
    }

    async fn scan(
        &self,
        prefix: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<Key>, Option<Key>), TableError> {
        self.one_more().scan(prefix, after, limit).await
    }

    async fn remove(&self, keys: Vec<Key>) -> Result<(), TableError> {
        self.one_more().remove(keys).await
    }
}

/// The pipeline with its only domain.
pub(crate) struct Counted {
    /// It stands still but when a test moves it.
    pub(crate) clock: LateClock,
    pub(crate) table: Table,
    queue: Arc<EmbeddedQueue>,
    deliverer: Deliverer,
    dispatcher: Arc<Dispatcher>,
    calls: Arc<AtomicUsize>,
}

impl Counted {
    pub(crate) async fn start() -> Self {
        let clock = LateClock::default();
        clock.stand_still();
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let calls = Arc::new(AtomicUsize::new(0));
        let keys: Arc<dyn Engine> = Arc::new(EmbeddedTable::in_memory().unwrap());
        let master = Arc::new(FixedSecret("5e".repeat(32).into()));
        let keyring = Keyring::new(&Table::new(keys), master, "master", Arc::clone(&shared));
        let keyring = Arc::new(keyring);
        let engine = Counting {
            inner: EmbeddedTable::in_memory().unwrap(),
            calls: Arc::clone(&calls),
        };
        let sealed = SealedEngine::new(Arc::new(engine), Arc::clone(&keyring));
        let table = Table::new(Arc::new(sealed));
        let file = QueueFile::in_memory(Arc::clone(&shared)).unwrap();
        let queue = Arc::new(file.queue(QueueSettings {
            name: "jobs",
            visibility: Duration::from_mins(3),
            max_receives: 5,
            dead_letters: None,
        }));
        let audit = Audit::new(table.clone(), keyring, Arc::clone(&shared));
        let tokens = Arc::new(ConfiguredToken {
            secrets: Arc::new(FixedSecret(TOKEN.into())),
            name: "SLACK_BOT_TOKEN".to_owned(),
        });
        let hooks = Hooks::new(Parts {
            tokens: tokens.clone(),
            audit: audit.clone(),
            keep: KEEP,
            allow_private: true,
        });
        let domains = vec![Arc::new(hooks) as _];
        let dispatcher = Dispatcher::new(domains, table.clone(), audit, shared, KEEP);
        let dispatcher = Arc::new(dispatcher);
        let deliverer = Deliverer {
            table: table.clone(),
            wake_ups: queue.clone(),
            clock: Arc::new(clock.clone()),
            slack: slack().await,
            tokens,
            sender: Sender {
                boot: "test".to_owned(),
                exclusive: true,
            },
            quiet: Duration::from_mins(1),
            performer: dispatcher.clone(),
        };
        Self {
            clock,
            table,
            queue,
            deliverer,
            dispatcher,
            calls,
        }
    }

    /// The calls of the table while something is done.
    pub(crate) async fn calls_of<T>(&self, done: impl Future<Output = T>) -> usize {
        let before = self.calls.load(Ordering::SeqCst);
        done.await;
        self.calls.load(Ordering::SeqCst) - before
    }

    /// The rows of the workspace.
    pub(crate) fn rows(&self) -> Rows {
        self.table.tenant(&TENANT.into())
    }

    /// Has the domain decide about a mention. Answers the lanes that it wakes.
    pub(crate) async fn event(&self, id: &str, channel: &str) -> Vec<Lane> {
        let event = json!({
            "type": "event_callback", "event_id": id, "team_id": TENANT,
            "event": {"type": "app_mention", "channel": channel, "user": "U1", "text": "hi", "ts": id},
        });
        let now = self.clock.now();
        self.handle(&Job {
            kind: kind::SLACK_EVENT.to_owned(),
            id: id.to_owned(),
            tenant: TENANT.into(),
            received_at: now,
            signed_at: now,
            retry: None,
            body: event.to_string().into_bytes(),
        })
        .await
    }

    async fn handle(&self, job: &Job) -> Vec<Lane> {
        handled(&self.dispatcher, job).await
    }

    /// Runs one lane as a wake-up does.
    pub(crate) async fn run(&self, lane: &Lane) {
        let until = self.clock.now().plus(Duration::from_secs(20));
        let ran = self.deliverer.run(&TENANT.into(), lane, 0, until).await;
        ran.unwrap();
    }

    /// Sweeps as the scheduler does, and does what it sent. Answers the number of timers that it sent.
    pub(crate) async fn sweep(&self) -> usize {
        let until = self.clock.now().plus(Duration::from_secs(50));
        let queue = |_: &str| Some(self.queue.clone() as Arc<dyn Queue>);
        let woken = sweep(&self.table, &*self.queue, &self.clock, until).await;
        woken.unwrap();
        let sent = send_due_timers(&self.table, &queue, &self.clock, until).await;
        while self.work().await > 0 {}
        sent.unwrap()
    }

    /// Does up to ten messages of the queue at once. Answers how many there were.
    pub(crate) async fn work(&self) -> usize {
        let batch = self.queue.receive(10, Duration::ZERO).await.unwrap();
        let each = batch.iter().map(async |message| {
            let job = Job::decode(&message.body).unwrap();
            if job.kind == kind::DELIVERY_WAKE {
                let wake_up: WakeUp = serde_json::from_slice(&job.body).unwrap();
                self.run(&Lane::from_text(wake_up.lane)).await;
            } else {
                for lane in self.handle(&job).await {
                    self.run(&lane).await;
                }
            }
            self.queue
                .delete(vec![message.receipt.clone()])
                .await
                .unwrap();
        });
        futures_util::future::join_all(each).await;
        batch.len()
    }

    /// Stores a hook for mentions in one channel, as the API does.
    pub(crate) async fn hook(&self, id: &str, url: &str, channel: &str) {
        let hook: Value = json!({
            "url": url, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "old_secret": null, "events": ["app_mention"],
            "channels": [channel], "notify": "C0GENERAL01", "disabled": null, "round": 1, "created_by": "operator",
            "created_at": self.clock.now().millis(),
        });
        let row = Item::new()
            .with("version", 1i64)
            .sealed("hook", hook.to_string());
        let key = tidegate_pipeline::table::RowKey::new(&["hooks"], &[id, "hook"]);
        self.rows().write(Write::put(key, row)).await.unwrap();
    }

    /// The number of rows in a partition.
    pub(crate) async fn count(&self, partition: &[&str]) -> usize {
        let rows = self.rows();
        let all = rows.pages(partition, Range::All).all().await;
        all.unwrap().len()
    }
}

/// A client of a stand-in Slack.
async fn slack() -> SlackClient {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let slack = FakeSlack::new(FakeConfig {
        bot_token: TOKEN.to_owned(),
        public_url: url.clone(),
        ..FakeConfig::default()
    });
    tokio::spawn(async move { axum::serve(listener, slack.router()).await });
    SlackClient::new(http_client::build().unwrap(), &format!("{url}/api")).unwrap()
}
