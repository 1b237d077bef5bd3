//! The queue on SQS standard queues.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName,
};
use tidegate_pipeline::queue::{MAX_BODY, MAX_DELAY, Outgoing, Queue, QueueError, Received};
use tidegate_pipeline::table::hash_text;

use crate::client::{Aws, Patience};

/// The timeouts of ingress. Slack gives up on a request after 3 s.
const INGRESS: Patience = Patience {
    connect: Duration::from_millis(300),
    attempt: Duration::from_millis(800),
    total: Duration::from_secs(2),
    attempts: 2,
};

/// The timeouts of workers, which have at least 15 s.
const WORKER: Patience = Patience {
    connect: Duration::from_millis(500),
    attempt: Duration::from_secs(2),
    total: Duration::from_secs(6),
    attempts: 3,
};

/// The most entries in one `DeleteMessageBatch`, and the most messages in one receive.
const BATCH: usize = 10;

/// The longest wait of a receive, in seconds.
const MAX_WAIT: i32 = 20;

/// The longest time that a message can be hidden, in seconds.
const MAX_HIDE: i32 = 43_200;

/// The longest message group id, in bytes.
const MAX_GROUP: usize = 128;

/// A queue of SQS.
#[derive(Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// Opens the queue at a URL, with the timeouts of a worker.
    pub fn new(aws: &Aws, url: impl Into<String>) -> Self {
        Self::with(aws, url.into(), WORKER)
    }

    /// Opens the queue at a URL, for a sender that has to answer within 2.5 s.
    pub fn for_ingress(aws: &Aws, url: impl Into<String>) -> Self {
        Self::with(aws, url.into(), INGRESS)
    }

    /// Opens another queue with the same client, because making a client takes a large part of a cold start.
    #[must_use]
    pub fn beside(&self, url: impl Into<String>) -> Self {
        Self {
            client: self.client.clone(),
            url: url.into(),
        }
    }

    fn with(aws: &Aws, url: String, patience: Patience) -> Self {
        Self {
            client: Client::new(&aws.config("sqs", patience)),
            url,
        }
    }

    /// Opens the connection. This is best done during init, when Lambda's CPU is not throttled. Even an error response opens it.
    pub async fn warm_up(&self) {
        let call = self.client.get_queue_attributes().queue_url(&self.url);
        if let Err(e) = call
            .attribute_names(QueueAttributeName::QueueArn)
            .send()
            .await
        {
            tracing::debug!(reason = cause(&e), "sqs.warm_up");
        }
    }

    async fn delete_batch(&self, receipts: &[String]) -> Result<(), QueueError> {
        let entries = receipts.iter().enumerate().map(|(n, receipt)| {
            let entry = DeleteMessageBatchRequestEntry::builder()
                .id(n.to_string())
                .receipt_handle(receipt);
            entry
                .build()
                .map_err(|e| QueueError::Refused(e.to_string()))
        });
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let request = self
            .client
            .delete_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries));
        let answer = request.send().await.map_err(|e| failure(&e))?;
        // A sender's fault means that the receipt is no longer current, because another worker has the message now.
        match answer.failed().iter().find(|entry| !entry.sender_fault()) {
            Some(entry) => Err(QueueError::Unavailable(entry.code().to_owned())),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, message: Outgoing) -> Result<(), QueueError> {
        if message.body.len() > MAX_BODY || message.delay > MAX_DELAY {
            return Err(QueueError::Refused(
                "the message is too large or delayed too long".to_owned(),
            ));
        }
        let delay = seconds(message.delay, i32::MAX);
        let request = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_group_id(group_id(message.group))
            .set_delay_seconds((delay > 0).then_some(delay))
            .message_body(message.body);
        request.send().await.map(|_| ()).map_err(|e| failure(&e))
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Received>, QueueError> {
        let wait = seconds(wait, MAX_WAIT);
        let request = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(max.clamp(1, BATCH)).unwrap_or(1))
            .wait_time_seconds(wait)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
        // The response to a long poll takes as long as the poll waits.
        let waiting = Duration::from_secs(u64::from(wait.unsigned_abs()));
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(WORKER.attempt + waiting)
            .operation_timeout(WORKER.total + waiting);
        let longer = aws_sdk_sqs::config::Builder::new().timeout_config(timeouts.build());
        let answer = request
            .customize()
            .config_override(longer)
            .send()
            .await
            .map_err(|e| failure(&e))?;
        answer
            .messages
            .unwrap_or_default()
            .into_iter()
            .map(received)
            .collect()
    }

    async fn delete(&self, receipts: Vec<String>) -> Result<(), QueueError> {
        for batch in receipts.chunks(BATCH) {
            self.delete_batch(batch).await?;
        }
        Ok(())
    }

    async fn hide(&self, receipt: &str, duration: Duration) -> Result<(), QueueError> {
        let request = self
            .client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt);
        let request = request.visibility_timeout(seconds(duration, MAX_HIDE));
        request.send().await.map(|_| ()).map_err(|e| failure(&e))
    }
}

