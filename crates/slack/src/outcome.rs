//! What came of a call to Slack, told apart by the only question that matters afterwards: may it be sent again?

use std::fmt;

use serde_json::Value;

/// Seconds to wait when Slack limits us and names no usable time.
pub const DEFAULT_RETRY_AFTER: u64 = 30;

/// Longest time that is believed, a day: a slip of Slack's must not close a method for ever.
pub const MAX_RETRY_AFTER: u64 = 24 * 3600;

/// Scope names kept of an answer, and the longest of them: Slack has some two hundred, all of them short.
const MAX_SCOPES: usize = 100;
const MAX_SCOPE: usize = 60;

/// What came of one call; `T` is what Slack answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<T = Value> {
    /// Slack did it and said so.
    Done(T),
    /// Slack did not do it; sending it again is safe.
    Refused(Refusal),
    /// Nobody knows: the request may have taken effect. The text says why, without anything of the request.
    Ambiguous(String),
}

/// Why Slack did not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Too many calls: this method of this workspace is closed for that many seconds.
    RateLimited {
        /// Seconds, as Slack said.
        retry_after: u64,
    },
    /// Slack was not reached: no byte of the request was sent.
    Unreachable,
    /// The token is the trouble: every other call with it will fail too.
    Credential(String),
    /// The token is good and its app lacks a scope for this method. Slack names scopes or leaves them out.
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
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateLimited { retry_after } => write!(f, "ratelimited for {retry_after} s"),
            Self::Unreachable => f.write_str("Slack cannot be reached"),
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

impl Refusal {
    /// Slack's code, if another token might be accepted where this one was not.
    pub fn token_code(&self) -> Option<&str> {
        match self {
            Self::Credential(code) => Some(code),
            Self::MissingScope { .. } => Some("missing_scope"),
            Self::RateLimited { .. } | Self::Unreachable | Self::Permanent(_) => None,
        }
    }
}

impl<T> Outcome<T> {
    /// The same with another answer, for what can be told apart no further.
    pub fn and_then<U>(self, read: impl FnOnce(T) -> Outcome<U>) -> Outcome<U> {
        match self {
            Self::Done(answer) => read(answer),
            Self::Refused(why) => Outcome::Refused(why),
            Self::Ambiguous(why) => Outcome::Ambiguous(why),
        }
    }
}

impl Outcome {
    /// Judges an HTTP answer by its status, its `Retry-After` header and its body.
    pub fn from_answer(status: u16, retry_after: Option<&str>, body: &[u8]) -> Self {
        let limited = || {
            let seconds = retry_after.and_then(|text| text.trim().parse().ok());
            Self::Refused(Refusal::RateLimited {
                retry_after: seconds.unwrap_or(DEFAULT_RETRY_AFTER).min(MAX_RETRY_AFTER),
            })
        };
        match status {
            429 => limited(),
            200..=299 => match serde_json::from_slice::<Value>(body) {
                Ok(answer) => match answer.get("ok").and_then(Value::as_bool) {
                    Some(true) => Self::Done(answer),
                    Some(false) => Self::from_error(&answer, limited),
                    None => Self::Ambiguous("the answer has no `ok`".to_owned()),
                },
                Err(_) => Self::Ambiguous("the answer is not JSON".to_owned()),
            },
            500..=599 => Self::Ambiguous(format!("HTTP {status}")),
            _ => Self::Refused(Refusal::Permanent(format!("http_{status}"))),
        }
    }

    /// Judges the answer of a `response_url`, which is the plain text `ok` as often as JSON.
    pub fn from_response_url(status: u16, retry_after: Option<&str>, body: &[u8]) -> Self {
        match (status, serde_json::from_slice::<Value>(body)) {
            (200..=299, Ok(answer)) if answer.get("ok").is_none() => Self::Done(Value::Null),
            (200..=299, Err(_)) => Self::Done(Value::Null),
            _ => Self::from_answer(status, retry_after, body),
        }
    }

    fn from_error(answer: &Value, limited: impl Fn() -> Self) -> Self {
        let owned = code(answer);
        match owned.as_str() {
            "ratelimited" | "rate_limited" => limited(),
            // Slack's own words for these: some part may have succeeded before the error was raised.
            "fatal_error"
            | "internal_error"
            | "service_unavailable"
            | "request_timeout"
            | "duplicate_message_not_found"
            | "duplicate_channel_not_found" => Self::Ambiguous(owned),
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
            | "access_denied" => Self::Refused(Refusal::Credential(owned)),
            "missing_scope" => Self::Refused(Refusal::MissingScope {
                needed: scopes(answer, "needed"),
                provided: scopes(answer, "provided"),
            }),
            _ => Self::Refused(Refusal::Permanent(owned)),
        }
    }
}

/// Slack's error code, or `unknown` for what does not look like one: it goes to logs and rows.
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

/// The scope names of a field. What does not look like one is dropped: they go to logs and rows too.
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
