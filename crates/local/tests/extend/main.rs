//! The domain that `docs/extend.md` builds, driven as the product drives one: a command, a click, a clap, a timer, the home tab and
//! a call of the API.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[expect(unreachable_pub, reason = "it is written as the crate that it becomes")]
mod kudos;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tidegate_api::{Api, Limits, Site};
use tidegate_app::installs::Installs;
use tidegate_app::installs::config::SlackConfig;
use tidegate_fake_slack::{FakeConfig, FakeSlack};
use tidegate_local::queue::{EmbeddedQueue, QueueFile, QueueSettings};
use tidegate_local::store::Store;
use tidegate_pipeline::clock::{Clock, ManualClock};
use tidegate_pipeline::config::Environment;
use tidegate_pipeline::delivery::{ConfiguredToken, Deliverer, Sender};
use tidegate_pipeline::dispatch::Dispatcher;
use tidegate_pipeline::job::{Job, kind};
use tidegate_pipeline::outbox::Lane;
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::{FixedSecret, Secrets};
use tidegate_pipeline::timers::send_due_timers;
use tidegate_pipeline::world::World;
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;
use tidegate_testing::dispatching::handled;
use tokio::net::TcpListener;

use crate::kudos::Kudos;

const TENANT: &str = "T0SANDBOX1";
const GENERAL: &str = "C0GENERAL01";
const ALICE: &str = "U0ALICE0001";
const BOB: &str = "U0BOB000001";
const TOKEN: &str = "token-of-the-tests";
const KEEP: Duration = Duration::from_hours(24);

/// The pipeline with kudos as its only domain, and the stand-in Slack.
struct Running {
    clock: ManualClock,
    world: World,
    queue: Arc<EmbeddedQueue>,
    slack: FakeSlack,
    client: SlackClient,
    dispatcher: Arc<Dispatcher>,
}

impl Running {
    async fn start() -> Self {
        let clock = ManualClock::at(1_700_000_000);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let store = Store::in_memory(Arc::clone(&shared)).unwrap();
        let file = QueueFile::in_memory(Arc::clone(&shared)).unwrap();
        let queue = Arc::new(file.queue(QueueSettings {
            name: "jobs",
            visibility: Duration::from_mins(3),
            max_receives: 5,
            dead_letters: None,
        }));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let slack = FakeSlack::new(FakeConfig {
            bot_token: TOKEN.to_owned(),
            public_url: url.clone(),
            ..FakeConfig::default()
        });
        let router = slack.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let http = http_client::build().unwrap();
        let world = World {
            table: store.table.clone(),
            keyring: store.keyring.clone(),
            clock: Arc::clone(&shared),
            wake_ups: queue.clone(),
            parameters: Arc::new(FixedSecret(TOKEN.into())),
        };
        let domains = vec![Arc::new(Kudos) as _];
        let dispatcher = Dispatcher::new(domains, world.table.clone(), world.audit(), shared, KEEP);
        Self {
            clock,
            world,
            queue,
            slack,
            client: SlackClient::new(http, &format!("{url}/api")).unwrap(),
            dispatcher: Arc::new(dispatcher),
        }
    }

    /// Does a job as a worker does, and then sends what it put into its lanes.
    async fn work(&self, job: &Job) {
        for lane in handled(&self.dispatcher, job).await {
            self.deliver(&lane).await;
        }
    }

    async fn deliver(&self, lane: &Lane) {
        let deliverer = Deliverer {
            table: self.world.table.clone(),
            wake_ups: Arc::clone(&self.world.wake_ups),
            clock: Arc::new(self.clock.clone()),
            slack: self.client.clone(),
            tokens: Arc::new(ConfiguredToken {
                secrets: Arc::clone(&self.world.parameters),
                name: "SLACK_BOT_TOKEN".to_owned(),
            }),
            sender: Sender {
                boot: "test".to_owned(),
                exclusive: true,
            },
            quiet: Duration::from_mins(1),
            performer: Arc::clone(&self.dispatcher) as _,
        };
        let until = self.clock.now().plus(Duration::from_secs(20));
        let ran = deliverer.run(&TENANT.into(), lane, 0, until).await;
        ran.unwrap();
    }

    /// A request of Slack's, under an id of its own.
    async fn request(&self, kind: &str, id: &str, body: Vec<u8>) {
        let now = self.clock.now();
        let job = Job {
            kind: kind.to_owned(),
            id: id.to_owned(),
            tenant: TENANT.into(),
            received_at: now,
            signed_at: now,
            retry: None,
            body,
        };
        self.work(&job).await;
    }

