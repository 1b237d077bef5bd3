//! The envelope of a queue message. It has a version and the same fields for every kind of job. The body is opaque here; the
//! domain that owns the kind parses it.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;
use tidegate_slack::ids::TenantId;

use crate::clock::Timestamp;
use crate::queue::MAX_BODY;

/// The version of the envelope that this build writes, and the newest that it reads.
pub const VERSION: u32 = 1;

/// The bytes reserved for the fields around the body, so that an envelope stays under the queue's limit.
const ENVELOPE_ROOM: usize = 8 * 1024;

/// The kinds of jobs that the pipeline itself handles. Domains have more kinds, each with the domain's prefix and a dot.
pub mod kind {
    /// A request to `/slack/events`.
    pub const SLACK_EVENT: &str = "slack.event";
    /// A request to `/slack/commands`.
    pub const SLACK_COMMAND: &str = "slack.command";
    /// A request to `/slack/interactions`.
    pub const SLACK_INTERACTION: &str = "slack.interaction";
    /// One domain's share of an event, which is done later than the shares of the other domains.
    pub const SHARE: &str = "event.share";
    /// A wake-up for a lane in which posts wait.
    pub const DELIVERY_WAKE: &str = "delivery.wake";
}

/// The content of a queue message.
#[derive(Clone, PartialEq, Eq)]
pub struct Job {
    /// The kind, such as `slack.event`; see [`kind`].
    pub kind: String,
    /// The id that the ledger claims: Slack's event id, or a hash of the request's timestamp and signature.
    pub id: String,
    /// The workspace that the job belongs to.
    pub tenant: TenantId,
    /// The time when ingress accepted it.
    pub received_at: Timestamp,
    /// The time when Slack signed it, to the second.
    pub signed_at: Timestamp,
    /// Slack's retry headers, which are only recorded. `None` for a first delivery.
    pub retry: Option<Retry>,
    /// The raw body of the request.
    pub body: Vec<u8>,
}

/// Leaves out the body, which holds what people wrote and the URLs that answer them.
impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .field("tenant", &self.tenant)
            .field("received_at", &self.received_at)
            .field("signed_at", &self.signed_at)
            .field("retry", &self.retry)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// The retry headers of a repeated delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// The number of the retry, from 1 to 3.
    pub num: u32,
    /// The reason that Slack gives, such as `http_timeout` or `http_error`.
    #[serde(default)]
    pub reason: String,
}

/// The reason why this build cannot read a queue message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// A newer build wrote it, so a newer worker must take it. Holds the version.
    #[error("the envelope has version {0}, this worker reads up to {VERSION}")]
    Newer(u32),
    /// The message is not an envelope.
    #[error("the message is no job envelope")]
    Unreadable,
}

#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    v: u32,
    kind: &'a str,
    id: std::borrow::Cow<'a, str>,
    tenant: TenantId,
    received_at: i64,
    #[serde(default)]
    signed_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry: Option<Retry>,
    /// The body as text. If absent, `base64` holds its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    text: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

impl Job {
    /// Serializes the job into a queue message. The body becomes text, or base64 if the escaped text would exceed the queue's
    /// limit or has characters that SQS rejects.
    pub fn encode(&self) -> Result<String, serde_json::Error> {
        let text = self.body_as_json_text();
        let base64 = text.is_none().then(|| BASE64_STANDARD.encode(&self.body));
        serde_json::to_string(&Wire {
            v: VERSION,
            kind: &self.kind,
            id: self.id.as_str().into(),
            tenant: self.tenant.clone(),
            received_at: self.received_at.millis(),
            signed_at: self.signed_at.millis(),
            retry: self.retry.clone(),
            text: text.as_deref(),
            base64,
        })
    }

