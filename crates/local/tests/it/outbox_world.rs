//! A world for the delivery protocol: one table, a queue of wake-ups, senders, and the stand-in Slack on loopback,
//! all on one clock that moves only when somebody waits on it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Value, json};
use tidegate_fake_slack::{Call, FakeConfig, FakeSlack, Fault, FaultKind, PostedMessage};
use tidegate_local::queue::{EmbeddedQueue, QueueFile, QueueSettings};
use tidegate_pipeline::archive::Label;
use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::clock::{Clock, Timestamp};
use tidegate_pipeline::delivery::{
    ConfiguredToken, Deliverer, METADATA_EVENT, NoEffects, Performer, Sender,
};
use tidegate_pipeline::job::{Job, kind};
use tidegate_pipeline::ledger::{Claim, Decision, Delivery, JobError, Ledger};
use tidegate_pipeline::outbox::{Class, Lane, Pending, Post, Settled, Target, WakeUp};
use tidegate_pipeline::queue::{Queue, Received};
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::sweep::sweep;
use tidegate_pipeline::table::{Due, Item, Range, RowKey};
use tidegate_pipeline::worker::wake;
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;
use tidegate_slack::ids::{ChannelId, TenantId};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::faulty_queue::{self, FaultyQueue};
use crate::faulty_table::FaultyTable;

/// The longest that anything of one attempt can be under way, and the quiet time after it.
pub(crate) const OVER: Duration = Duration::from_secs(5 + QUIET.as_secs());

pub(crate) const QUIET: Duration = Duration::from_mins(1);

/// Time for one lane, as on Lambda.
const LANE_LIMIT: Duration = Duration::from_secs(20);

/// The method that posts.
pub(crate) const POST: &str = "chat.postMessage";

pub(crate) const TOKEN: &str = "token-of-the-tests";

/// The world's clock is the stand-in Slack's, so that the times of its calls can be compared with all others.
#[derive(Clone)]
pub(crate) struct WorldClock {
    pub(crate) clock: tidegate_fake_slack::Clock,
    on_sleep: Arc<Mutex<Option<Hook>>>,
    /// Clocks of other stand-ins, which go with this one.
    others: Arc<Mutex<Vec<tidegate_fake_statuspage::Clock>>>,
}

type Hook = Box<dyn FnOnce() + Send>;

impl WorldClock {
    pub(crate) fn new() -> Self {
        Self {
            clock: tidegate_fake_slack::Clock::manual(Duration::from_secs(1_700_000_000)),
            on_sleep: Arc::default(),
            others: Arc::default(),
        }
    }

    /// A clock of the stand-in Statuspage that goes with this one.
    pub(crate) fn of_statuspage(&self) -> tidegate_fake_statuspage::Clock {
        let clock = tidegate_fake_statuspage::Clock::manual(self.clock.now());
        self.others.lock().unwrap().push(clock.clone());
        clock
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
        for other in self.others.lock().unwrap().iter() {
            other.advance(by);
        }
    }

    /// Does this when somebody waits the next time.
    pub(crate) fn on_sleep(&self, hook: impl FnOnce() + Send + 'static) {
        *self.on_sleep.lock().unwrap() = Some(Box::new(hook));
    }
}

#[async_trait]
impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        Timestamp(i64::try_from(self.clock.now().as_millis()).unwrap())
    }

    async fn sleep(&self, duration: Duration) {
        let hook = self.on_sleep.lock().unwrap().take();
        if let Some(hook) = hook {
            hook();
        }
        self.advance(duration);
        tokio::task::yield_now().await;
    }
}

/// A stand-in Slack, a table with faults, queues, and a clock that the test moves, for posts.
pub(crate) struct World {
    pub(crate) clock: WorldClock,
    pub(crate) engine: Arc<FaultyTable>,
    pub(crate) queue: Arc<EmbeddedQueue>,
    pub(crate) wake_ups: Arc<dyn Queue>,
    pub(crate) slack: FakeSlack,
    pub(crate) client: SlackClient,
    pub(crate) url: String,
    /// Performs the effects that are not posts; the default knows none.
    pub(crate) performer: Arc<dyn Performer>,
    /// Told when a sender froze: it is dropped then, and another boot takes over.
    pub(crate) frozen: Arc<Notify>,
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

/// Where one post ended, as the table says and as Slack does.
#[derive(Debug)]
pub(crate) struct Fate {
    pub(crate) state: &'static str,
    pub(crate) reason: String,
    pub(crate) attempts: i64,
    pub(crate) at_slack: usize,
}

impl World {
    pub(crate) async fn new(seed: u64) -> Self {
        Self::with_queue(seed, faulty_queue::Rates::default()).await
    }

