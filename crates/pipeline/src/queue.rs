//! The seam for queues, in the terms of SQS standard queues: at least once, unordered, hidden while in work,
//! moved to a dead-letter queue after too many receives.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

/// Longest delay SQS grants a message.
pub const MAX_DELAY: Duration = Duration::from_mins(15);

/// Bytes that a message body may have.
pub const MAX_BODY: usize = 1024 * 1024;

/// A message on its way in.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Whose message it is: fair queues keep one noisy group from starving the rest.
    pub group: String,
    /// The body, at most [`MAX_BODY`] bytes.
    pub body: String,
    /// How long it stays hidden at first, at most [`MAX_DELAY`].
    pub delay: Duration,
}

/// A message on its way out.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    /// The queue's id of the message.
    pub id: String,
    /// Stands for this one receive: needed to delete or hide the message.
    pub receipt: String,
    /// The body as it was sent.
    pub body: String,
    /// How often it has been received, this time included.
    pub receives: u32,
}

// A body holds what people wrote and where they are answered, so neither shows it.

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, body, delay } = self;
        let bytes = body.len();
        write!(f, "Outgoing({bytes} bytes of {group}, delay {delay:?})")
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.body.len();
        write!(
            f,
            "Received({} as {}, {bytes} bytes, receive {})",
            self.id, self.receipt, self.receives
        )
    }
}

/// Why the queue did not do it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QueueError {
    /// It did not answer, or not in time, or said that it is busy.
    #[error("the queue is unavailable: {0}")]
    Unavailable(String),
    /// It will never take this request.
    #[error("the queue refused: {0}")]
    Refused(String),
}

/// One queue.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Takes a message; on `Ok` it is durable.
    async fn send(&self, message: Outgoing) -> Result<(), QueueError>;

    /// Up to `max` messages (at most 10), waiting up to `wait` for the first. Each is hidden from others for the
    /// queue's visibility timeout.
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, QueueError>;

    /// Deletes what has been worked off. A receipt that is no longer current is ignored.
    async fn delete(&self, receipts: Vec<String>) -> Result<(), QueueError>;

    /// Hides a message for that long from now; zero shows it at once.
    async fn hide(&self, receipt: &str, duration: Duration) -> Result<(), QueueError>;
}
