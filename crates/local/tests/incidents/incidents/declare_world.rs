//! A world in which somebody declares an incident: the command's worker, the sender of the effects and the stand-in Slack on one
//! clock, over a table that fails by appointment. The process that handles the incident can be killed at any call of the table and
//! at any call of Slack.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use serde_json::{Value, json};
use tidegate_app::incidents::model::rows;
use tidegate_app::incidents::model::settings::{Routing, Service, Settings};
use tidegate_app::incidents::service::Incidents;
use tidegate_app::incidents::status_pages::Pages;
use tidegate_local::queue::{EmbeddedQueue, QueueFile, QueueSettings};
use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::delivery::ConfiguredToken;
use tidegate_pipeline::dispatch::Dispatcher;
use tidegate_pipeline::job::{Job, kind};
use tidegate_pipeline::outbox::{PostState, Settled};
use tidegate_pipeline::queue::{Outgoing, Queue};
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::table::Rows;
use tidegate_pipeline::worker::Worker;
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;
use tidegate_testing::outbox_world::{TOKEN, World};
use tidegate_testing::product::{self, form};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// The stand-in's own workspace, whose members its people are.
pub(crate) const TENANT: &str = "T0SANDBOX1";

const ALICE: &str = "U0ALICE0001";
const BOB: &str = "U0BOB000001";
const CAROL: &str = "U0CAROL0001";

/// The commands' id: the same each time that the queue shows it.
pub(crate) const COMMAND_ID: &str = "command.declare";

/// How long a call waits for a Slack that hangs: long enough for one that does not, on any machine.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where the caller of Slack dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dies {
    /// The request has left it, and never arrives.
    Before,
    /// Slack has done it, and nobody is there for the answer.
    After,
}

/// Stands before Slack and kills the caller of one call.
struct Gate {
    /// Calls let through until then, and how it dies.
    appointment: Mutex<Option<(usize, Dies)>>,
    /// The method in which it died.
    died_in: Mutex<Option<String>>,
    frozen: Arc<Notify>,
}

/// A world with a gate before Slack, and a worker that declares incidents.
pub(crate) struct DeclareWorld {
    pub(crate) world: World,
    commands: Arc<EmbeddedQueue>,
    worker: Worker,
    /// Where Slack is reached through the gate.
    url: String,
    gate: Arc<Gate>,
    serving: JoinHandle<()>,
}

impl Drop for DeclareWorld {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What there is in the end, in the table and at Slack.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Incidents, by their numbers and titles.
    pub(crate) incidents: Vec<(u32, String)>,
    /// Channels beyond those of the start.
    pub(crate) channels: usize,
    /// Messages in the channel.
    pub(crate) headers: usize,
    pub(crate) pins: usize,
    pub(crate) has_topic: bool,
    pub(crate) bookmarks: usize,
    /// Who was brought in.
    pub(crate) members: BTreeSet<String>,
    /// Messages in each of the channels and direct messages that are told.
    pub(crate) told: BTreeMap<String, usize>,
    /// Effects that were given up.
    pub(crate) given_up: Vec<String>,
}

impl Seen {
    /// What there is when everything was done once.
    pub(crate) fn whole() -> Self {
        let told = ["C0GENERAL01", "C0INCIDENT1", "D0BOB000001"];
        Self {
            incidents: vec![(1, "Checkout is down".to_owned())],
            channels: 1,
            headers: 1,
            pins: 1,
            has_topic: true,
            bookmarks: 1,
            members: [ALICE, CAROL].map(str::to_owned).into(),
            told: told.map(|to| (to.to_owned(), 1)).into(),
            given_up: Vec::new(),
        }
    }
}

const KEEP: Duration = Duration::from_hours(30 * 24);

