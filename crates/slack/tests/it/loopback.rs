//! A Web API on this machine that answers what it was told to and keeps what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde_json::Value;
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;

/// What one request brought.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The name of the Web API's method, from the path.
    pub(crate) method: String,
    /// The header `Authorization`; empty if there is none.
    pub(crate) authorization: String,
    /// The header `Content-Type`; empty if there is none.
    pub(crate) content_type: String,
    /// The body as it came, as UTF-8.
    pub(crate) body: String,
}

impl Asked {
    /// The fields of a body that is a form.
    pub(crate) fn form(&self) -> BTreeMap<String, String> {
        assert_eq!(self.content_type, "application/x-www-form-urlencoded");
        form_urlencoded::parse(self.body.as_bytes())
            .into_owned()
            .collect()
    }

    /// The body as JSON; panics if it is none.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.content_type, "application/json");
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The Web API, and a client of it.
pub(crate) struct Loopback {
    pub(crate) slack: SlackClient,
    /// The address to give to a client as its base URL.
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
}

impl Loopback {
    /// Answers each request with the next of `answers`, with status 200.
    pub(crate) async fn answering(answers: impl IntoIterator<Item = Value>) -> Self {
        let answers = answers.into_iter().map(|a| (200, a.to_string()));
        Self::with(answers.collect()).await
    }

    /// As [`Loopback::answering`], with answers that know the address.
    pub(crate) async fn knowing(answers: impl FnOnce(&str) -> Vec<Value>) -> Self {
        let world = Self::with(VecDeque::new()).await;
        let answers = answers(&world.url);
        let mut kept = world.answers.lock().unwrap();
        kept.extend(answers.into_iter().map(|a| (200, a.to_string())));
        drop(kept);
        world
    }

    /// Answers each request with the next status and body; after the last with 500.
    pub(crate) async fn with(answers: VecDeque<(u16, String)>) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(answers));
        let (kept, queued) = (Arc::clone(&asked), Arc::clone(&answers));
        let router = Router::new().fallback(move |request: Request| {
            let (kept, queued) = (Arc::clone(&kept), Arc::clone(&queued));
            async move { answer(&kept, &queued, request).await }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            slack: SlackClient::new(http_client::build().unwrap(), &url).unwrap(),
            url,
            asked,
            answers,
        }
    }

    /// The requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(
    kept: &Mutex<Vec<Asked>>,
    answers: &Mutex<VecDeque<(u16, String)>>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let header = |name: &str| {
        let value = head.headers.get(name);
        value.map_or_else(String::new, |v| v.to_str().unwrap().to_owned())
    };
    kept.lock().unwrap().push(Asked {
        method: head.uri.path().trim_start_matches("/api/").to_owned(),
        authorization: header("authorization"),
        content_type: header("content-type"),
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let next = answers.lock().unwrap().pop_front();
    let (status, body) = next.unwrap_or((500, String::new()));
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

/// The token that the tests call with.
pub(crate) fn token() -> SecretString {
    "xoxb-sesame".into()
}
