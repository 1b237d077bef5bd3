//! The seam for queues, with the rules of SQS standard queues: delivery at least once and in any order, hidden during work,
//! and moved to a dead-letter queue after too many receives.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

/// The longest delay of a message in SQS.
pub const MAX_DELAY: Duration = Duration::from_mins(15);

/// The most bytes in a message body.
pub const MAX_BODY: usize = 1024 * 1024;

/// A message to send.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The group: the tenant, or for a wake-up [`crate::outbox::Lane::group`]. Queues are fair: one busy group does not delay the
    /// others.
    pub group: String,
    /// The body, at most [`MAX_BODY`] bytes.
    pub body: String,
    /// How long the message stays hidden after it is sent, at most [`MAX_DELAY`].
    pub delay: Duration,
}

/// A message that was received.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    /// The queue's id of the message.
    pub id: String,
    /// The handle of this receive, which is needed to delete or hide the message.
    pub receipt: String,
    /// The body as it was sent.
    pub body: String,
    /// The number of receives, including this one.
    pub receives: u32,
}

// A body holds what people wrote and the URLs that answer them, so neither `Debug` output shows it.

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

/// The reason why a queue failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QueueError {
    /// The queue did not answer in time, or said that it is busy. Trying again can help.
    #[error("the queue is unavailable: {0}")]
    Unavailable(String),
    /// The queue rejected the request. Trying again cannot help.
    #[error("the queue refused: {0}")]
    Refused(String),
}

/// A queue of messages.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Sends a message. On `Ok`, it is durable.
    async fn send(&self, message: Outgoing) -> Result<(), QueueError>;

    /// Receives up to `max` messages (at most 10) and waits up to `wait` for the first. Each is hidden from others for the
    /// visibility timeout of the queue.
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, QueueError>;

    /// Deletes messages that are done. A receipt that is no longer current is ignored.
    async fn delete(&self, receipts: Vec<String>) -> Result<(), QueueError>;

    /// Hides a message for the given time from now. Zero shows it at once.
    async fn hide(&self, receipt: &str, duration: Duration) -> Result<(), QueueError>;
}
