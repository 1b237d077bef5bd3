//! Faults a test asks for: what goes wrong, on which calls, how often, and whether the effect happens all the same.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::Clock;

/// Something that goes wrong with the next calls it fits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// A Web API method, `response_url`, or `*` for both kinds.
    pub method: String,
    /// Only calls about this channel; any when absent.
    #[serde(default)]
    pub channel: Option<String>,
    /// The way in which the call goes wrong.
    pub kind: FaultKind,
    /// The code an `ok_false` answers; `fatal_error` when absent.
    #[serde(default)]
    pub error: Option<String>,
    /// `Retry-After` of a `rate_limited`: a number of seconds, any other text, or null for no header. 1 when absent.
    #[serde(default = "one_second")]
    pub retry_after: Option<Value>,
    /// How many calls it fits before it is gone.
    #[serde(default = "once")]
    pub times: u32,
    /// Fits every call for so many seconds of the stand-in's clock, however many those are; any number of them that is
    /// long enough means until the faults are cleared.
    #[serde(default)]
    pub for_seconds: Option<u64>,
    /// Whether `http_500`, `http_503` or `ok_false` answer so only after the call took effect.
    #[serde(default)]
    pub applies: bool,
}

/// The way in which a call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// 429 with `Retry-After`; never takes effect.
    RateLimited,
    /// HTTP status 500, before the effect, or after it if `applies` says so.
    #[serde(rename = "http_500")]
    Http500,
    /// HTTP status 503, before the effect, or after it if `applies` says so.
    #[serde(rename = "http_503")]
    Http503,
    /// No answer, and no effect.
    TimeoutBefore,
    /// The connection drops without an answer, and without an effect.
    ResetBefore,
    /// The effect, but no answer.
    TimeoutAfter,
    /// The effect, then the connection drops without an answer.
    ResetAfter,
    /// HTTP 200 that says `"ok": false`.
    OkFalse,
}

/// A fault with the time at which it ends by itself.
pub(crate) struct Armed {
    pub fault: Fault,
    pub until: Option<Duration>,
}

impl Armed {
    pub(crate) fn new(fault: Fault, now: Duration) -> Self {
        let lasting = fault.for_seconds.map(Duration::from_secs);
        Self {
            until: lasting.map(|lasting| now.saturating_add(lasting)),
            fault,
        }
    }

    /// Whether it fits no call any more.
    pub(crate) fn is_over(&self, now: Duration) -> bool {
        self.fault.times == 0 || self.until.is_some_and(|until| until <= now)
    }
}

fn once() -> u32 {
    1
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "serde asks for the field's own type"
)]
fn one_second() -> Option<Value> {
    Some(Value::from(1))
}

impl Fault {
    /// A fault of this kind on the next call of one method.
    #[must_use]
    pub fn new(method: &str, kind: FaultKind) -> Self {
        Self {
            method: method.to_owned(),
            channel: None,
            kind,
            error: None,
            retry_after: one_second(),
            times: once(),
            for_seconds: None,
            applies: false,
        }
    }

    /// A fault of this kind on every call, of every method, for so long.
    #[must_use]
    pub fn of_everything(kind: FaultKind, lasting: Duration) -> Self {
        Self {
            for_seconds: Some(lasting.as_secs()),
            ..Self::new("*", kind)
        }
    }

    pub(crate) fn fits(&self, method: &str, channel: Option<&str>) -> bool {
        (self.method == "*" || self.method == method)
            && self.times > 0
            && self
                .channel
                .as_deref()
                .is_none_or(|wanted| Some(wanted) == channel)
    }

    /// Whether the call takes effect before it goes wrong.
    pub(crate) fn takes_effect(&self) -> bool {
        match self.kind {
            FaultKind::RateLimited | FaultKind::TimeoutBefore | FaultKind::ResetBefore => false,
            FaultKind::TimeoutAfter | FaultKind::ResetAfter => true,
            FaultKind::Http500 | FaultKind::Http503 | FaultKind::OkFalse => self.applies,
        }
    }

    /// Its name in the list of calls, given whether the call took effect.
    pub(crate) fn outcome(&self, applied: bool) -> String {
        let name = match self.kind {
            FaultKind::RateLimited => "ratelimited",
            FaultKind::Http500 => "http_500",
            FaultKind::Http503 => "http_503",
            FaultKind::TimeoutBefore => "timeout_before",
            FaultKind::TimeoutAfter => "timeout_after",
            FaultKind::ResetBefore => "reset_before",
            FaultKind::ResetAfter => "reset_after",
            FaultKind::OkFalse => self.error.as_deref().unwrap_or("fatal_error"),
        };
        let implied = matches!(self.kind, FaultKind::TimeoutAfter | FaultKind::ResetAfter);
        if applied && !implied {
            format!("{name}_applied")
        } else {
            name.to_owned()
        }
    }

    /// What the caller gets, which may be nothing.
    pub(crate) async fn answer(&self) -> Response {
        match self.kind {
            FaultKind::RateLimited => rate_limited(self.retry_after.as_ref()),
            FaultKind::Http500 => {
                (StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response()
            }
            FaultKind::Http503 => {
                (StatusCode::SERVICE_UNAVAILABLE, "service unavailable").into_response()
            }
            FaultKind::TimeoutBefore | FaultKind::TimeoutAfter => {
                Clock::hang().await;
                dropped_connection()
            }
            FaultKind::ResetBefore | FaultKind::ResetAfter => dropped_connection(),
            FaultKind::OkFalse => {
                let error = self.error.as_deref().unwrap_or("fatal_error");
                axum::Json(json!({ "ok": false, "error": error })).into_response()
            }
        }
    }
}

/// Slack's answer to too many calls: 429, with `Retry-After` if given.
pub(crate) fn rate_limited(retry_after: Option<&Value>) -> Response {
    let body = axum::Json(json!({ "ok": false, "error": "ratelimited" }));
    let value = retry_after.map(|value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    });
    let header = value.map(|value| [(header::RETRY_AFTER, value)]);
    match header {
        Some(header) if is_header(&header) => {
            (StatusCode::TOO_MANY_REQUESTS, header, body).into_response()
        }
        _ => (StatusCode::TOO_MANY_REQUESTS, body).into_response(),
    }
}

fn is_header([(_, value)]: &[(HeaderName, String); 1]) -> bool {
    http::HeaderValue::from_str(value).is_ok()
}

/// A response whose body fails before its first byte: the server gives the connection up with nothing sent.
fn dropped_connection() -> Response {
    let broken = futures_util::stream::once(async {
        Err::<bytes::Bytes, _>(std::io::Error::other("dropped by a fault"))
    });
    Body::from_stream(broken).into_response()
}