    pub(crate) async fn with_queue(seed: u64, rates: faulty_queue::Rates) -> Self {
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
    pub(crate) fn sender(&self, boot: &str, exclusive: bool) -> Deliverer {
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

    /// Decides on a post to a channel; its text is its number. Nobody is woken. Answers the event that caused it.
    pub(crate) async fn post(&self, tenant: &str, channel: &str, class: Class) -> String {
        self.post_body(tenant, channel, class, json!({"channel": channel}))
            .await
    }

    /// The same, in a thread.
    pub(crate) async fn reply(&self, tenant: &str, channel: &str, class: Class) -> String {
        let body = json!({"channel": channel, "thread_ts": "1699999999.000100"});
        self.post_body(tenant, channel, class, body).await
    }

    async fn post_body(&self, tenant: &str, channel: &str, class: Class, body: Value) -> String {
        let lane = Lane::channel(&ChannelId::from(channel));
        self.decide(tenant, lane, Target::Channel, class, body)
            .await
    }

    /// Decides on an answer to a fresh `response_url`.
    pub(crate) async fn answer(&self, tenant: &str) -> (String, Lane) {
        let made = self.http.post(format!("{}/_fake/response_url", self.url));
        let made = made.json(&json!({})).send().await.unwrap();
        let made: Value = made.json().await.unwrap();
        let url = SecretString::from(made["response_url"].as_str().unwrap());
        let lane = Lane::response_url(&url);
        let target = Target::ResponseUrl(url);
        let body = json!({"response_type": "ephemeral"});
        let id = self
            .decide(tenant, lane.clone(), target, Class::AtMostOnce, body)
            .await;
        (id, lane)
    }

    async fn decide(
        &self,
        tenant: &str,
        lane: Lane,
        target: Target,
        class: Class,
        mut body: Value,
    ) -> String {
        let n = self.posts.load(Ordering::Relaxed) + 1;
        body["text"] = format!("{n:04}").into();
        let purpose = "test";
        let posts = vec![Post {
            lane,
            target,
            body,
            class,
            purpose,
        }];
        self.put(tenant, posts).await
    }

    /// Puts an event's posts and effects into their lanes. Nobody is woken. Answers the event.
    pub(crate) async fn put(&self, tenant: &str, posts: Vec<Post>) -> String {
        let n = self.posts.fetch_add(1, Ordering::Relaxed) + 1;
        let id = format!("Ev{n:04}");
        let job = job(tenant, &id, self.clock.now());
        let label = Label {
            name: "test".to_owned(),
            dispatched_at: None,
        };
        let delivery = Delivery {
            job: &job,
            label: &label,
            message: "test",
            attempt: 1,
        };
        let truth = self.engine.truth();
        let rows = truth.tenant(&tenant.into());
        let keep = Duration::from_hours(30 * 24);
        let ledger = Ledger {
            rows,
            clock: &self.clock,
            keep,
        };
        let decision = Decision {
            posts,
            ..Decision::default()
        };
        let claim = Claim::of(delivery);
        let clock = Arc::new(self.clock.clone());
        let audit = Audit::new(truth, self.engine.keyring(), clock);
        let trail = audit.of(&claim.tenant);
        ledger
            .commit(trail, &claim, "test", &decision)
            .await
            .unwrap();
        // The outbox is ordered by the millisecond.
        self.clock.advance(Duration::from_millis(1));
        id
    }

    pub(crate) async fn wake(&self, tenant: &str, channel: &str) {
        let lane = Lane::from_text(channel);
        wake(&*self.queue, &tenant.into(), &lane, 0, &self.clock)
            .await
            .unwrap();
    }

    /// Runs one lane as a wake-up does.
    pub(crate) async fn run(
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
    pub(crate) fn present(&self) -> Deliverer {
        self.sender(&format!("boot{}", self.boot.load(Ordering::Relaxed)), true)
    }

    /// Does what local mode and Lambda do with the wake-ups that can be seen. Answers how many there were.
    pub(crate) async fn work(&self) -> usize {
        let batch = self.wake_ups.receive(10, Duration::ZERO).await.unwrap();
        for message in &batch {
            let done = tokio::select! {
                done = self.run_for(message) => done,
                () = self.frozen.notified() => {
                    self.boot.fetch_add(1, Ordering::Relaxed);
                    Err(JobError::Retry("its sender died".to_owned()))
                }
            };
            // A message that is not settled comes back after its visibility timeout.
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
    pub(crate) async fn sweep(&self) {
        let _ = sweep(&self.engine.table(), &*self.wake_ups, &self.clock).await;
    }

    /// Lets wake-ups and a sweep a minute go on until nothing waits in the outbox.
    pub(crate) async fn settle(&self) {
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

    /// How many posts are in the outbox.
    pub(crate) async fn waiting(&self) -> usize {
        let truth = self.engine.truth();
        let due = truth
            .system()
            .due(Due::Outbox, Timestamp(i64::MAX), 1000)
            .await;
        due.unwrap().len()
    }

    /// The posts that still wait in a lane.
    pub(crate) async fn pending(&self, tenant: &str, channel: &str) -> Vec<Pending> {
        let rows = self.engine.truth().tenant(&tenant.into());
        let page = rows
            .query(&["outbox", channel], Range::All, false, 100, None)
            .await
            .unwrap();
        page.rows
            .iter()
            .map(|(key, row)| Pending::parse(key, row).unwrap())
            .collect()
    }

    /// The row of a channel's lane; empty if there is none.
    pub(crate) async fn lane(&self, tenant: &str, channel: &str) -> Item {
        let rows = self.engine.truth().tenant(&tenant.into());
        rows.get(&RowKey::new(&["lane", channel], &["lease"]))
            .await
            .unwrap()
            .unwrap_or_default()
    }

    /// What became of the one post of an event.
    pub(crate) async fn fate(&self, tenant: &str, id: &str) -> Fate {
        let posts = self.settled(tenant, id).await;
        assert_eq!(posts.len(), 1, "{tenant} {id}: {posts:?}");
        Fate {
            state: posts[0].state.as_str(),
            reason: posts[0].reason.clone().unwrap_or_default(),
            attempts: posts[0].attempts,
            at_slack: self
                .at_slack()
                .get(&posts[0].message_id)
                .copied()
                .unwrap_or(0),
        }
    }

    pub(crate) async fn settled(&self, tenant: &str, id: &str) -> Vec<Settled> {
        let truth = self.engine.truth();
        let rows = truth.tenant(&tenant.into());
        let keep = Duration::ZERO;
        Ledger {
            rows,
            clock: &self.clock,
            keep,
        }
        .posts_of(id)
        .await
        .unwrap()
    }

    /// How often each message id stands in any channel.
    fn at_slack(&self) -> BTreeMap<String, usize> {
        let mut count = BTreeMap::new();
        let channels: std::collections::BTreeSet<String> = self
            .slack
            .calls()
            .into_iter()
            .filter_map(|call| call.channel)
            .collect();
        for message in channels
            .iter()
            .flat_map(|channel| self.slack.messages(channel))
        {
            *count.entry(outbox_id(&message)).or_default() += 1;
        }
        count
    }

    /// The texts in a channel in the order of their arrival.
    pub(crate) fn texts(&self, channel: &str) -> Vec<String> {
        self.slack
            .messages(channel)
            .into_iter()
            .map(|m| m.text)
            .collect()
    }

    /// The calls of one method about one channel.
    pub(crate) fn calls(&self, method: &str, channel: &str) -> Vec<Call> {
        let fits = |call: &Call| call.method == method && call.channel.as_deref() == Some(channel);
        self.slack.calls().into_iter().filter(fits).collect()
    }
}

fn outbox_id(message: &PostedMessage) -> String {
    let metadata = message.metadata.clone().unwrap_or_default();
    assert_eq!(metadata["event_type"], METADATA_EVENT, "{message:?}");
    metadata["event_payload"]["id"].as_str().unwrap().to_owned()
}

fn job(tenant: &str, id: &str, now: Timestamp) -> Job {
    Job {
        kind: kind::SLACK_EVENT.to_owned(),
        id: id.to_owned(),
        tenant: TenantId::from(tenant),
        received_at: now,
        signed_at: now,
        retry: None,
        body: b"{}".to_vec(),
    }
}

/// A fault of the next call of that method.
pub(crate) fn fault(method: &str, kind: FaultKind) -> Fault {
    Fault::new(method, kind)
}

/// A limit that the next post meets.
pub(crate) fn limited(retry_after: Option<Value>) -> Fault {
    Fault {
        retry_after,
        ..fault(POST, FaultKind::RateLimited)
    }
}

/// A refusal of the next post, with `ok: false`.
pub(crate) fn refused(code: &str) -> Fault {
    Fault {
        error: Some(code.to_owned()),
        ..fault(POST, FaultKind::OkFalse)
    }
}
