//! Faults a test asks for: what goes wrong, on which calls, how often, and whether the effect happens all the same.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;

/// Something that goes wrong with the next calls it fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Only calls with this HTTP method; any when absent.
    #[serde(default)]
    pub method: Option<String>,
    /// Only calls whose path holds this text; any when absent.
    #[serde(default)]
    pub path: Option<String>,
    /// The way in which the call goes wrong.
    pub kind: FaultKind,
    /// How many calls it fits before it is gone; null: until the faults are cleared. 1 when absent.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// Whether the call takes effect before it goes wrong.
    #[serde(default)]
    pub applies: bool,
    /// `Retry-After` of a `rate_limited`, any text; no header when absent.
    #[serde(default)]
    pub retry_after: Option<String>,
}

/// The way in which a call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// HTTP status 500, before the effect, or after it if `applies` says so.
    #[serde(rename = "http_500")]
    Http500,
    /// HTTP status 503, before the effect, or after it if `applies` says so.
    #[serde(rename = "http_503")]
    Http503,
    /// No answer until the caller gives up.
    Hang,
    /// The connection drops without an answer.
    Reset,
    /// 200 with a body that is no JSON.
    BadJson,
    /// The refusal of a call too many; never takes effect.
    RateLimited,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "serde asks for the field's own type"
)]
fn once() -> Option<u32> {
    Some(1)
}

impl Fault {
    /// A fault of this kind on the next call, before it takes effect.
    #[must_use]
    pub fn new(kind: FaultKind) -> Self {
        Self {
            method: None,
            path: None,
            kind,
            times: once(),
            applies: false,
            retry_after: None,
        }
    }

    /// The same, after the call took effect.
    #[must_use]
    pub fn after_effect(kind: FaultKind) -> Self {
        Self {
            applies: true,
            ..Self::new(kind)
        }
    }

    pub(crate) fn fits(&self, method: &str, path: &str) -> bool {
        self.times != Some(0)
            && self.method.as_deref().is_none_or(|m| m == method)
            && self.path.as_deref().is_none_or(|p| path.contains(p))
    }

    /// Whether the call takes effect before it goes wrong.
    pub(crate) fn takes_effect(&self) -> bool {
        self.applies && self.kind != FaultKind::RateLimited
    }

    /// The HTTP status that the caller gets, if it gets any.
    pub(crate) fn status(&self, limit_status: u16) -> Option<u16> {
        match self.kind {
            FaultKind::Http500 => Some(500),
            FaultKind::Http503 => Some(503),
            FaultKind::BadJson => Some(200),
            FaultKind::RateLimited => Some(limit_status),
            FaultKind::Hang | FaultKind::Reset => None,
        }
    }

    /// What the caller gets, which may be nothing.
    pub(crate) async fn answer(&self, limit_status: u16) -> Response {
        if self.kind == FaultKind::Hang {
            Clock::hang().await;
        }
        let Some(status) = self.status(limit_status) else {
            return dropped_connection();
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = (status, "<html>not what you asked for</html>").into_response();
        let retry_after = self.retry_after.as_deref().map(HeaderValue::from_str);
        if let (FaultKind::RateLimited, Some(Ok(value))) = (self.kind, retry_after) {
            answer.headers_mut().insert(header::RETRY_AFTER, value);
        }
        answer
    }
}

/// A response whose body fails before its first byte: the server gives the connection up with nothing sent.
fn dropped_connection() -> Response {
    let broken = futures_util::stream::once(async {
        Err::<bytes::Bytes, _>(std::io::Error::other("dropped by a fault"))
    });
    Body::from_stream(broken).into_response()
}
