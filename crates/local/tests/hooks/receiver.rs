//! A receiver on loopback: it answers as a test says and remembers what it got.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use standardwebhooks::Webhook;
use tidegate_testing::product::until;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What a receiver answers.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A status and a body.
    Status(u16, String),
    /// A redirect to that address.
    Redirect(String),
    /// A status with `Retry-After` in seconds.
    Later(u16, u32),
    /// Nothing, until [`Receiver::answer`] says something else; then that.
    Nothing,
    /// Nothing to calls whose body has that word, and that status to the others.
    NothingTo(&'static str, u16),
}

impl Reply {
    /// An answer that accepts.
    pub(crate) fn ok() -> Self {
        Self::Status(200, "thanks".to_owned())
    }

    /// An answer that refuses, with that status.
    pub(crate) fn status(status: u16) -> Self {
        Self::Status(status, "no".to_owned())
    }
}

/// One call that a receiver got.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Got {
    /// Returns the header `webhook-id`.
    pub(crate) fn id(&self) -> &str {
        self.header("webhook-id")
    }

    /// A header that must be there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether one of its signatures was made with that secret. The library's own check compares the time with the machine's clock,
    /// which tests leave behind.
    pub(crate) fn is_signed_by(&self, secret: &str) -> bool {
        let at = self.header("webhook-timestamp").parse().unwrap();
        let webhook = Webhook::new(secret).unwrap();
        let expected = webhook.sign(self.id(), at, &self.body).unwrap();
        let mut signatures = self.header("webhook-signature").split(' ');
        signatures.any(|signature| signature == expected)
    }
}

/// What the handlers of one receiver share.
struct Shared {
    reply: watch::Sender<Reply>,
    got: Mutex<Vec<Got>>,
    /// Calls that are being answered now, and the most that ever were.
    now: AtomicUsize,
    most: AtomicUsize,
}

/// A receiver on loopback.
pub(crate) struct Receiver {
    /// Its address: `http://127.0.0.1:…/slack`.
    pub(crate) url: String,
    shared: Arc<Shared>,
}

impl Receiver {
    /// A receiver that answers so.
    pub(crate) async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/slack", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            reply: watch::Sender::new(reply),
            got: Mutex::default(),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        });
        let app = Router::new().fallback(take).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, shared }
    }

    /// Answers so from now on, also to calls that wait for an answer.
    pub(crate) fn answer(&self, reply: Reply) {
        self.shared.reply.send_replace(reply);
    }

    /// Everything that it got so far.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.shared.got.lock().unwrap().clone()
    }

    /// Waits until it got so many calls.
    pub(crate) async fn has_got(&self, calls: usize) -> Vec<Got> {
        until(&format!("{calls} calls of the receiver"), async || {
            let got = self.got();
            (got.len() >= calls).then_some(got)
        })
        .await
    }

    /// The calls that wait for an answer now.
    pub(crate) fn waiting(&self) -> usize {
        self.shared.now.load(Ordering::SeqCst)
    }

    /// The most calls that it had at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }
}

/// A call that waits for an answer. It ends as well when the caller gives it up.
struct Call(Arc<Shared>);

impl Call {
    fn begin(shared: &Arc<Shared>) -> Self {
        let now = shared.now.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most.fetch_max(now, Ordering::SeqCst);
        Self(Arc::clone(shared))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn take(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let _call = Call::begin(&shared);
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    let headers = head.headers;
    let text = String::from_utf8_lossy(&body).into_owned();
    shared.got.lock().unwrap().push(Got { headers, body });
    let mut replies = shared.reply.subscribe();
    let is_answered = |reply: &Reply| match reply {
        Reply::Nothing => false,
        Reply::NothingTo(word, _) => !text.contains(word),
        _ => true,
    };
    let reply = replies.wait_for(is_answered).await.unwrap().clone();
    let reply = match reply {
        Reply::NothingTo(_, status) => Reply::status(status),
        reply => reply,
    };
    let answer = Response::builder();
    let answer = match reply {
        Reply::Status(status, body) => answer.status(status).body(Body::from(body)),
        Reply::Redirect(to) => answer
            .status(StatusCode::FOUND)
            .header("location", to)
            .body(Body::empty()),
        Reply::Later(status, seconds) => answer
            .status(status)
            .header("retry-after", seconds)
            .body(Body::empty()),
        Reply::Nothing | Reply::NothingTo(..) => unreachable!("it waited for another"),
    };
    answer.unwrap()
}