    async fn command(&self, id: &str, text: &str) {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("command", "/kudos"),
                ("text", text),
                ("team_id", TENANT),
                ("channel_id", GENERAL),
                ("user_id", ALICE),
            ])
            .finish();
        self.request(kind::SLACK_COMMAND, id, form.into_bytes())
            .await;
    }

    async fn event(&self, id: &str, event: Value) {
        let envelope = json!({
            "type": "event_callback", "event_id": id, "team_id": TENANT, "event": event,
            "authorizations": [{"team_id": TENANT, "user_id": "U0TIDEGATE1", "is_bot": true}],
        });
        self.request(kind::SLACK_EVENT, id, envelope.to_string().into_bytes())
            .await;
    }

    /// The texts of the bot in `#general`.
    fn said(&self) -> Vec<String> {
        let messages = self.slack.messages(GENERAL).into_iter();
        let own = messages.filter(|message| message.bot_id.is_some());
        own.map(|message| message.text).collect()
    }

    /// Calls the API with the operator's key. The answer's status and JSON.
    async fn get(&self, path: &str) -> (StatusCode, Value) {
        let environment = Environment::new(&|_| None);
        let installs = Installs::open(&SlackConfig::unused(), &self.world).unwrap();
        let secrets: Arc<dyn Secrets> = Arc::new(FixedSecret(TOKEN.into()));
        let operator_key = (secrets, "KEY".to_owned());
        let api = Api {
            table: self.world.table.clone().into(),
            events: (self.queue.clone() as Arc<dyn Queue>).into(),
            commands: (self.queue.clone() as Arc<dyn Queue>).into(),
            clock: Arc::new(self.clock.clone()),
            operator_key: operator_key.into(),
            keep: KEEP,
            wake_ups: self.queue.clone(),
            keyring: Arc::clone(&self.world.keyring).into(),
            audit: self.world.audit().into(),
            members: Arc::new(installs),
            site: Site::read(&environment),
            limits: Limits::default(),
            domains: vec![Arc::new(Kudos)],
        };
        let request = Request::get(path).header("authorization", format!("Bearer {TOKEN}"));
        let request = request.body(Bytes::new()).unwrap();
        let answer = api.service().answer(request).await;
        let body = serde_json::from_slice(answer.body()).unwrap();
        (answer.status(), body)
    }
}

#[tokio::test]
async fn the_domain_of_the_guide_does_what_it_says() {
    let running = Running::start().await;
    let thanks = format!("<@{ALICE}> thanks <@{BOB}>.");
    for _ in 0..2 {
        // The same command twice, as a queue may deliver it, thanks once.
        running.command("command.1", &format!("<@{BOB}|bob>")).await;
    }
    assert_eq!(running.said(), [thanks.as_str()]);

    let message = running.slack.messages(GENERAL).pop().unwrap();
    let click = json!({
        "type": "block_actions", "team": {"id": TENANT}, "user": {"id": ALICE},
        "channel": {"id": GENERAL}, "container": {"channel_id": GENERAL, "message_ts": message.ts},
        "actions": [{"action_id": "kudos.add", "block_id": "b", "type": "button", "value": BOB}],
    });
    let payload = form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &click.to_string())
        .finish();
    for id in ["interaction.1", "interaction.2"] {
        let body = payload.clone().into_bytes();
        running.request(kind::SLACK_INTERACTION, id, body).await;
    }
    let calls = running.slack.calls().into_iter();
    let claps = calls.filter(|call| call.method == "reactions.add");
    let ended: Vec<String> = claps.map(|call| call.outcome).collect();
    assert_eq!(ended, ["ok", "already_reacted"]);

    let item = json!({"type": "message", "channel": GENERAL, "ts": "1.0"});
    let clap = |user: &str| {
        json!({
            "type": "reaction_added", "user": user, "reaction": "clap", "item": item, "item_user": BOB,
            "event_ts": "1.1",
        })
    };
    running.event("Ev1", clap(ALICE)).await;
    for nobody in [BOB, "U0TIDEGATE1"] {
        running.event(&format!("Ev{nobody}"), clap(nobody)).await;
    }
    let (status, answer) = running
        .get(&format!("/v1/kudos/{BOB}?tenant={TENANT}"))
        .await;
    assert_eq!((status, &answer["kudos"]), (StatusCode::OK, &json!(4)));
}

#[tokio::test]
async fn its_timer_goes_off_once_a_day_after_the_last_thanks() {
    let running = Running::start().await;
    running.command("command.1", &format!("<@{BOB}|bob>")).await;
    running.clock.advance(Duration::from_hours(23));
    running.command("command.2", &format!("<@{BOB}|bob>")).await;
    for hours in [23, 1, 24] {
        running.clock.advance(Duration::from_hours(hours));
        let queue = |_: &str| Some(running.queue.clone() as Arc<dyn Queue>);
        let until = running.clock.now().plus(Duration::from_secs(50));
        let sent = send_due_timers(&running.world.table, &queue, &running.clock, until).await;
        sent.unwrap();
        for message in running.queue.receive(10, Duration::ZERO).await.unwrap() {
            running.work(&Job::decode(&message.body).unwrap()).await;
            running.queue.delete(vec![message.receipt]).await.unwrap();
        }
    }
    assert_eq!(running.said().last().unwrap(), "Kudos here: 2");
    assert_eq!(running.said().len(), 3);
}

#[tokio::test]
async fn its_section_stands_in_the_home_tab() {
    let running = Running::start().await;
    running.command("command.1", &format!("<@{ALICE}>")).await;
    running
        .event(
            "Ev1",
            json!({"type": "app_home_opened", "user": ALICE, "tab": "home", "event_ts": "1.1"}),
        )
        .await;
    let home = running.slack.home_view(ALICE).unwrap();
    assert!(home.to_string().contains("You have *1* kudos."), "{home:#}");
}
