//! A Slack that says exactly what a test wants said: it opens connections, and the test speaks over them.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tidegate_ingress::Intake;
use tidegate_local::socket_mode::{Parts, SocketMode};
use tidegate_pipeline::queue::Queue;
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;
use tidegate_testing::product::{PATIENCE, TENANT};
use tokio::net::TcpListener;
use tokio::sync::{Mutex as Turn, mpsc};

use super::parts::JumpClock;

/// The stand-in for Slack's Web API and its web sockets. Clones share it.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) url: String,
    shared: Arc<Shared>,
    wires: Arc<Turn<mpsc::UnboundedReceiver<WebSocket>>>,
}

struct Shared {
    host: String,
    connected: mpsc::UnboundedSender<WebSocket>,
    /// How often a connection was asked for.
    asked: AtomicUsize,
    /// What the next of these questions are answered, in place of an address.
    refusals: Mutex<Vec<Value>>,
    /// Calls of the Web API and answers at a `response_url`.
    calls: Mutex<Vec<String>>,
}

/// One connection, as Slack has it.
pub(crate) struct Wire(WebSocket);

impl Line {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (connected, wires) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            host: host.clone(),
            connected,
            asked: AtomicUsize::new(0),
            refusals: Mutex::default(),
            calls: Mutex::default(),
        });
        let router = Router::new()
            .route("/api/{method}", post(call))
            .route("/response", post(respond))
            .route("/link", get(link))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url: format!("http://{host}"),
            shared,
            wires: Arc::new(Turn::new(wires)),
        }
    }

    /// Socket Mode against this Slack, into these queues.
    pub(crate) fn client(
        &self,
        clock: &JumpClock,
        queue: &Arc<impl Queue + 'static>,
    ) -> SocketMode {
        let api = format!("{}/api", self.url);
        let queue = Arc::clone(queue) as Arc<dyn Queue>;
        SocketMode::start(Parts {
            slack: SlackClient::new(http_client::build().unwrap(), &api).unwrap(),
            app_token: "xapp-1".into(),
            intake: Intake {
                events: Arc::clone(&queue),
                commands: queue,
            },
            clock: Arc::new(clock.clone()),
        })
        .unwrap()
    }

    pub(crate) fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn calls(&self, what: &str) -> usize {
        let calls = self.shared.calls.lock().unwrap();
        calls.iter().filter(|call| *call == what).count()
    }

    /// The next questions for a connection are answered so, the last of these first.
    pub(crate) fn refuse(&self, with: &[Value]) {
        self.shared.refusals.lock().unwrap().extend_from_slice(with);
    }

    /// The next connection, before the greeting.
    pub(crate) async fn accept(&self) -> Wire {
        let mut wires = self.wires.lock().await;
        let wire = tokio::time::timeout(PATIENCE, wires.recv()).await;
        Wire(wire.expect("nobody connects").unwrap())
    }

    /// The next connection, greeted.
    pub(crate) async fn greet(&self) -> Wire {
        let mut wire = self.accept().await;
        wire.say(&json!({"type": "hello", "num_connections": 1}))
            .await;
        wire
    }
}

impl Wire {
    pub(crate) async fn say(&mut self, what: &Value) {
        self.send(Message::Text(what.to_string().into())).await;
    }

    pub(crate) async fn send(&mut self, frame: Message) {
        self.0.send(frame).await.unwrap();
    }

    /// What comes next, but for the other end's pings.
    pub(crate) async fn frame(&mut self) -> Option<Message> {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.0.recv()).await;
            match frame.expect("nothing is heard") {
                Some(Ok(Message::Ping(_))) => {}
                Some(Ok(frame)) => return Some(frame),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next acknowledgement; panics if something else comes.
    pub(crate) async fn ack(&mut self) -> Value {
        match self.frame().await {
            Some(Message::Text(text)) => serde_json::from_str(&text).unwrap(),
            other => panic!("no acknowledgement but {other:?}"),
        }
    }

    /// Goes there and back: what was said before has been read, and what it was answered at once has been heard.
    pub(crate) async fn there_and_back(&mut self) {
        self.send(Message::Ping("there".into())).await;
        match self.frame().await {
            Some(Message::Pong(back)) => assert_eq!(&back[..], b"there"),
            other => panic!("no pong but {other:?}"),
        }
    }

    /// Whether the other end goes.
    pub(crate) async fn ends(mut self) -> bool {
        matches!(self.frame().await, Some(Message::Close(_)) | None)
    }
}

async fn call(State(shared): State<Arc<Shared>>, Path(method): Path<String>) -> Json<Value> {
    shared.calls.lock().unwrap().push(method.clone());
    if method != "apps.connections.open" {
        return Json(json!({"ok": true, "ts": "1763690400.000100", "channel": "C0GENERAL01"}));
    }
    shared.asked.fetch_add(1, Ordering::SeqCst);
    let refusal = shared.refusals.lock().unwrap().pop();
    let url = format!("ws://{}/link?ticket=sesame", shared.host);
    Json(refusal.unwrap_or_else(|| json!({"ok": true, "url": url})))
}

async fn respond(State(shared): State<Arc<Shared>>) -> &'static str {
    shared.calls.lock().unwrap().push("response".to_owned());
    "ok"
}

async fn link(State(shared): State<Arc<Shared>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |socket| {
        // The test may be over.
        let _ = shared.connected.send(socket);
    })
}

/// An envelope of Slack's around that payload.
pub(crate) fn envelope(id: &str, kind: &str, payload: &Value) -> Value {
    let accepts = kind == "slash_commands" || payload["type"] == "view_submission";
    json!({"envelope_id": id, "type": kind, "payload": payload, "accepts_response_payload": accepts})
}

/// The same envelope, sent again.
pub(crate) fn again(id: &str, kind: &str, payload: &Value) -> Value {
    let mut envelope = envelope(id, kind, payload);
    envelope["retry_attempt"] = 1.into();
    envelope["retry_reason"] = "timeout".into();
    envelope
}

/// A slash command as Socket Mode brings it.
pub(crate) fn command(text: &str, trigger: &str, response_url: &str) -> Value {
    json!({"command": "/tidegate", "text": text, "team_id": TENANT, "channel_id": "C0GENERAL01",
        "user_id": "U0ALICE0001", "api_app_id": "A0TESTS0001", "is_enterprise_install": "false",
        "trigger_id": trigger, "response_url": response_url})
}

/// Longer than any pause but the one for what only a person can help.
pub(crate) const A_WHILE: Duration = Duration::from_secs(31);
