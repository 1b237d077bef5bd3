//! What came of a call to Slack, told apart by the only question that matters afterwards: may it be sent again?

use serde_json::Value;

/// Seconds to wait when Slack limits us and names no usable time.
pub const DEFAULT_RETRY_AFTER: u64 = 30;

/// Longest time that is believed, a day: a slip of Slack's must not close a method for ever.
pub const MAX_RETRY_AFTER: u64 = 24 * 3600;

/// What came of one call.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Slack did it and said so.
    Done(Value),
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
    /// This request will never be accepted as it is.
    Permanent(String),
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
                    Some(false) => Self::from_code(&code(&answer), limited),
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

    fn from_code(code: &str, limited: impl Fn() -> Self) -> Self {
        let owned = code.to_owned();
        match code {
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
            | "missing_scope"
            | "no_permission"
            | "not_allowed_token_type"
            | "ekm_access_denied"
            | "team_access_not_granted"
            | "access_denied" => Self::Refused(Refusal::Credential(owned)),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(status: u16, retry_after: Option<&str>, body: &str) -> Outcome {
        Outcome::from_answer(status, retry_after, body.as_bytes())
    }

    fn limited(retry_after: u64) -> Outcome {
        Outcome::Refused(Refusal::RateLimited { retry_after })
    }

    #[test]
    fn a_rate_limit_is_obeyed_to_the_second() {
        assert_eq!(judge(429, Some("7"), ""), limited(7));
        assert_eq!(judge(429, Some("600"), ""), limited(600));
        assert_eq!(
            judge(200, Some("3"), r#"{"ok":false,"error":"ratelimited"}"#),
            limited(3)
        );
        for odd in [None, Some(""), Some("soon"), Some("-1"), Some("1.5")] {
            assert_eq!(judge(429, odd, ""), limited(DEFAULT_RETRY_AFTER), "{odd:?}");
        }
        let absurd = judge(429, Some("9223372036854775807"), "");
        assert_eq!(absurd, limited(MAX_RETRY_AFTER));
    }

    #[test]
    fn only_a_clear_no_is_a_refusal() {
        let refused = |code: &str| Outcome::Refused(Refusal::Permanent(code.to_owned()));
        assert_eq!(
            judge(200, None, r#"{"ok":false,"error":"channel_not_found"}"#),
            refused("channel_not_found")
        );
        assert_eq!(
            judge(200, None, r#"{"ok":false,"error":"<script>"}"#),
            refused("unknown")
        );
        assert_eq!(judge(404, None, "no"), refused("http_404"));
        let revoked = judge(200, None, r#"{"ok":false,"error":"token_revoked"}"#);
        assert_eq!(
            revoked,
            Outcome::Refused(Refusal::Credential("token_revoked".to_owned()))
        );
    }

    #[test]
    fn everything_unclear_is_ambiguous() {
        for (status, body) in [
            (500, ""),
            (503, "busy"),
            (200, "<html>"),
            (200, "{}"),
            (200, r#"{"ok":false,"error":"fatal_error"}"#),
            (200, r#"{"ok":false,"error":"internal_error"}"#),
        ] {
            assert!(
                matches!(judge(status, None, body), Outcome::Ambiguous(_)),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn a_response_url_answers_with_plain_text() {
        assert_eq!(
            Outcome::from_response_url(200, None, b"ok"),
            Outcome::Done(Value::Null)
        );
        let used = Outcome::from_response_url(404, None, b"used_url");
        assert_eq!(
            used,
            Outcome::Refused(Refusal::Permanent("http_404".to_owned()))
        );
    }
}
