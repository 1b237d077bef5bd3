//! The controls under `/_fake/socket`: ending connections as Slack does, or as a network does.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Order;
use crate::fake::FakeSlack;

/// Why Slack ends a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisconnectReason {
    /// It will end soon; nothing happens yet.
    Warning,
    /// It has lasted long enough.
    #[default]
    RefreshRequested,
    /// Socket Mode was switched off.
    LinkDisabled,
}

/// Which connections end, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Disconnect {
    /// The reason that the app is given.
    pub reason: DisconnectReason,
    /// Whether the connection just breaks, and the app is told nothing.
    pub abrupt: bool,
    /// All connections; only the oldest when false.
    pub all: bool,
}

impl FakeSlack {
    /// Ends connections; tells how many.
    pub fn disconnect_sockets(&self, how: Disconnect) -> usize {
        let reason = how.reason;
        let message = json!({ "type": "disconnect", "reason": reason, "debug_info": { "host": "applink-sandbox" } });
        self.sockets().order(how.all, || {
            let say = Order::Say(message.to_string());
            match reason {
                _ if how.abrupt => vec![Order::Drop],
                DisconnectReason::Warning => vec![say],
                _ => vec![say, Order::Close],
            }
        })
    }

    /// How many connections of Socket Mode the app has open.
    #[must_use]
    pub fn socket_connections(&self) -> usize {
        self.sockets().count()
    }
}

/// `POST /_fake/socket/disconnect`: ends connections in the given way.
pub(crate) async fn disconnect(
    State(fake): State<FakeSlack>,
    Json(how): Json<Disconnect>,
) -> (StatusCode, Json<Value>) {
    let told = fake.disconnect_sockets(how);
    let status = if told == 0 {
        StatusCode::NOT_FOUND
    } else {
        StatusCode::OK
    };
    (status, Json(json!({ "disconnected": told })))
}

/// `GET /_fake/socket`: the open connections.
pub(crate) async fn look(State(fake): State<FakeSlack>) -> Json<Value> {
    Json(json!({ "connections": fake.socket_connections() }))
}
