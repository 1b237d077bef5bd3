//! The thread that owns the engine. Transactions that have gathered while it was writing and that touch different rows
//! are committed as one, so a burst costs a few fsyncs and not one per event. They were all under way at once, so any
//! order is as good as any other; if the joint one fails, each is tried by itself.

use std::collections::HashSet;
use std::sync::mpsc;

use dynoxide::Database;
use dynoxide::actions::transact_write_items::{TransactWriteItem, TransactWriteItemsRequest};
use dynoxide::errors::DynoxideError;
use tidegate_pipeline::table::{Key, TableError};
use tokio::sync::oneshot;

use super::attributes::error;

/// Writes of one joint transaction at most: DynamoDB's own limit.
const MOST_WRITES: usize = 100;

/// Requests taken from the inbox at once.
const GROUP: usize = 256;

/// A transaction as DynamoDB's `TransactWriteItems` takes it.
pub(super) struct Transaction {
    /// The rows it touches.
    pub(super) keys: Vec<Key>,
    /// The writes, which all take effect or none does.
    pub(super) items: Vec<TransactWriteItem>,
}

type Call = Box<dyn FnOnce(&Database) + Send>;
type Reply = oneshot::Sender<Result<(), TableError>>;

enum Request {
    Call(Call),
    Transact(Transaction, Reply),
}

/// A handle on the thread.
#[derive(Clone)]
pub(super) struct TableThread(mpsc::Sender<Request>);

impl TableThread {
    pub(super) fn start(database: Database) -> std::io::Result<Self> {
        let (requests, inbox) = mpsc::channel();
        std::thread::Builder::new()
            .name("table".to_owned())
            .spawn(move || serve(&database, &inbox))?;
        Ok(Self(requests))
    }

    /// Runs a call on the engine.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Database) -> Result<T, DynoxideError> + Send + 'static,
    ) -> Result<T, TableError> {
        let (reply, answer) = oneshot::channel();
        let call: Call = Box::new(move |database| {
            // The caller may have gone away.
            let _ = reply.send(call(database).map_err(error));
        });
        self.send(Request::Call(call))?;
        answer.await.map_err(|_| stopped())?
    }

    /// Commits a transaction, perhaps together with others.
    pub(super) async fn transact(&self, transaction: Transaction) -> Result<(), TableError> {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Transact(transaction, reply))?;
        answer.await.map_err(|_| stopped())?
    }

    fn send(&self, request: Request) -> Result<(), TableError> {
        self.0
            .send(request)
            .map_err(|_| TableError::Busy("the table's thread has stopped".to_owned()))
    }
}

/// The thread ended with the request in its hands.
fn stopped() -> TableError {
    TableError::Unknown("the table's thread has stopped".to_owned())
}

/// Serves requests until every handle is gone.
fn serve(database: &Database, inbox: &mpsc::Receiver<Request>) {
    while let Ok(first) = inbox.recv() {
        let mut joint: Vec<(Transaction, Reply)> = Vec::new();
        let mut touched = HashSet::new();
        let mut writes = 0;
        for request in std::iter::once(first).chain(inbox.try_iter().take(GROUP)) {
            match request {
                Request::Call(call) => call(database),
                Request::Transact(transaction, reply) => {
                    let apart = transaction.keys.iter().all(|key| !touched.contains(key));
                    if !apart || writes + transaction.items.len() > MOST_WRITES {
                        commit(database, std::mem::take(&mut joint));
                        touched.clear();
                        writes = 0;
                    }
                    touched.extend(transaction.keys.iter().cloned());
                    writes += transaction.items.len();
                    joint.push((transaction, reply));
                }
            }
        }
        commit(database, joint);
    }
}

fn commit(database: &Database, joint: Vec<(Transaction, Reply)>) {
    if joint.len() > 1 {
        let items = joint
            .iter()
            .flat_map(|(transaction, _)| transaction.items.iter().cloned())
            .collect();
        if write(database, items).is_ok() {
            for (_, reply) in joint {
                let _ = reply.send(Ok(()));
            }
            return;
        }
    }
    for (transaction, reply) in joint {
        let _ = reply.send(write(database, transaction.items).map_err(error));
    }
}

fn write(database: &Database, items: Vec<TransactWriteItem>) -> Result<(), DynoxideError> {
    let request = TransactWriteItemsRequest {
        transact_items: items,
        ..TransactWriteItemsRequest::default()
    };
    database.transact_write_items(request).map(|_| ())
}
