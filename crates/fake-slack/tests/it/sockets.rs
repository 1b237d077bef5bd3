//! Socket Mode: the ticket, the envelopes, who gets what is not acknowledged, and how connections end.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tidegate_fake_slack::{Disconnect, DisconnectReason};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::app::{App, impatient};
use crate::fakes::{Sandbox, sandbox, sandbox_with};
use crate::oauth::text;

struct Socket(WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>);

impl Socket {
    async fn hear(&mut self) -> Value {
        let message = self.0.next().await.unwrap().unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }

    async fn ack(&mut self, envelope: &Value, payload: Option<Value>) {
        let mut ack = json!({ "envelope_id": envelope["envelope_id"] });
        if let Some(payload) = payload {
            ack["payload"] = payload;
        }
        let message = Message::text(ack.to_string());
        self.0.send(message).await.unwrap();
    }
}

impl Sandbox {
    async fn link(&self) -> String {
        let answer = self
            .call_as("xapp-sandbox-app-token", "apps.connections.open", json!({}))
            .await;
        text(&answer, "/url")
    }

    /// A connection, with its greeting read.
    async fn socket(&self) -> Socket {
        let (stream, _) = connect_async(self.link().await).await.unwrap();
        let mut socket = Socket(stream);
        assert_eq!(socket.hear().await["type"], "hello");
        socket
    }

