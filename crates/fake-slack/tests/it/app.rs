//! An app for the stand-in to talk to: it checks each signature, keeps what came, and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tidegate_fake_slack::{FakeConfig, sign};

use crate::fakes::{Sandbox, sandbox_with, serve};

/// One request as it reached the app.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let mut fields = form_urlencoded::parse(self.body.as_bytes());
        fields
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.into_owned())
    }

    fn is_signed(&self) -> bool {
        let sent_at = self
            .header("x-slack-request-timestamp")
            .unwrap()
            .parse()
            .unwrap();
        let expected = sign(
            &FakeConfig::default().signing_secret,
            sent_at,
            self.body.as_bytes(),
        );
        self.header("x-slack-signature") == Some(expected.as_str())
    }
}

/// How the app meets one request.
#[derive(Clone)]
pub(crate) enum Reply {
    Answer(u16, &'static str),
    NoRetry(u16),
    Hang,
}

#[derive(Clone, Default)]
pub(crate) struct App(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    received: Vec<Received>,
    replies: VecDeque<Reply>,
}

impl App {
    /// Replies in turn; 200 once they are used up.
    pub(crate) fn replying(replies: impl IntoIterator<Item = Reply>) -> Self {
        let inner = Inner {
            replies: replies.into_iter().collect(),
            ..Inner::default()
        };
        Self(Arc::new(Mutex::new(inner)))
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.0.lock().unwrap().received.clone()
    }

    /// What came, once `count` requests did: the bot's own posts come back in the background.
    pub(crate) async fn received_in_time(&self, count: usize) -> Vec<Received> {
        for _ in 0..1_000_000 {
            if self.received().len() >= count {
                break;
            }
            tokio::task::yield_now().await;
        }
        self.received()
    }

    /// A stand-in that sends to this app.
    pub(crate) async fn sandbox(&self) -> Sandbox {
        self.sandbox_with(FakeConfig::default()).await
    }

    pub(crate) async fn sandbox_with(&self, config: FakeConfig) -> Sandbox {
        let sandbox = sandbox_with(config).await;
        sandbox
            .fake
            .set_app_url(serve(Router::new().fallback(receive).with_state(self.clone())).await);
        sandbox
    }
}

async fn receive(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let received = Received {
        path: parts.uri.path().to_owned(),
        headers: parts.headers,
        body,
    };
    if !received.is_signed() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let reply = {
        let mut inner = app.0.lock().unwrap();
        inner.received.push(received);
        inner.replies.pop_front().unwrap_or(Reply::Answer(200, ""))
    };
    match reply {
        Reply::Answer(status, body) => {
            (StatusCode::from_u16(status).unwrap(), body).into_response()
        }
        Reply::NoRetry(status) => (
            StatusCode::from_u16(status).unwrap(),
            [("x-slack-no-retry", "1")],
        )
            .into_response(),
        Reply::Hang => std::future::pending().await,
    }
}

/// A configuration that gives the app no more time than a busy machine takes.
pub(crate) fn impatient() -> FakeConfig {
    FakeConfig {
        answer_timeout: Duration::from_secs(2),
        ..FakeConfig::default()
    }
}
