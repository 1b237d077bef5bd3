//! The queues on a laptop: SQS standard queues on SQLite, in one file. A message is on disk before `send` returns.
//!
//! One thread owns the connection. It takes every request that has gathered while it was writing and commits them
//! together, so a burst costs one fsync and not one per event.

mod store;
mod turns;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use async_trait::async_trait;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::queue::{MAX_BODY, MAX_DELAY, Outgoing, Queue, QueueError, Received};
use tokio::sync::{Notify, oneshot};

use self::store::Store;

/// Requests that one commit takes at most.
const GROUP: usize = 512;

/// How long a receiver waits before it looks again for messages whose delay or visibility has run out.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Settings of one queue.
#[derive(Debug, Clone, Copy)]
pub struct QueueSettings {
    /// Its name within the file.
    pub name: &'static str,
    /// How long a received message stays hidden.
    pub visibility: Duration,
    /// Receives after which a message moves to `dead_letters`.
    pub max_receives: u32,
    /// Name of the dead-letter queue; `None` for a dead-letter queue itself.
    pub dead_letters: Option<&'static str>,
}

/// The file that holds all queues of a process.
#[derive(Clone)]
pub struct QueueFile {
    requests: mpsc::Sender<Request>,
    clock: Arc<dyn Clock>,
}

/// One queue of the file.
pub struct EmbeddedQueue {
    file: QueueFile,
    settings: QueueSettings,
    arrived: Arc<Notify>,
}

enum Request {
    Send(QueueSettings, Outgoing, Arc<Notify>, Reply<()>),
    Receive(QueueSettings, usize, Reply<Vec<Received>>),
    Delete(Vec<String>, Reply<()>),
    Hide(String, Duration, Reply<()>),
    Depth(&'static str, Reply<u64>),
}

type Reply<T> = oneshot::Sender<Result<T, QueueError>>;

impl QueueFile {
    /// Opens the queues in a file, or makes it.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        Self::start(Store::open(path)?, clock)
    }

    /// Queues in memory, for tests.
    pub fn in_memory(clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        Self::start(Store::in_memory()?, clock)
    }

    fn start(store: Store, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let (requests, inbox) = mpsc::channel();
        let now = Arc::clone(&clock);
        std::thread::Builder::new()
            .name("queue".to_owned())
            .spawn(move || serve(store, &inbox, &*now))?;
        Ok(Self { requests, clock })
    }

    /// One queue of the file.
    pub fn queue(&self, settings: QueueSettings) -> EmbeddedQueue {
        EmbeddedQueue {
            file: self.clone(),
            settings,
            arrived: Arc::new(Notify::new()),
        }
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, QueueError> {
        let gone = || QueueError::Unavailable("the queue's thread has stopped".to_owned());
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

impl EmbeddedQueue {
    /// How many messages the queue holds, hidden ones included.
    pub async fn depth(&self) -> Result<u64, QueueError> {
        self.file
            .ask(|reply| Request::Depth(self.settings.name, reply))
            .await
    }
}

#[async_trait]
impl Queue for EmbeddedQueue {
    async fn send(&self, message: Outgoing) -> Result<(), QueueError> {
        if message.body.len() > MAX_BODY || message.delay > MAX_DELAY {
            return Err(QueueError::Refused(
                "the message is too large or delayed too long".to_owned(),
            ));
        }
        let arrived = Arc::clone(&self.arrived);
        self.file
            .ask(|reply| Request::Send(self.settings, message, arrived, reply))
            .await
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, QueueError> {
        let until = self.file.clock.now().plus(wait);
        loop {
            // Enlisted before looking, so that a message that arrives in between is noticed.
            let arrived = self.arrived.notified();
            let messages = self
                .file
                .ask(|reply| Request::Receive(self.settings, max.min(10), reply))
                .await?;
            let left = until.since(self.file.clock.now());
            if !messages.is_empty() || left.is_zero() {
                return Ok(messages);
            }
            tokio::select! {
                () = arrived => {}
                () = self.file.clock.sleep(left.min(LOOK_AGAIN)) => {}
            }
        }
    }

    async fn delete(&self, receipts: Vec<String>) -> Result<(), QueueError> {
        self.file
            .ask(|reply| Request::Delete(receipts, reply))
            .await
    }

    async fn hide(&self, receipt: &str, duration: Duration) -> Result<(), QueueError> {
        let receipt = receipt.to_owned();
        let hidden = self
            .file
            .ask(|reply| Request::Hide(receipt, duration, reply))
            .await;
        if duration.is_zero() {
            self.arrived.notify_waiters();
        }
        hidden
    }
}

/// Serves requests until every handle is gone.
fn serve(mut store: Store, inbox: &mpsc::Receiver<Request>, clock: &dyn Clock) {
    while let Ok(first) = inbox.recv() {
        let group: Vec<Request> = std::iter::once(first)
            .chain(inbox.try_iter().take(GROUP))
            .collect();
        store.commit(group, clock.now());
    }
}