    /// Parses a queue message.
    pub fn decode(message: &str) -> Result<Self, DecodeError> {
        let version: Version =
            serde_json::from_str(message).map_err(|_| DecodeError::Unreadable)?;
        if version.v > VERSION {
            return Err(DecodeError::Newer(version.v));
        }
        let wire: Wire<'_> = serde_json::from_str(message).map_err(|_| DecodeError::Unreadable)?;
        let body = match (wire.text, wire.base64) {
            (Some(text), _) => serde_json::from_str::<String>(text.get())
                .ok()
                .map(String::into_bytes),
            (None, Some(base64)) => BASE64_STANDARD.decode(base64).ok(),
            (None, None) => None,
        };
        Ok(Self {
            kind: wire.kind.to_owned(),
            id: wire.id.into_owned(),
            tenant: wire.tenant,
            received_at: Timestamp(wire.received_at),
            signed_at: Timestamp(wire.signed_at),
            retry: wire.retry,
            body: body.ok_or(DecodeError::Unreadable)?,
        })
    }

    fn body_as_json_text(&self) -> Option<Box<RawValue>> {
        let text = std::str::from_utf8(&self.body).ok()?;
        // SQS accepts only the characters of XML 1.0. JSON escapes the control characters, but not these two. Both begin with
        // the byte 0xEF, which is rare and can be found without decoding the text.
        if self.body.contains(&0xef) && text.contains(['\u{fffe}', '\u{ffff}']) {
            return None;
        }
        let json = serde_json::value::to_raw_value(text).ok()?;
        (json.get().len() + ENVELOPE_ROOM <= MAX_BODY).then_some(json)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn job(body: Vec<u8>) -> Job {
        Job {
            kind: kind::SLACK_EVENT.to_owned(),
            id: "Ev1".to_owned(),
            tenant: "T1".into(),
            received_at: Timestamp(1_700_000_000_123),
            signed_at: Timestamp(1_700_000_000_000),
            retry: Some(Retry {
                num: 1,
                reason: "http_timeout".to_owned(),
            }),
            body,
        }
    }

    proptest! {
        #[test]
        fn any_bytes_travel_unchanged(body in prop::collection::vec(any::<u8>(), 0..300), id in ".{0,20}") {
            let mut job = job(body);
            job.id = id;
            prop_assert_eq!(Job::decode(&job.encode().unwrap()), Ok(job));
        }

        #[test]
        fn any_text_travels_unchanged(body in ".{0,300}") {
            let job = job(body.into_bytes());
            prop_assert_eq!(Job::decode(&job.encode().unwrap()), Ok(job));
        }

        #[test]
        fn any_message_is_decoded_or_refused(message in ".{0,200}") {
            let _ = Job::decode(&message);
        }
    }

    #[test]
    fn the_largest_body_fits_the_queue_however_it_is_written() {
        for byte in [b'"', b'a', 0, 0xff] {
            let message = job(vec![byte; 700 * 1024]).encode().unwrap();
            assert!(message.len() < MAX_BODY, "{byte}: {}", message.len());
        }
    }

    #[test]
    fn characters_that_the_queue_refuses_never_reach_it() {
        let message = job("a\u{fffe}b\u{0}\u{ffff}".into()).encode().unwrap();
        assert!(
            message
                .chars()
                .all(|c| c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}')
        );
    }

    #[test]
    fn an_envelope_of_version_1_stays_readable() {
        let old = r#"{"v":1,"kind":"slack.event","id":"Ev1","tenant":"T1","received_at":5,"text":"{}","more":1}"#;
        let job = Job::decode(old).unwrap();
        assert_eq!(
            (job.id.as_str(), job.body.as_slice()),
            ("Ev1", b"{}".as_slice())
        );
    }

    #[test]
    fn an_envelope_of_a_newer_version_is_left_to_a_newer_worker() {
        assert_eq!(
            Job::decode(r#"{"v":999,"anything":[]}"#),
            Err(DecodeError::Newer(999))
        );
        assert_eq!(Job::decode("garbage"), Err(DecodeError::Unreadable));
    }
}
