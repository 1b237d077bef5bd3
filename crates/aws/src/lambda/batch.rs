//! Parses the event of an SQS trigger, and makes the response that names the messages to try again.

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use serde::Serialize;
use thiserror::Error;
use tidegate_pipeline::queue::Received;

/// The response to Lambda. Lambda deletes every message of the batch that is not named here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    batch_item_failures: Vec<BatchItemFailure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchItemFailure {
    item_identifier: String,
}

impl BatchResponse {
    /// Makes the response that names these messages.
    pub fn failed(ids: impl IntoIterator<Item = String>) -> Self {
        let failures = ids
            .into_iter()
            .map(|item_identifier| BatchItemFailure { item_identifier });
        Self {
            batch_item_failures: failures.collect(),
        }
    }
}

/// The error for an event of a wrong trigger. It quotes nothing of the event.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EventError {
    /// The event is not a batch of SQS messages.
    #[error("the event is no batch of SQS messages (line {line}, column {column})")]
    NoBatch {
        /// The line at which parsing failed.
        line: usize,
        /// The column at which parsing failed.
        column: usize,
    },
    /// A record lacks a field that every SQS message has.
    #[error("a record of the batch has no `{0}`")]
    Incomplete(&'static str),
}

/// Parses the event of an SQS trigger.
pub fn read_batch(event: &str) -> Result<Vec<Received>, EventError> {
    let event: SqsEvent = serde_json::from_str(event).map_err(|e| EventError::NoBatch {
        line: e.line(),
        column: e.column(),
    })?;
    event.records.into_iter().map(received).collect()
}

fn received(message: SqsMessage) -> Result<Received, EventError> {
    let receives = message
        .attributes
        .get("ApproximateReceiveCount")
        .and_then(|n| n.parse().ok());
    Ok(Received {
        id: message
            .message_id
            .ok_or(EventError::Incomplete("messageId"))?,
        receipt: message
            .receipt_handle
            .ok_or(EventError::Incomplete("receiptHandle"))?,
        body: message.body.unwrap_or_default(),
        receives: receives.unwrap_or(1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read() {
        let event = r#"{"Records": [{
            "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
            "body": "{\"v\":1,\"text\":\"é 🌊\"}",
            "attributes": {
                "ApproximateReceiveCount": "3",
                "SentTimestamp": "1545082649183",
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "MessageGroupId": "T0001",
                "ApproximateFirstReceiveTimestamp": "1545082649185"
            },
            "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:events",
            "awsRegion": "us-east-1"
        }]}"#;
        let expected = Received {
            id: "059f36b4-87a3-44ab-83d2-661975830a7d".to_owned(),
            receipt: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...".to_owned(),
            body: "{\"v\":1,\"text\":\"é 🌊\"}".to_owned(),
            receives: 3,
        };
        assert_eq!(read_batch(event), Ok(vec![expected]));
    }

    #[test]
    fn another_event_is_refused_without_being_quoted() {
        let event = r#"{"Records": "a secret text"}"#;
        let e = read_batch(event).unwrap_err();
        assert_eq!(
            e.to_string(),
            "the event is no batch of SQS messages (line 1, column 27)"
        );
        let incomplete =
            r#"{"Records": [{"messageId": "1", "attributes": {}, "messageAttributes": {}}]}"#;
        assert_eq!(
            read_batch(incomplete),
            Err(EventError::Incomplete("receiptHandle"))
        );
    }

    #[test]
    fn the_response_names_the_failures() {
        let answer = |response: &BatchResponse| serde_json::to_string(response).unwrap();
        let two = BatchResponse::failed(["id2".to_owned(), "id4".to_owned()]);
        insta::assert_snapshot!(
            answer(&two),
            @r#"{"batchItemFailures":[{"itemIdentifier":"id2"},{"itemIdentifier":"id4"}]}"#
        );
        insta::assert_snapshot!(answer(&BatchResponse::default()), @r#"{"batchItemFailures":[]}"#);
    }
}