impl DeclareWorld {
    pub(crate) async fn new() -> Self {
        let mut world = World::new(0).await;
        let gate = Arc::new(Gate {
            appointment: Mutex::default(),
            died_in: Mutex::default(),
            frozen: Arc::clone(&world.frozen),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let guarded = from_fn_with_state(Arc::clone(&gate), pass);
        let router = world.slack.router().layer(guarded);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let http = http_client::build_with_timeout(PATIENCE).unwrap();
        world.client = SlackClient::new(http, &format!("{url}/api")).unwrap();
        let incidents = Arc::new(incidents(&world));
        let dispatcher = dispatcher(&world, incidents);
        world.performer = Arc::clone(&dispatcher) as _;
        let (commands, worker) = worker(&world, dispatcher);
        Self {
            world,
            commands,
            worker,
            url,
            gate,
            serving,
        }
    }

    /// Lets so many calls of Slack pass, and kills the caller of the next.
    pub(crate) fn dies_at_call(&self, after: usize, how: Dies) {
        *self.gate.died_in.lock().unwrap() = None;
        *self.gate.appointment.lock().unwrap() = Some((after, how));
    }

    /// The method in which the caller died that should.
    pub(crate) fn died_in(&self) -> Option<String> {
        self.gate.died_in.lock().unwrap().clone()
    }

    /// Goes on until Slack has had so many calls of a method.
    pub(crate) async fn passes(&self, method: &str, calls: usize) {
        let had = || {
            let calls = self.world.slack.calls();
            calls.iter().filter(|call| call.method == method).count()
        };
        while had() < calls {
            self.step().await;
        }
    }

    /// Does what there is to do now, or lets a second pass, and a sweep every minute.
    pub(crate) async fn step(&self) {
        if self.handle().await + self.world.work().await > 0 {
            return;
        }
        if self.world.clock.now().seconds() % 60 == 0 {
            self.world.sweep().await;
        }
        self.world.clock.advance(Duration::from_secs(1));
    }

    /// Lets that much time pass.
    pub(crate) async fn passes_time(&self, time: Duration) {
        let end = self.world.clock.now().plus(time);
        while self.world.clock.now() < end {
            self.step().await;
        }
    }

    /// Alice declares; the queue has it.
    pub(crate) async fn declare(&self) {
        let text = "declare Checkout is down sev:P1 service:api";
        self.types(COMMAND_ID, "C0RANDOM001", text).await;
    }

    /// Alice types `/incident` with that text; the queue has it under that id.
    pub(crate) async fn types(&self, id: &str, channel: &str, text: &str) {
        let url = self.response_url().await;
        let job = Job {
            kind: kind::SLACK_COMMAND.to_owned(),
            id: id.to_owned(),
            tenant: TENANT.into(),
            received_at: self.world.clock.now(),
            signed_at: self.world.clock.now(),
            retry: None,
            body: form(&[
                ("command", "/incident"),
                ("text", text),
                ("team_id", TENANT),
                ("channel_id", channel),
                ("user_id", ALICE),
                ("response_url", &url),
                ("trigger_id", "1.2.3"),
            ]),
        };
        let message = Outgoing {
            group: TENANT.to_owned(),
            body: job.encode().unwrap(),
            delay: Duration::ZERO,
        };
        self.commands.send(message).await.unwrap();
    }

    /// Lets worker, sender and sweep go on until nothing is left to do.
    pub(crate) async fn settle(&self) {
        for _ in 0..20_000 {
            let seconds = self.world.clock.now().seconds();
            if seconds % 10 == 0
                && self.world.waiting().await == 0
                && self.world.queue.depth().await.unwrap() == 0
                && self.commands.depth().await.unwrap() == 0
            {
                return;
            }
            self.step().await;
        }
        panic!("the world does not come to rest");
    }

    /// Handles the commands that can be seen. A worker that dies leaves them to the next, once they can be seen again.
    pub(crate) async fn handle(&self) -> usize {
        let batch = self.commands.receive(10, Duration::ZERO).await.unwrap();
        let count = batch.len();
        let receipts: Vec<String> = batch.iter().map(|m| m.receipt.clone()).collect();
        if count == 0 {
            return 0;
        }
        tokio::select! {
            failed = self.worker.process(batch, Duration::from_secs(30)) => {
                if failed.is_empty() {
                    self.commands.delete(receipts).await.unwrap();
                }
            }
            () = self.world.frozen.notified() => {}
        }
        count
    }

    pub(crate) fn rows(&self) -> Rows {
        self.world.engine.truth().tenant(&TENANT.into())
    }

    /// What became of the command's posts and effects, and of those that followed from them.
    pub(crate) async fn settled(&self) -> Vec<Settled> {
        self.world.settled(TENANT, COMMAND_ID).await
    }

    pub(crate) async fn seen(&self) -> Seen {
        let rows = self.rows();
        let mut incidents = Vec::new();
        for number in 1..=rows::count(&rows).await.unwrap() {
            let loaded = rows::load_pointed(&rows, &rows::by_number(number)).await;
            let incident = loaded.unwrap().unwrap().incident;
            incidents.push((number, incident.title));
        }
        let posts = self.settled().await.into_iter();
        let given_up = posts
            .filter(|post| post.state == PostState::Parked && post.purpose != "incident_answer")
            .map(|post| format!("{}: {}", post.purpose, post.reason.unwrap_or_default()));
        let given_up = given_up.collect();
        let state = self.state().await;
        let made: Vec<&Value> = state["channels"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|channel| channel["name"].as_str().unwrap().starts_with("inc-"))
            .collect();
        let channel = made.first().copied().cloned().unwrap_or_default();
        let id = channel["id"].as_str().unwrap_or_default();
        let bot = state["bot_user_id"].as_str().unwrap();
        let members = channel["members"].as_array().into_iter().flatten();
        let members = members
            .filter_map(|user| user.as_str())
            .filter(|user| *user != bot);
        let told = Seen::whole().told.into_keys();
        Seen {
            incidents,
            channels: made.len(),
            headers: self.world.slack.messages(id).len(),
            pins: channel["pins"].as_array().map_or(0, Vec::len),
            has_topic: channel["topic"]
                .as_str()
                .is_some_and(|topic| topic.contains("P1")),
            bookmarks: channel["bookmarks"].as_array().map_or(0, Vec::len),
            members: members.map(str::to_owned).collect(),
            told: told
                .map(|to| (to.clone(), self.world.slack.messages(&to).len()))
                .collect(),
            given_up,
        }
    }

    /// Slack's address for the answer, through the gate.
    async fn response_url(&self) -> String {
        let http = http_client::build_with_timeout(product::PATIENCE).unwrap();
        let made = http.post(format!("{}/_fake/response_url", self.world.url));
        let made = made.json(&json!({})).send().await.unwrap();
        let made: Value = made.json().await.unwrap();
        let url = made["response_url"].as_str().unwrap();
        url.replace(&self.world.url, &self.url)
    }

    async fn state(&self) -> Value {
        let http = http_client::build_with_timeout(product::PATIENCE).unwrap();
        let answer = http.get(format!("{}/_fake/state", self.world.url)).send();
        answer.await.unwrap().json().await.unwrap()
    }
}

async fn pass(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let dies = {
        let mut appointment = gate.appointment.lock().unwrap();
        match appointment.take() {
            Some((0, how)) => Some(how),
            Some((after, how)) => {
                *appointment = Some((after - 1, how));
                None
            }
            None => None,
        }
    };
    match dies {
        None => next.run(request).await,
        Some(how) => {
            let path = request.uri().path();
            let method = path.rsplit('/').next().unwrap_or_default().to_owned();
            *gate.died_in.lock().unwrap() = Some(method);
            if how == Dies::After {
                next.run(request).await;
            }
            gate.frozen.notify_one();
            std::future::pending().await
        }
    }
}

fn incidents(world: &World) -> Incidents {
    let service = Service {
        owners: vec![CAROL.into()],
        runbook: Some("https://runbooks.example/api".to_owned()),
        ..Service::default()
    };
    let routing = Routing {
        p1_channels: vec!["C0GENERAL01".into(), "C0INCIDENT1".into()],
        p1_users: vec![BOB.into()],
        ..Routing::default()
    };
    let table = world.engine.table();
    let clock = Arc::new(world.clock.clone());
    Incidents {
        slack: world.client.clone(),
        tokens: Arc::new(ConfiguredToken {
            secrets: Arc::new(FixedSecret(TOKEN.into())),
            name: "SLACK_BOT_TOKEN".to_owned(),
        }),
        defaults: Settings {
            services: BTreeMap::from([("api".to_owned(), service)]),
            routing,
            ..Settings::default()
        },
        public_url: None,
        pages: Pages::new(&table.system(), http_client::build().unwrap(), None, None),
        audit: Audit::new(table.clone(), world.engine.keyring(), clock),
    }
}

fn dispatcher(world: &World, incidents: Arc<Incidents>) -> Arc<Dispatcher> {
    let clock: Arc<dyn Clock> = Arc::new(world.clock.clone());
    let table = world.engine.table();
    let audit = Audit::new(table.clone(), world.engine.keyring(), Arc::clone(&clock));
    Arc::new(Dispatcher::new(vec![incidents], table, audit, clock, KEEP))
}

fn worker(world: &World, handler: Arc<Dispatcher>) -> (Arc<EmbeddedQueue>, Worker) {
    let clock: Arc<dyn Clock> = Arc::new(world.clock.clone());
    let file = QueueFile::in_memory(Arc::clone(&clock)).unwrap();
    let commands = Arc::new(file.queue(QueueSettings {
        name: "commands",
        visibility: Duration::from_secs(90),
        max_receives: 5,
        dead_letters: Some("commands-dlq"),
    }));
    let worker = Worker {
        table: world.engine.table(),
        source: Arc::clone(&commands) as Arc<dyn Queue>,
        wake_ups: Arc::clone(&world.wake_ups),
        clock,
        handler,
        keep: KEEP,
    };
    (commands, worker)
}
