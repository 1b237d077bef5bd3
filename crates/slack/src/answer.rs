//! What Slack's answer to a call means: done, refused with Slack's reason, or ambiguous.

use std::fmt;

use serde_json::Value;
use tidegate_outcome::{Outcome, Refusal, Rejection};

/// Seconds to wait when Slack limits calls and names no usable time.
pub const DEFAULT_RETRY_AFTER: u64 = 30;

/// Scope names that are kept of an answer, and the bytes of the longest: Slack has some two hundred, all of them short.
const MAX_SCOPES: usize = 100;
const MAX_SCOPE: usize = 60;

/// Why Slack rejects a request. Codes are Slack's own, at most 60 bytes of `a-z`, `0-9` and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlackRejection {
    /// Slack does not accept the token, so every other call with it will fail too.
    Credential(String),
    /// The token is good, but its app lacks a scope for this method. Slack names the scopes or leaves them out.
    MissingScope {
        /// Scopes of which the method needs one, usually a single one.
        needed: Vec<String>,
        /// Scopes that the token has.
        provided: Vec<String>,
    },
    /// This request will never be accepted as it is.
    Permanent(String),
}

/// Slack's code, and for a missing scope what to do about it: this is what a person reads of a parked post.
impl fmt::Display for SlackRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingScope { needed, .. } if needed.is_empty() => f.write_str("missing_scope"),
            Self::MissingScope { needed, .. } => {
                let needed = needed.join("` or `");
                write!(
                    f,
                    "missing_scope: add `{needed}` to the app and install it again"
                )
            }
            Self::Credential(code) | Self::Permanent(code) => f.write_str(code),
        }
    }
}

impl Rejection for SlackRejection {
    const SERVICE: &'static str = "Slack";
    const RATE_LIMITED: &'static str = "ratelimited";

    fn code(&self) -> &'static str {
        match self {
            Self::Credential(_) | Self::MissingScope { .. } => "credential",
            Self::Permanent(_) => "refused",
        }
    }
}

impl SlackRejection {
    /// Slack's code, if another token might be accepted where this one was not.
    pub fn token_code(&self) -> Option<&str> {
        match self {
            Self::Credential(code) => Some(code),
            Self::MissingScope { .. } => Some("missing_scope"),
            Self::Permanent(_) => None,
        }
    }
}

/// Judges the answer of a Web API method by its HTTP status, its `Retry-After` header and its body.
pub fn judge(
    status: u16,
    retry_after: Option<&str>,
    body: &[u8],
) -> Outcome<Value, SlackRejection> {
    let limited = || Outcome::Refused(Refusal::rate_limited(retry_after, DEFAULT_RETRY_AFTER));
    match status {
        429 => limited(),
        200..=299 => match serde_json::from_slice::<Value>(body) {
            Ok(answer) => match answer.get("ok").and_then(Value::as_bool) {
                Some(true) => Outcome::Done(answer),
                Some(false) => error(&answer, limited),
                None => Outcome::Ambiguous("the answer has no `ok`".to_owned()),
            },
            Err(_) => Outcome::Ambiguous("the answer is not JSON".to_owned()),
        },
        500..=599 => Outcome::Ambiguous(format!("HTTP {status}")),
        _ => Outcome::rejected(SlackRejection::Permanent(format!("http_{status}"))),
    }
}

/// Judges the answer of a `response_url`, which is the plain text `ok` as often as JSON.
pub fn judge_response_url(
    status: u16,
    retry_after: Option<&str>,
    body: &[u8],
) -> Outcome<Value, SlackRejection> {
    match (status, serde_json::from_slice::<Value>(body)) {
        (200..=299, Ok(answer)) if answer.get("ok").is_none() => Outcome::Done(Value::Null),
        (200..=299, Err(_)) => Outcome::Done(Value::Null),
        _ => judge(status, retry_after, body),
    }
}

/// Judges an answer with `ok: false` by its code.
fn error(
    answer: &Value,
    limited: impl Fn() -> Outcome<Value, SlackRejection>,
) -> Outcome<Value, SlackRejection> {
    let code = code(answer);
    match code.as_str() {
        "ratelimited" | "rate_limited" => limited(),
        // Slack's own words for these: some part may have succeeded before the error was raised.
        "fatal_error"
        | "internal_error"
        | "service_unavailable"
        | "request_timeout"
        | "duplicate_message_not_found"
        | "duplicate_channel_not_found" => Outcome::Ambiguous(code),
        "invalid_auth"
        | "not_authed"
        | "account_inactive"
        | "token_revoked"
        | "token_expired"
        | "org_login_required"
        | "no_permission"
        | "not_allowed_token_type"
        | "ekm_access_denied"
        | "team_access_not_granted"
        | "access_denied" => Outcome::rejected(SlackRejection::Credential(code)),
        "missing_scope" => Outcome::rejected(SlackRejection::MissingScope {
            needed: scopes(answer, "needed"),
            provided: scopes(answer, "provided"),
        }),
        _ => Outcome::rejected(SlackRejection::Permanent(code)),
    }
}

/// Slack's error code, or `unknown` if the text does not look like one, because it goes to logs and rows.
fn code(answer: &Value) -> String {
    let code = answer
        .get("error")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let sane = (1..=60).contains(&code.len())
        && code
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if sane {
        code.to_owned()
    } else {
        "unknown".to_owned()
    }
}

/// The scope names of a field. A text that does not look like one is dropped, because the names go to logs and rows too.
fn scopes(answer: &Value, field: &str) -> Vec<String> {
    let list = answer
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default();
    let sane = |name: &&str| {
        (1..=MAX_SCOPE).contains(&name.len())
            && name.bytes().all(|b| {
                b.is_ascii_lowercase()
                    || b.is_ascii_digit()
                    || matches!(b, b'_' | b'.' | b':' | b'-')
            })
    };
    let names = list.split(',').map(str::trim).filter(sane);
    names.take(MAX_SCOPES).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
