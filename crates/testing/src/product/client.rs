//! A client of a running local mode: it sends requests, asks the API, and looks into the data folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use tidegate_local::data_dir::DataDir;
use tidegate_local::store::Store;
use tidegate_pipeline::archive::{self, Address};
use tidegate_pipeline::clock::SystemClock;
use tidegate_pipeline::table::Table;
use tidegate_slack::http_client;

use super::{FORM, OPERATOR_KEY, PATIENCE, content_type, form, id, signed, until};

/// A client of a local mode that runs somewhere, with an eye on its data folder.
pub struct Client {
    /// Where it listens: `http://127.0.0.1:…`.
    pub url: String,
    /// Calls it; follows no redirect.
    pub http: reqwest::Client,
    data_dir: PathBuf,
}

/// What the product answered a request over HTTP, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status code.
    pub status: StatusCode,
    /// All headers of the answer.
    pub headers: HeaderMap,
    /// The whole body, as text.
    pub body: String,
}

impl Answer {
    /// The body read as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

impl Client {
    /// A client of what listens at `url` and keeps its data in that folder.
    pub fn new(url: &str, data_dir: &Path) -> Self {
        Self {
            url: url.to_owned(),
            http: http_client::build_with_timeout(PATIENCE).unwrap(),
            data_dir: data_dir.to_owned(),
        }
    }

    /// The folder with table, queues and keys.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The table's file, through a connection of its own.
    pub fn table(&self) -> Table {
        self.store().table
    }

    /// Table and keys, through connections of their own.
    pub fn store(&self) -> Store {
        store_in(&self.data_dir)
    }

    /// Sends a request as it stands.
    pub async fn send(&self, path: &str, headers: HeaderMap, body: Vec<u8>) -> Answer {
        send_to(&self.http, &format!("{}{path}", self.url), headers, body).await
    }

    /// Signs an event and sends it.
    pub async fn event(&self, event: &Value) -> Answer {
        let body = event.to_string().into_bytes();
        self.send("/slack/events", signed("application/json", &body), body)
            .await
    }

    /// Signs a form and sends it.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form(fields);
        self.send(path, signed(FORM, &body), body).await
    }

    /// Asks the API as the operator.
    pub async fn operator(&self, method: Method, path: &str) -> Answer {
        self.ask(method, path, OPERATOR_KEY).await
    }

    /// Asks the API with that key.
    pub async fn ask(&self, method: Method, path: &str, key: &str) -> Answer {
        let request = self.http.request(method, format!("{}{path}", self.url));
        answer_of(request.bearer_auth(key).send().await.unwrap()).await
    }

    /// Posts JSON to the API with that key.
    pub async fn tell(&self, path: &str, key: &str, body: &Value) -> Answer {
        let request = self.http.post(format!("{}{path}", self.url)).json(body);
        answer_of(request.bearer_auth(key).send().await.unwrap()).await
    }

    /// As [`Client::tell`], with an idempotency key.
    pub async fn tell_once(&self, path: &str, key: &str, body: &Value, once: &str) -> Answer {
        let request = self.http.post(format!("{}{path}", self.url)).json(body);
        let request = request.header("Idempotency-Key", once);
        answer_of(request.bearer_auth(key).send().await.unwrap()).await
    }

    /// What the operator API shows of an event; `None` while it knows nothing of it.
    pub async fn shown(&self, id: &str) -> Option<Value> {
        let answer = self
            .operator(Method::GET, &format!("/v1/operator/events/{id}"))
            .await;
        (answer.status == StatusCode::OK).then(|| answer.json())
    }

    /// Waits until an event has an end and its posts have one too, and shows it.
    pub async fn settled(&self, id: &str) -> Value {
        until(&format!("{id} settled"), async || {
            let shown = self.shown(id).await?;
            let waits = shown["state"] == "pending" || shown["state"] == "waiting";
            let settled = !waits && shown["posts_waiting"] == 0;
            settled.then_some(shown)
        })
        .await
    }

    /// The archived requests of a tenant within the last day, or of all, as the operator API lists them.
    pub async fn archived(&self, tenant: Option<&str>) -> Vec<Value> {
        let tenant = tenant.unwrap_or_default();
        let path = format!("/v1/operator/events?limit=1000&tenant={tenant}");
        let answer = self.operator(Method::GET, &path).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()["events"].as_array().unwrap().clone()
    }

    /// The bytes that the archive holds of an event, as [`Client::shown`] shows it.
    pub async fn archived_body(&self, shown: &Value) -> Vec<u8> {
        let tenant = shown["tenant"].as_str().unwrap().into();
        let address = Address::at_second(shown["at"].as_i64().unwrap());
        let rows = self.table().tenant(&tenant);
        let read = archive::read(&rows, &tenant, &address, id(shown)).await;
        read.unwrap().expect("it is archived").job.body
    }

    /// How many messages have ever been put on a queue.
    pub fn queued(&self) -> i64 {
        self.ask_queues("SELECT coalesce(max(seq), 0) FROM sqlite_sequence")
    }

    /// Waits until every queue is empty: nothing is on its way any more.
    pub async fn drained(&self) {
        until("the queues are empty", async || {
            let left =
                self.ask_queues("SELECT count(*) FROM messages WHERE queue NOT LIKE '%-dlq'");
            (left == 0).then_some(())
        })
        .await;
    }

    /// Waits until every request has been handled; its posts may still wait.
    pub async fn handled(&self) {
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

    /// Has the stand-in Slack inside make a new `response_url`.
    pub async fn response_url(&self) -> String {
        let url = format!("{}/sandbox/_fake/response_url", self.url);
        let body = json!({}).to_string().into_bytes();
        let answer = send_to(&self.http, &url, content_type("application/json"), body).await;
        answer.json()["response_url"].as_str().unwrap().to_owned()
    }
}

/// Opens table and keys of a data folder, beside a product that may use them.
pub fn store_in(data_dir: &Path) -> Store {
    Store::open(
        &DataDir::open(data_dir).unwrap(),
        None,
        Arc::new(SystemClock),
    )
    .unwrap()
}

/// Sends a POST as it stands.
pub async fn send_to(
    http: &reqwest::Client,
    url: &str,
    headers: HeaderMap,
    body: Vec<u8>,
) -> Answer {
    let request = http.post(url).headers(headers).body(body);
    answer_of(request.send().await.unwrap()).await
}

/// Reads a response to its end.
pub async fn answer_of(response: reqwest::Response) -> Answer {
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body: response.text().await.unwrap(),
    }
}