fn received(message: Message) -> Result<Received, QueueError> {
    let receives = message.attributes.as_ref().and_then(|attributes| {
        attributes
            .get(&MessageSystemAttributeName::ApproximateReceiveCount)?
            .parse()
            .ok()
    });
    let (Some(id), Some(receipt)) = (message.message_id, message.receipt_handle) else {
        return Err(QueueError::Unavailable(
            "a message came without id or receipt".to_owned(),
        ));
    };
    Ok(Received {
        id,
        receipt,
        body: message.body.unwrap_or_default(),
        receives: receives.unwrap_or(1),
    })
}

/// Returns whole seconds, rounded up and at most `most`.
fn seconds(duration: Duration, most: i32) -> i32 {
    i32::try_from(duration.as_millis().div_ceil(1000))
        .unwrap_or(most)
        .min(most)
}

/// Returns a group id that SQS accepts: up to 128 letters, digits and punctuation. Any other group is replaced by a hash.
fn group_id(group: String) -> String {
    let fits =
        (1..=MAX_GROUP).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_graphic());
    if fits {
        group
    } else {
        hash_text(group.as_bytes())
    }
}

/// Classifies a failed call. The error has only codes and kinds, because a service may quote the request.
fn failure<E: ProvideErrorMetadata + Error + 'static>(e: &SdkError<E>) -> QueueError {
    let refused = match e {
        SdkError::ConstructionFailure(_) => true,
        SdkError::ServiceError(answer) => {
            let code = answer.err().code().unwrap_or_default();
            let code = code.rsplit(['.', '#']).next().unwrap_or_default();
            REFUSALS.contains(&code)
        }
        _ => false,
    };
    if refused {
        QueueError::Refused(cause(e))
    } else {
        QueueError::Unavailable(cause(e))
    }
}

/// The error codes of invalid requests, which trying again cannot help. A missing queue or permission is not among them, because
/// the message itself is valid.
const REFUSALS: [&str; 8] = [
    "InvalidMessageContents",
    "InvalidParameterValue",
    "InvalidAttributeValue",
    "MissingParameter",
    "MessageNotInflight",
    "ReceiptHandleIsInvalid",
    "UnsupportedOperation",
    "ValidationException",
];

fn cause<E: ProvideErrorMetadata>(e: &SdkError<E>) -> String {
    match e {
        SdkError::ConstructionFailure(_) => "the request could not be built".to_owned(),
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(_) => "no connection".to_owned(),
        SdkError::ResponseError(_) => "the answer could not be read".to_owned(),
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            format!(
                "{} (HTTP {status})",
                answer.err().code().unwrap_or("an error without a code")
            )
        }
        _ => "an unknown error".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_sqs_refuses_get_another_name() {
        assert_eq!(group_id("T123".to_owned()), "T123");
        assert_eq!(group_id("@unreadable".to_owned()), "@unreadable");
        for odd in ["", "a b", "é", "line\n", &"x".repeat(129)] {
            let name = group_id(odd.to_owned());
            assert!(name.len() == 32 && name != odd, "{odd}: {name}");
        }
    }

    #[test]
    fn durations_round_up() {
        for (millis, expected) in [(0, 0), (1, 1), (1000, 1), (1001, 2), (u64::MAX, 900)] {
            assert_eq!(seconds(Duration::from_millis(millis), 900), expected);
        }
    }
}
