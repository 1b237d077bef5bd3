//! `GET /link/`: one WebSocket of the app, from its `hello` to its end.

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;

use super::Order;
use crate::fake::FakeSlack;

/// How long Slack says a connection lasts, in seconds.
const LASTS_FOR: u64 = 18_060;

/// Query of a link.
#[derive(Deserialize)]
pub(crate) struct Link {
    #[serde(default)]
    ticket: String,
}

/// `GET /link/`: the ticket is good for one connection.
pub(crate) async fn connect(
    State(fake): State<FakeSlack>,
    Query(link): Query<Link>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !fake.sockets().take_ticket(&link.ticket, fake.now()) {
        return (StatusCode::UNAUTHORIZED, "invalid_ticket").into_response();
    }
    upgrade.on_upgrade(move |socket| serve(fake, socket))
}

async fn serve(fake: FakeSlack, mut socket: WebSocket) {
    let (id, orders) = fake.sockets().join();
    fake.world().revision += 1;
    let hello = json!({
        "type": "hello",
        "num_connections": fake.sockets().count(),
        "debug_info": { "host": "applink-sandbox", "build_number": 1, "approximate_connection_time": LASTS_FOR },
        "connection_info": { "app_id": fake.config().app_id },
    });
    if socket
        .send(Message::Text(hello.to_string().into()))
        .await
        .is_ok()
    {
        converse(&fake, socket, orders).await;
    }
    fake.sockets().leave(id);
    fake.world().revision += 1;
}

/// Passes on what the stand-in says and what the app acknowledges until either side ends it.
async fn converse(
    fake: &FakeSlack,
    mut socket: WebSocket,
    mut orders: mpsc::UnboundedReceiver<Order>,
) {
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Say(text)) => {
                    if socket.send(Message::Text(text.into())).await.is_err() {
                        return;
                    }
                }
                Some(Order::Close) => {
                    // The app may have gone first.
                    let _ = socket.send(Message::Close(None)).await;
                    return;
                }
                Some(Order::Drop) | None => return,
            },
            heard = socket.recv() => match heard {
                Some(Ok(Message::Text(text))) => fake.sockets().ack(&text),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
        }
    }
}
