//! A world for rotation: one table that may fail, any number of instances on it, and the stand-in Slack on loopback.
//! Its tests run on tokio's paused clock, so that a request that hangs costs no time, and a wait passes for all at once.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{COOKIE, HOST, SET_COOKIE};
use http::{Request, Response, StatusCode};
use tidegate_app::api::{Api, Limits, Service, Site};
use tidegate_app::domains::DomainChoice;
use tidegate_app::installs::grant::Grant;
use tidegate_app::installs::{Installs, SlackApp};
use tidegate_fake_slack::{Approval, FakeConfig, FakeSlack, InstallRecord};
use tidegate_local::queue::{QueueFile, QueueSettings};
use tidegate_pipeline::clock::{Clock, SystemClock, Timestamp};
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::{FixedSecret, Secrets};
use tidegate_pipeline::table::Rows;
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;
use tidegate_slack::ids::TenantId;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::faulty_table::FaultyTable;

/// The workspace of the world.
pub const TEAM: &str = "T0ACME00001";

const BEGAN: i64 = 1_763_690_400;

/// Tokio's clock as a time of day.
#[derive(Clone)]
pub struct PausedClock(Instant);

#[async_trait]
impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        Timestamp(BEGAN * 1000).plus(self.0.elapsed())
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}

/// One table, any number of instances of the app, and one stand-in Slack.
pub struct InstallWorld {
    /// The table that all instances share.
    pub engine: Arc<FaultyTable>,
    /// The stand-in Slack, where tokens rotate.
    pub slack: FakeSlack,
    /// The clock of all instances.
    pub clock: PausedClock,
    /// A client of the stand-in Slack.
    pub client: SlackClient,
    slack_clock: tidegate_fake_slack::Clock,
    config: FakeConfig,
    queue: Arc<dyn Queue>,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for InstallWorld {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl InstallWorld {
    /// A world in which tokens rotate. It must be made on a paused clock.
    pub async fn new(seed: u64) -> Self {
        let engine = FaultyTable::new(seed);
        engine.hold_time();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let began = Duration::from_secs(u64::try_from(BEGAN).unwrap());
        let slack_clock = tidegate_fake_slack::Clock::manual(began);
        let config = FakeConfig {
            public_url: url.clone(),
            token_rotation: true,
            echo_bot_messages: false,
            ..FakeConfig::default()
        };
        let slack = FakeSlack::with_clock(config.clone(), slack_clock.clone());
        let router = slack.router();
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let clock = PausedClock(Instant::now());
        let file = QueueFile::in_memory(Arc::new(clock.clone())).unwrap();
        let queue = file.queue(QueueSettings {
            name: "delivery",
            visibility: Duration::from_mins(2),
            max_receives: 5,
            dead_letters: None,
        });
        Self {
            client: SlackClient::new(http_client::build().unwrap(), &format!("{url}/api")).unwrap(),
            engine,
            slack,
            clock,
            slack_clock,
            config,
            queue: Arc::new(queue),
            tasks: [serving, tokio::spawn(tick())],
        }
    }

    /// Another process: it shares nothing with others but the table.
    pub fn instance(&self) -> Installs {
        Installs {
            table: self.engine.table(),
            keyring: self.engine.keyring(),
            clock: Arc::new(self.clock.clone()),
            slack: self.client.clone(),
            wake_ups: Arc::clone(&self.queue),
            app: Some(SlackApp {
                client_id: self.config.client_id.clone(),
                secrets: Arc::new(FixedSecret(self.config.client_secret.clone().into())),
                secret_name: "SLACK_CLIENT_SECRET".to_owned(),
                scopes: DomainChoice::default().bot_scopes(),
                user_scopes: Vec::new(),
            }),
            exclusive: false,
        }
    }

    fn api(&self) -> Service {
        let secrets: Arc<dyn Secrets> = Arc::new(FixedSecret("operator".into()));
        let operator_key = (secrets, "KEY".to_owned());
        Api {
            table: self.engine.table().into(),
            events: Arc::clone(&self.queue).into(),
            commands: Arc::clone(&self.queue).into(),
            clock: Arc::new(self.clock.clone()),
            operator_key: operator_key.into(),
            keep: Duration::from_hours(24),
            keyring: Arc::clone(&self.instance().keyring).into(),
            audit: self.instance().audit().into(),
            wake_ups: Arc::clone(&self.queue),
            members: Arc::new(self.instance()),
            domains: vec![Arc::new(self.instance())],
            site: Site::default(),
            limits: Limits::default(),
        }
        .service()
    }

    /// Installs the app in [`TEAM`], as a browser does.
    pub async fn install(&self) {
        let done = self.try_install().await;
        assert_eq!(done.status(), StatusCode::OK, "{done:?}");
    }

    /// The last page of an install.
    pub async fn try_install(&self) -> Response<Bytes> {
        let api = self.api();
        let page = get(&api, "/slack/install", "").await;
        let cookie = page.headers()[SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let body = String::from_utf8(page.into_body().to_vec()).unwrap();
        let (_, rest) = body.split_once("href=\"").unwrap();
        let url = rest.split_once('"').unwrap().0.replace("&amp;", "&");
        let back = self.slack.approve(&Approval::of_team(&url, TEAM)).unwrap();
        let path = back.strip_prefix("http://127.0.0.1").unwrap();
        get(&api, path, &cookie).await
    }

    /// Lets time pass, for everybody.
    pub async fn pass(&self, by: Duration) {
        self.slack_clock.advance(by);
        tokio::time::advance(by).await;
    }

    /// The rows of [`TEAM`], past all faults.
    pub fn rows(&self) -> Rows {
        self.engine.truth().tenant(&TenantId::from(TEAM))
    }

    /// The bot's grant as it is stored.
    pub async fn grant(&self) -> Grant {
        let instance = Installs {
            table: self.engine.truth(),
            ..self.instance()
        };
        instance.bot(&TEAM.into()).await.unwrap().unwrap()
    }

    /// The install as Slack counts it.
    pub fn at_slack(&self) -> InstallRecord {
        let installs = self.slack.installs().into_iter();
        let mut ours = installs.filter(|install| install.team.as_deref() == Some(TEAM));
        ours.next().unwrap()
    }
}

/// The paused clock jumps to the next timer whenever nothing is ready, and bytes on loopback may take a moment: with
/// this it jumps in small steps only, each of which leaves the machine a moment too.
#[expect(
    clippy::disallowed_methods,
    reason = "the machine needs time where the clock stands"
)]
pub async fn tick() {
    loop {
        tokio::time::sleep(Duration::from_millis(25)).await;
        std::thread::sleep(Duration::from_micros(50));
    }
}

async fn get(api: &Service, path: &str, cookie: &str) -> Response<Bytes> {
    let request = Request::get(path)
        .header(HOST, "127.0.0.1")
        .header(COOKIE, cookie);
    api.answer(request.body(Bytes::new()).unwrap()).await
}
