//! What the tests share: a running product and a signed request.

mod backup;
mod browser;
mod late_clock;
mod requests;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_fake_slack::{FakeConfig, FakeSlack};
use tidegate_local::data_dir::DataDir;
use tidegate_local::local::{Local, LocalConfig};
use tidegate_local::store::Store;
use tidegate_local::telemetry;
use tidegate_pipeline::archive::{self, Address};
use tidegate_pipeline::clock::{Clock, SystemClock};
use tidegate_pipeline::table::Table;
use tidegate_slack::http_client;

pub(crate) use self::backup::{back_up_keys, back_up_table};
pub(crate) use self::browser::Browser;
pub(crate) use self::late_clock::LateClock;
pub(crate) use self::requests::{
    FORM, SIGNING_SECRET, TENANT, content_type, envelope, form, id, mention, message, signed,
    signed_at, unique, unique_ts,
};

/// Opens the operator API.
pub(crate) const OPERATOR_KEY: &str = "operator-key-of-the-tests";

/// How long a test waits for what never comes. Nothing that works comes near it, on the busiest machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Local mode in a folder of its own, and a client of it.
pub(crate) struct Product {
    pub(crate) local: Local,
    /// What it believes the time to be.
    pub(crate) clock: LateClock,
    client: Client,
    /// The data folder, where it ends with the test.
    folder: Option<TempDir>,
}

/// A client of a local mode that runs somewhere, with an eye on its data folder.
pub(crate) struct Client {
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    data_dir: PathBuf,
}

/// An HTTP answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

impl Product {
    /// Local mode with the stand-in Slack inside.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with these settings on top.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let mut product = Self::start_in(folder.path(), settings).await;
        product.folder = Some(folder);
        product
    }

    /// The same with a stand-in Slack of that manner.
    pub(crate) async fn start_with_slack(slack: FakeConfig) -> Self {
        Self::start_with_slack_and(slack, &[]).await
    }

    /// The same with these settings on top.
    pub(crate) async fn start_with_slack_and(slack: FakeConfig, settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let sandbox = Some(slack);
        let mut product = Self::run(LocalConfig {
            sandbox,
            ..config(folder.path(), settings)
        })
        .await;
        product.folder = Some(folder);
        product
    }

    /// Local mode where time goes so many times as fast, also in the stand-in Slack inside, but for its users, who are no
    /// faster than before.
    pub(crate) async fn start_in_a_hurry(pace: u32, settings: &[(&str, &str)]) -> Self {
        let (folder, clock) = (TempDir::new().unwrap(), LateClock::default());
        clock.hurry(pace);
        let sandbox = FakeConfig {
            clock: clock.of_slack(),
            trigger_lifetime: PATIENCE * pace,
            ..FakeConfig::default()
        };
        let config = LocalConfig {
            sandbox: Some(sandbox),
            ..config(folder.path(), settings)
        };
        let mut product = Self::run_by(clock, config).await;
        product.folder = Some(folder);
        product
    }

    /// The same on a data folder that stays when the product goes.
    pub(crate) async fn start_in(data_dir: &Path, settings: &[(&str, &str)]) -> Self {
        Self::run(config(data_dir, settings)).await
    }

    async fn run(config: LocalConfig) -> Self {
        Self::run_by(LateClock::default(), config).await
    }

    async fn run_by(clock: LateClock, mut config: LocalConfig) -> Self {
        // A busy machine answers late, which is no failure of the product's.
        config.sandbox.get_or_insert_default().answer_timeout = PATIENCE;
        let metrics = telemetry::detached_metrics().unwrap();
        let data_dir = config.data_dir.clone();
        let local = Local::start_by(Arc::new(clock.clone()), config, metrics)
            .await
            .unwrap();
        Self {
            client: Client::new(&format!("http://{}", local.address), &data_dir),
            local,
            clock,
            folder: None,
        }
    }

    /// Ends it as Ctrl-C does.
    pub(crate) async fn stop(self) {
        self.local.drain().await;
    }

    /// The stand-in Slack inside.
    pub(crate) fn slack(&self) -> &FakeSlack {
        self.local.sandbox.as_ref().expect("no token was set")
    }

    /// The texts that stand in a channel of the stand-in Slack by the bot, oldest first.
    pub(crate) fn replies(&self, channel: &str) -> Vec<String> {
        let messages = self.slack().messages(channel).into_iter();
        messages
            .filter(|m| m.bot_id.is_some())
            .map(|m| m.text)
            .collect()
    }
}

impl Deref for Product {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Client {
    pub(crate) fn new(url: &str, data_dir: &Path) -> Self {
        Self {
            url: url.to_owned(),
            http: http_client::build().unwrap(),
            data_dir: data_dir.to_owned(),
        }
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The table's file, through a connection of its own.
    pub(crate) fn table(&self) -> Table {
        self.store().table
    }

    /// Table and keys, through connections of their own.
    pub(crate) fn store(&self) -> Store {
        store_in(&self.data_dir)
    }

    /// Sends a request as it stands.
    pub(crate) async fn send(&self, path: &str, headers: HeaderMap, body: Vec<u8>) -> Answer {
        send_to(&self.http, &format!("{}{path}", self.url), headers, body).await
    }

    /// Signs an event and sends it.
    pub(crate) async fn event(&self, event: &Value) -> Answer {
        let body = event.to_string().into_bytes();
        self.send("/slack/events", signed("application/json", &body), body)
            .await
    }

    /// Signs a form and sends it.
    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form(fields);
        self.send(path, signed(FORM, &body), body).await
    }

    /// Asks the API as the operator.
    pub(crate) async fn operator(&self, method: Method, path: &str) -> Answer {
        self.ask(method, path, OPERATOR_KEY).await
    }