    async fn connections(&self, wanted: usize) {
        for _ in 0..1_000_000 {
            if self.fake.socket_connections() == wanted {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("{} connections", self.fake.socket_connections());
    }
}

#[tokio::test]
async fn a_ticket_opens_one_connection_and_only_the_app_gets_one() {
    let sandbox = sandbox().await;
    assert_eq!(
        sandbox.error("apps.connections.open", json!({})).await,
        "not_allowed_token_type"
    );
    let app = "xapp-sandbox-app-token";
    let refused = sandbox.call_as(app, "users.list", json!({})).await;
    assert_eq!(refused["error"], "not_allowed_token_type");
    let link = sandbox.link().await;
    assert!(link.starts_with("ws://127.0.0.1:") && link.contains("/link/?ticket="));
    let (stream, _) = connect_async(&link).await.unwrap();
    let hello = Socket(stream).hear().await;
    assert_eq!(
        (
            &hello["num_connections"],
            &hello["connection_info"]["app_id"]
        ),
        (&json!(1), &json!("A0TIDEGATE1"))
    );
    assert!(hello["debug_info"]["approximate_connection_time"].is_u64());
    for used in [link.as_str(), &link.replace("ticket=", "ticket=x")] {
        let Err(Error::Http(answer)) = connect_async(used).await else {
            panic!("a used ticket opened a connection");
        };
        assert_eq!(answer.status(), 401);
    }
}

#[tokio::test]
async fn what_would_go_by_http_goes_over_the_socket() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let mut socket = sandbox.socket().await;
    let fake = sandbox.fake.clone();
    let sent = tokio::spawn(async move {
        fake.post_as_user("U0ALICE0001", "C0GENERAL01", "hi", None)
            .await;
        fake.run_command("U0ALICE0001", "C0GENERAL01", "/tidegate", "ping")
            .await;
        let pressed = json!({ "type": "block_actions", "channel": { "id": "C0GENERAL01" } });
        fake.send_interaction(pressed).await
    });
    let event = socket.hear().await;
    assert_eq!(
        (
            &event["type"],
            &event["retry_attempt"],
            &event["accepts_response_payload"]
        ),
        (&json!("events_api"), &json!(0), &json!(false))
    );
    assert_eq!(event["payload"]["event"]["text"], "hi");
    assert_eq!(
        event["payload"]["authorizations"][0]["team_id"],
        "T0SANDBOX1"
    );
    socket.ack(&event, None).await;
    let command = socket.hear().await;
    assert_eq!(
        (
            &command["type"],
            &command["payload"]["text"],
            &command["accepts_response_payload"]
        ),
        (&json!("slash_commands"), &json!("ping"), &json!(true))
    );
    socket.ack(&command, Some(json!({ "text": "pong" }))).await;
    let pressed = socket.hear().await;
    assert_eq!(
        (&pressed["type"], &pressed["payload"]["type"]),
        (&json!("interactive"), &json!("block_actions"))
    );
    socket.ack(&pressed, None).await;
    assert!(sent.await.unwrap().ok);
    assert_eq!(sandbox.fake.ephemerals()[0].text, "pong");
    assert!(app.received().is_empty());
    assert!(sandbox.fake.attempts().iter().all(|attempt| attempt.socket));

    drop(socket);
    sandbox.connections(0).await;
    sandbox
        .fake
        .send_event(json!({ "type": "team_join" }))
        .await;
    assert_eq!(
        app.received().len(),
        1,
        "without a connection it goes by HTTP"
    );
}

#[tokio::test]
async fn what_is_not_acknowledged_is_sent_again_over_another_connection() {
    let sandbox = sandbox_with(impatient()).await;
    let (mut one, mut two) = (sandbox.socket().await, sandbox.socket().await);
    let fake = sandbox.fake.clone();
    let sent = tokio::spawn(async move { fake.send_event(json!({ "type": "team_join" })).await });
    // Whose turn it is, is not the app's business: the first that hears it stays silent.
    let (first, second) = tokio::select! {
        first = one.hear() => (first, two.hear().await),
        first = two.hear() => (first, one.hear().await),
    };
    assert_eq!(first["payload"]["event_id"], second["payload"]["event_id"]);
    assert_ne!(first["envelope_id"], second["envelope_id"]);
    assert_eq!(
        (&second["retry_attempt"], &second["retry_reason"]),
        (&json!(1), &json!("timeout"))
    );
    // An acknowledgement may come by any connection.
    one.ack(&second, None).await;
    let report = sent.await.unwrap();
    assert_eq!((report.ok, report.attempts.len()), (true, 2));
}

#[tokio::test]
async fn a_broken_connection_does_not_lose_the_envelope() {
    let sandbox = sandbox().await;
    let mut first = sandbox.socket().await;
    let fake = sandbox.fake.clone();
    let mut second = sandbox.socket().await;
    let sent = tokio::spawn(async move { fake.send_event(json!({ "type": "team_join" })).await });
    let (held, other) = tokio::select! {
        _ = first.hear() => (first, second),
        _ = second.hear() => (second, first),
    };
    drop(held);
    let mut other = other;
    let again = other.hear().await;
    assert_eq!(again["retry_reason"], "connection_failed");
    other.ack(&again, None).await;
    assert!(sent.await.unwrap().ok);
}

#[tokio::test]
async fn slack_says_why_it_ends_a_connection_or_it_just_breaks() {
    let sandbox = sandbox().await;
    let mut socket = sandbox.socket().await;
    let warned = sandbox
        .control("socket/disconnect", json!({ "reason": "warning" }))
        .await;
    assert_eq!(warned.status(), 200);
    let heard = socket.hear().await;
    assert_eq!(
        (&heard["type"], &heard["reason"]),
        (&json!("disconnect"), &json!("warning"))
    );
    assert_eq!(sandbox.look("socket").await, json!({ "connections": 1 }));
    let refresh = json!({ "reason": "refresh_requested", "abrupt": false });
    sandbox.control("socket/disconnect", refresh).await;
    assert_eq!(socket.hear().await["reason"], "refresh_requested");
    assert!(matches!(socket.0.next().await, Some(Ok(Message::Close(_)))));
    sandbox.connections(0).await;

    let (mut older, mut newer) = (sandbox.socket().await, sandbox.socket().await);
    let abrupt = Disconnect {
        abrupt: true,
        ..Disconnect::default()
    };
    assert_eq!(sandbox.fake.disconnect_sockets(abrupt), 1);
    assert!(older.0.next().await.is_none_or(|heard| heard.is_err()));
    sandbox.connections(1).await;
    let off = Disconnect {
        reason: DisconnectReason::LinkDisabled,
        all: true,
        ..Disconnect::default()
    };
    sandbox.fake.disconnect_sockets(off);
    assert_eq!(newer.hear().await["reason"], "link_disabled");
    sandbox.connections(0).await;
    let nobody = sandbox.control("socket/disconnect", json!({})).await;
    assert_eq!(nobody.status(), 404);
}
