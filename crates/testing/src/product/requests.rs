//! Requests as Slack makes them: signed, with ids of their own.

use std::sync::atomic::{AtomicU64, Ordering};

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use serde_json::{Value, json};
use tidegate_slack::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};

use super::now;

/// Signs what the tests send.
pub const SIGNING_SECRET: &str = "signing-secret-of-the-tests";

/// The tenant of events that do not say otherwise.
pub const TENANT: &str = "T0TESTS0001";

/// Slack's content type for commands and interactions.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// Headers that say the content type and nothing else.
pub fn content_type(value: &str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())])
}

/// Headers of a request that Slack signs now.
pub fn signed(content_type: &str, body: &[u8]) -> HeaderMap {
    signed_at(now(), content_type, body)
}

/// Headers of a request that Slack signed at that Unix second.
pub fn signed_at(second: i64, content_type: &str, body: &[u8]) -> HeaderMap {
    let signature = sign(&SecretString::from(SIGNING_SECRET), second, body).unwrap();
    let value = |text: &str| HeaderValue::from_str(text).unwrap();
    HeaderMap::from_iter([
        (CONTENT_TYPE, value(content_type)),
        (
            HeaderName::from_static(TIMESTAMP_HEADER),
            value(&second.to_string()),
        ),
        (HeaderName::from_static(SIGNATURE_HEADER), value(&signature)),
    ])
}

/// Fields as Slack sends commands and interactions.
pub fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
        .into_bytes()
}

/// An event's envelope around `event`, with an id of its own, for [`TENANT`].
pub fn envelope(event: &Value) -> Value {
    json!({
        "type": "event_callback", "token": "retired", "team_id": TENANT, "api_app_id": "A0TESTS0001",
        "event": event, "event_id": unique("Ev"), "event_time": now(),
        "authorizations": [{"team_id": TENANT, "enterprise_id": null, "user_id": "U0TIDEGATE1",
            "is_bot": true, "is_enterprise_install": false}],
    })
}

/// A message posted now in `channel`, in its envelope.
pub fn message(channel: &str, text: &str) -> Value {
    said("message", channel, text)
}

/// A mention of the bot posted now in `channel`, in its envelope.
pub fn mention(channel: &str, text: &str) -> Value {
    said("app_mention", channel, text)
}

fn said(kind: &str, channel: &str, text: &str) -> Value {
    let ts = unique_ts();
    envelope(
        &json!({"type": kind, "channel": channel, "user": "U0ALICE0001", "text": text,
        "ts": ts, "event_ts": ts}),
    )
}

/// The event id of an envelope.
pub fn id(event: &Value) -> &str {
    event["event_id"].as_str().unwrap()
}

static COUNTER: AtomicU64 = AtomicU64::new(1);

/// A text that begins so and that no other call of this process gets.
pub fn unique(prefix: &str) -> String {
    format!("{prefix}{:08}", COUNTER.fetch_add(1, Ordering::Relaxed))
}

/// A Slack timestamp of now that no other call of this process gets.
pub fn unique_ts() -> String {
    format!(
        "{}.{:06}",
        now(),
        COUNTER.fetch_add(1, Ordering::Relaxed) % 1_000_000
    )
}
