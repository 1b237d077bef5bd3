//! A queue that does what SQS standard queues may do: deliver twice and at the same time, in any order, forget a
//! delete, refuse a send, and refuse one that it took.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use async_trait::async_trait;
use tidegate_pipeline::queue::{Outgoing, Queue, QueueError, Received};

use crate::chance::Chance;

/// How often out of a thousand calls something goes wrong.
#[derive(Clone, Copy, Default)]
pub(crate) struct Rates {
    /// A send fails; half of these were taken all the same.
    pub(crate) send_fails: usize,
    /// A message is taken twice.
    pub(crate) duplicated: usize,
    /// A received message is shown again at once, while it is in work.
    pub(crate) shown_again: usize,
    /// A message arrives some seconds late, behind others.
    pub(crate) late: usize,
    /// A delete or a change of visibility is not done.
    pub(crate) forgotten: usize,
    /// A message is taken and never seen again: no queue does that, but a sender may die before it sends.
    pub(crate) lost: usize,
}

/// A queue that delays, repeats, forgets and loses messages at the given rates.
pub(crate) struct FaultyQueue {
    inner: Arc<dyn Queue>,
    chance: Chance,
    rates: Rates,
    /// Whether tokio's paused clock must not run ahead of a call.
    holds_time: AtomicBool,
}

impl FaultyQueue {
    pub(crate) fn new(inner: Arc<dyn Queue>, seed: u64, rates: Rates) -> Self {
        Self {
            inner,
            chance: Chance::new(seed),
            rates,
            holds_time: AtomicBool::new(false),
        }
    }

    /// Keeps tokio's paused clock from running ahead of the queue's own thread: it stands while a blocking task runs.
    pub(crate) fn hold_time(&self) {
        self.holds_time.store(true, Ordering::Relaxed);
    }

    pub(crate) fn holds_time(&self) -> bool {
        self.holds_time.load(Ordering::Relaxed)
    }

    /// While this is held, so is the clock.
    fn held(&self) -> Option<mpsc::Sender<()>> {
        self.holds_time().then(|| {
            let (running, ended) = mpsc::channel();
            tokio::task::spawn_blocking(move || ended.recv());
            running
        })
    }

    fn happens(&self, what: &str, body: &str, times: usize) -> bool {
        self.chance.per_mille(&format!("{what} {body}"), times)
    }
}

#[async_trait]
impl Queue for FaultyQueue {
    async fn send(&self, mut message: Outgoing) -> Result<(), QueueError> {
        let _held = self.held();
        let body = message.body.clone();
        if self.happens("lost", &body, self.rates.lost) {
            return Ok(());
        }
        if self.happens("late", &body, self.rates.late) {
            let seconds = 1 + self.chance.number(&body) % 8;
            message.delay = message.delay.max(Duration::from_secs(seconds));
        }
        if self.happens("duplicated", &body, self.rates.duplicated) {
            self.inner.send(message.clone()).await?;
        }
        if self.happens("send fails", &body, self.rates.send_fails) {
            if self.happens("taken all the same", &body, 500) {
                self.inner.send(message).await?;
            }
            return Err(QueueError::Unavailable("a test says so".to_owned()));
        }
        self.inner.send(message).await
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, QueueError> {
        let _held = self.held();
        let mut messages = self.inner.receive(max, wait).await?;
        self.chance.shuffle("order", &mut messages);
        for message in &messages {
            if self.happens("shown again", &message.body, self.rates.shown_again) {
                self.inner.hide(&message.receipt, Duration::ZERO).await?;
            }
        }
        Ok(messages)
    }

    async fn delete(&self, receipts: Vec<String>) -> Result<(), QueueError> {
        let _held = self.held();
        let kept = receipts
            .into_iter()
            .filter(|receipt| !self.happens("delete", receipt, self.rates.forgotten));
        self.inner.delete(kept.collect()).await
    }

    async fn hide(&self, receipt: &str, duration: Duration) -> Result<(), QueueError> {
        let _held = self.held();
        if self.happens("hide", receipt, self.rates.forgotten) {
            return Err(QueueError::Unavailable("a test says so".to_owned()));
        }
        self.inner.hide(receipt, duration).await
    }
}
