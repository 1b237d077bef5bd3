//! Socket Mode: who is connected, and which envelope waits for whose acknowledgement.

pub(crate) mod control;
pub(crate) mod envelope;
pub(crate) mod link;
pub(crate) mod open;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

/// An order to a connection's task.
pub(crate) enum Order {
    /// Send this text as one message.
    Say(String),
    /// Close in good order.
    Close,
    /// Let the connection break.
    Drop,
}

/// One WebSocket of the app.
struct Connection {
    id: u64,
    orders: mpsc::UnboundedSender<Order>,
}

/// An envelope on its way.
struct Pending {
    connection: u64,
    acked: oneshot::Sender<Value>,
}

#[derive(Default)]
struct Inner {
    /// When each was made, until it is used.
    tickets: HashMap<String, Duration>,
    /// The open connections, oldest first.
    connections: Vec<Connection>,
    pending: HashMap<String, Pending>,
    last_id: u64,
    turn: usize,
}

/// The app's connections; kept apart from the world, since they are no part of Slack's data.
#[derive(Default)]
pub(crate) struct Sockets(Mutex<Inner>);

/// How long a ticket waits to be used.
const TICKET_LIFETIME: Duration = Duration::from_secs(30);

impl Sockets {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add_ticket(&self, ticket: String, now: Duration) {
        self.inner().tickets.insert(ticket, now);
    }

    /// Whether the ticket is good; it is used up.
    fn take_ticket(&self, ticket: &str, now: Duration) -> bool {
        let made_at = self.inner().tickets.remove(ticket);
        made_at.is_some_and(|at| now.saturating_sub(at) < TICKET_LIFETIME)
    }

    /// How many connections there are.
    pub(crate) fn count(&self) -> usize {
        self.inner().connections.len()
    }

    fn join(&self) -> (u64, mpsc::UnboundedReceiver<Order>) {
        let (orders, receiver) = mpsc::unbounded_channel();
        let mut inner = self.inner();
        inner.last_id += 1;
        let id = inner.last_id;
        inner.connections.push(Connection { id, orders });
        (id, receiver)
    }

    /// Forgets a connection; who waits for an acknowledgement from it waits no longer.
    fn leave(&self, id: u64) {
        let mut inner = self.inner();
        inner.connections.retain(|connection| connection.id != id);
        inner.pending.retain(|_, pending| pending.connection != id);
    }

    /// The connection whose turn it is, but not this one unless it is the only one.
    fn pick(&self, not: Option<u64>) -> Option<u64> {
        let mut inner = self.inner();
        let mut ids: Vec<u64> = inner.connections.iter().map(|one| one.id).collect();
        if ids.len() > 1 {
            ids.retain(|id| Some(*id) != not);
        }
        inner.turn = inner.turn.wrapping_add(1);
        ids.get(inner.turn % ids.len().max(1)).copied()
    }

    /// Sends an envelope, and gives what resolves with its acknowledgement or fails with the connection.
    fn send(&self, id: u64, envelope_id: &str, text: String) -> Option<oneshot::Receiver<Value>> {
        let mut inner = self.inner();
        let connection = inner.connections.iter().find(|one| one.id == id)?;
        connection.orders.send(Order::Say(text)).ok()?;
        let (acked, receiver) = oneshot::channel();
        let pending = Pending {
            connection: id,
            acked,
        };
        inner.pending.insert(envelope_id.to_owned(), pending);
        Some(receiver)
    }

    /// Takes an acknowledgement, which may come by another connection than the envelope went.
    fn ack(&self, text: &str) {
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            return;
        };
        let id = message.get("envelope_id").and_then(Value::as_str);
        let pending = id.and_then(|id| self.inner().pending.remove(id));
        if let Some(pending) = pending {
            let payload = message.get("payload").cloned().unwrap_or_default();
            // Nobody listens any more where it came too late.
            let _ = pending.acked.send(payload);
        }
    }

    fn give_up(&self, envelope_id: &str) {
        self.inner().pending.remove(envelope_id);
    }

    /// Gives orders to the oldest connection or to all; tells to how many.
    fn order(&self, all: bool, orders: impl Fn() -> Vec<Order>) -> usize {
        let inner = self.inner();
        let told = if all { inner.connections.len() } else { 1 };
        let told = inner.connections.iter().take(told);
        told.map(|connection| {
            for order in orders() {
                // One that has just gone needs no orders.
                let _ = connection.orders.send(order);
            }
        })
        .count()
    }
}