    /// Asks the API with that key.
    pub(crate) async fn ask(&self, method: Method, path: &str, key: &str) -> Answer {
        let request = self.http.request(method, format!("{}{path}", self.url));
        answer_of(request.bearer_auth(key).send().await.unwrap()).await
    }

    /// Posts JSON to the API with that key.
    pub(crate) async fn tell(&self, path: &str, key: &str, body: &Value) -> Answer {
        let request = self.http.post(format!("{}{path}", self.url)).json(body);
        answer_of(request.bearer_auth(key).send().await.unwrap()).await
    }

    /// What the operator API shows of an event; `None` while it knows nothing of it.
    pub(crate) async fn shown(&self, id: &str) -> Option<Value> {
        let answer = self
            .operator(Method::GET, &format!("/operator/events/{id}"))
            .await;
        (answer.status == StatusCode::OK).then(|| answer.json())
    }

    /// Waits until an event has an end and its posts have one too, and shows it.
    pub(crate) async fn settled(&self, id: &str) -> Value {
        until(&format!("{id} settled"), async || {
            let shown = self.shown(id).await?;
            let waits = shown["state"] == "pending" || shown["state"] == "waiting";
            let settled = !waits && shown["posts_waiting"] == 0;
            settled.then_some(shown)
        })
        .await
    }

    /// The archived requests of a tenant within the last day, or of all, as the operator API lists them.
    pub(crate) async fn archived(&self, tenant: Option<&str>) -> Vec<Value> {
        let tenant = tenant.unwrap_or_default();
        let path = format!("/operator/events?limit=1000&tenant={tenant}");
        let answer = self.operator(Method::GET, &path).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()["events"].as_array().unwrap().clone()
    }

    /// The bytes that the archive holds of an event, as [`Product::shown`] shows it.
    pub(crate) async fn archived_body(&self, shown: &Value) -> Vec<u8> {
        let tenant = shown["tenant"].as_str().unwrap().into();
        let address = Address::at_second(shown["at"].as_i64().unwrap());
        let rows = self.table().tenant(&tenant);
        let read = archive::read(&rows, &tenant, &address, id(shown)).await;
        read.unwrap().expect("it is archived").job.body
    }

    /// How many messages have ever been put on a queue.
    pub(crate) fn queued(&self) -> i64 {
        self.ask_queues("SELECT coalesce(max(seq), 0) FROM sqlite_sequence")
    }

    /// Waits until every queue is empty: nothing is on its way any more.
    pub(crate) async fn drained(&self) {
        until("the queues are empty", async || {
            let left =
                self.ask_queues("SELECT count(*) FROM messages WHERE queue NOT LIKE '%-dlq'");
            (left == 0).then_some(())
        })
        .await;
    }

    /// Waits until every request has been handled; its posts may still wait.
    pub(crate) async fn handled(&self) {
        until("the requests are handled", async || {
            let left = self
                .ask_queues("SELECT count(*) FROM messages WHERE queue IN ('events', 'commands')");
            (left == 0).then_some(())
        })
        .await;
    }

    fn ask_queues(&self, question: &str) -> i64 {
        let file = rusqlite::Connection::open(self.data_dir.join("queues.db")).unwrap();
        file.query_row(question, [], |row| row.get(0)).unwrap()
    }

    /// A `response_url` of the stand-in Slack.
    pub(crate) async fn response_url(&self) -> String {
        let url = format!("{}/sandbox/_fake/response_url", self.url);
        let body = json!({}).to_string().into_bytes();
        let answer = send_to(&self.http, &url, content_type("application/json"), body).await;
        answer.json()["response_url"].as_str().unwrap().to_owned()
    }
}

/// Table and keys of a data folder.
pub(crate) fn store_in(data_dir: &Path) -> Store {
    Store::open(
        &DataDir::open(data_dir).unwrap(),
        None,
        Arc::new(SystemClock),
    )
    .unwrap()
}

/// Settings of a test's product.
pub(crate) fn config(data_dir: &Path, settings: &[(&str, &str)]) -> LocalConfig {
    let own = [
        ("SLACK_SIGNING_SECRET", SIGNING_SECRET),
        ("TIDEGATE_OPERATOR_KEY", OPERATOR_KEY),
    ];
    let env = |name: &str| {
        let found = settings.iter().chain(&own).find(|(n, _)| *n == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    LocalConfig::read(0, data_dir.to_owned(), &env).unwrap()
}

/// Sends a POST as it stands.
pub(crate) async fn send_to(
    http: &reqwest::Client,
    url: &str,
    headers: HeaderMap,
    body: Vec<u8>,
) -> Answer {
    let request = http.post(url).headers(headers).body(body);
    answer_of(request.send().await.unwrap()).await
}

pub(crate) async fn answer_of(response: reqwest::Response) -> Answer {
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body: response.text().await.unwrap(),
    }
}

/// The time by the system's clock, in Unix seconds.
pub(crate) fn now() -> i64 {
    SystemClock.now().seconds()
}

/// Looks again and again until there is something, and fails when there is nothing for [`PATIENCE`].
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = SystemClock.now().plus(PATIENCE);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(SystemClock.now() < end, "waited in vain: {what}");
        SystemClock.sleep(LOOK_EVERY).await;
    }
}

/// Looks again and again until nothing is left, and fails when there has been no less of it for [`PATIENCE`].
pub(crate) async fn until_none_left(what: &str, mut left: impl AsyncFnMut() -> Option<usize>) {
    let mut least = usize::MAX;
    while least > 0 {
        least = until(&format!("fewer {what}"), async || {
            left().await.filter(|left| *left < least)
        })
        .await;
    }
}
