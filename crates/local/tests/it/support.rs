//! What the tests share: a running product and a signed request.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_fake_slack::FakeSlack;
use tidegate_local::local::{Local, LocalConfig};
use tidegate_local::table::EmbeddedTable;
use tidegate_local::telemetry;
use tidegate_pipeline::clock::{Clock, SystemClock};
use tidegate_pipeline::table::Table;
use tidegate_slack::http_client;
use tidegate_slack::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};

/// Signs what the tests send.
pub(crate) const SIGNING_SECRET: &str = "signing-secret-of-the-tests";

/// Opens the operator API.
pub(crate) const OPERATOR_KEY: &str = "operator-key-of-the-tests";

/// The tenant of events that do not say otherwise.
pub(crate) const TENANT: &str = "T0TESTS0001";

/// Slack's content type for commands and interactions.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// How long anything may take before a test fails: generous, because a loaded machine is no bug.
const PATIENCE: Duration = Duration::from_secs(20);

const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Local mode in a folder of its own, and a client of it.
pub(crate) struct Product {
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    pub(crate) local: Local,
    /// The data folder; `Some` where it ends with the test.
    folder: Option<TempDir>,
    data_dir: PathBuf,
}

/// An HTTP answer.
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

    /// The same on a data folder that stays when the product goes.
    pub(crate) async fn start_in(data_dir: &Path, settings: &[(&str, &str)]) -> Self {
        let metrics = telemetry::detached_metrics().unwrap();
        let local = Local::start(config(data_dir, settings), metrics)
            .await
            .unwrap();
        Self {
            url: format!("http://{}", local.address),
            http: http_client::build().unwrap(),
            local,
            folder: None,
            data_dir: data_dir.to_owned(),
        }
    }

    /// Ends it as Ctrl-C does.
    pub(crate) async fn stop(self) {
        self.local.drain().await;
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The stand-in Slack inside.
    pub(crate) fn slack(&self) -> &FakeSlack {
        self.local.sandbox.as_ref().expect("no token was set")
    }

    /// The table's file, through a connection of its own.
    pub(crate) fn table(&self) -> Table {
        let path = self.data_dir.join("table.db");
        Table::new(std::sync::Arc::new(EmbeddedTable::open(&path).unwrap()))
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

    /// Asks the operator API.
    pub(crate) async fn operator(&self, method: Method, path: &str) -> Answer {
        let mut headers = HeaderMap::new();
        let key = format!("Bearer {OPERATOR_KEY}");
        headers.insert(http::header::AUTHORIZATION, key.parse().unwrap());
        let request = self
            .http
            .request(method, format!("{}{path}", self.url))
            .headers(headers);
        answer_of(request.send().await.unwrap()).await
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
            let settled = shown["state"] != "pending" && shown["posts_waiting"] == 0;
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

    /// The texts that stand in a channel of the stand-in Slack by the bot, oldest first.
    pub(crate) fn replies(&self, channel: &str) -> Vec<String> {
        let messages = self.slack().messages(channel).into_iter();
        messages
            .filter(|m| m.bot_id.is_some())
            .map(|m| m.text)
            .collect()
    }

    /// A `response_url` of the stand-in Slack.
    pub(crate) async fn response_url(&self) -> String {
        let url = format!("{}/sandbox/_fake/response_url", self.url);
        let body = json!({}).to_string().into_bytes();
        let answer = send_to(&self.http, &url, content_type("application/json"), body).await;
        answer.json()["response_url"].as_str().unwrap().to_owned()
    }
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

async fn answer_of(response: reqwest::Response) -> Answer {
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body: response.text().await.unwrap(),
    }
}

pub(crate) fn content_type(value: &str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())])
}

/// Headers of a request that Slack signs now.
pub(crate) fn signed(content_type: &str, body: &[u8]) -> HeaderMap {
    signed_at(now(), content_type, body)
}

/// Headers of a request that Slack signed at that Unix second.
pub(crate) fn signed_at(second: i64, content_type: &str, body: &[u8]) -> HeaderMap {
    let signature = sign(&SecretString::from(SIGNING_SECRET), second, body).unwrap();
    let value = |text: &str| HeaderValue::from_str(text).unwrap();
    HeaderMap::from_iter([
        (CONTENT_TYPE, value(content_type)),
        (
            HeaderName::from_static(TIMESTAMP_HEADER),
            value(&second.to_string()),
        ),
        (HeaderName::from_static(SIGNATURE_HEADER), value(&signature)),
    ])
}

/// Fields as Slack sends commands and interactions.
pub(crate) fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
        .into_bytes()
}

/// An event's envelope around `event`, with an id of its own, for [`TENANT`].
pub(crate) fn envelope(event: &Value) -> Value {
    json!({
        "type": "event_callback", "token": "retired", "team_id": TENANT, "api_app_id": "A0TESTS0001",
        "event": event, "event_id": unique("Ev"), "event_time": now(),
        "authorizations": [{"team_id": TENANT, "enterprise_id": null, "user_id": "U0TIDEGATE1",
            "is_bot": true, "is_enterprise_install": false}],
    })
}

/// A message posted now in `channel`, in its envelope.
pub(crate) fn message(channel: &str, text: &str) -> Value {
    said("message", channel, text)
}

/// A mention of the bot posted now in `channel`, in its envelope.
pub(crate) fn mention(channel: &str, text: &str) -> Value {
    said("app_mention", channel, text)
}

fn said(kind: &str, channel: &str, text: &str) -> Value {
    let ts = unique_ts();
    envelope(
        &json!({"type": kind, "channel": channel, "user": "U0ALICE0001", "text": text,
        "ts": ts, "event_ts": ts}),
    )
}

/// The event id of an envelope.
pub(crate) fn id(event: &Value) -> &str {
    event["event_id"].as_str().unwrap()
}

static COUNTER: AtomicU64 = AtomicU64::new(1);

/// A text that begins so and that no other call of this process gets.
pub(crate) fn unique(prefix: &str) -> String {
    format!("{prefix}{:08}", COUNTER.fetch_add(1, Ordering::Relaxed))
}

/// A Slack timestamp of now that no other call of this process gets.
pub(crate) fn unique_ts() -> String {
    format!(
        "{}.{:06}",
        now(),
        COUNTER.fetch_add(1, Ordering::Relaxed) % 1_000_000
    )
}

/// Unix seconds.
pub(crate) fn now() -> i64 {
    SystemClock.now().seconds()
}

/// Looks again and again until there is something, and fails when there is nothing for too long.
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
