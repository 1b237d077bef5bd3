//! Why a call was not answered as asked.

use bytes::Bytes;
use http::header::{ACCEPT, ALLOW, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use tidegate_pipeline::archive::ArchiveError;
use tidegate_pipeline::audit::AuditError;
use tidegate_pipeline::entropy::EntropyError;
use tidegate_pipeline::keyring::KeyError;
use tidegate_pipeline::queue::QueueError;
use tidegate_pipeline::secrets::SecretError;
use tidegate_pipeline::table::TableError;

use super::{BODY_LIMIT, CALLS};
use crate::reply;

/// Most problems that one answer tells of.
const PROBLEMS: usize = 50;

/// Why a call was not answered as asked.
#[derive(Debug)]
pub enum Refused {
    /// The caller's doing: a code, and what to do next.
    Caller(StatusCode, &'static str, String),
    /// The path is there, but only with these methods.
    Method(String),
    /// Ours; the text goes to the log only.
    Ours(String),
}

macro_rules! ours {
    ($($error:ty),*) => {
        $(impl From<$error> for Refused {
            fn from(e: $error) -> Self {
                Self::Ours(e.to_string())
            }
        })*
    };
}

ours!(
    KeyError,
    TableError,
    QueueError,
    ArchiveError,
    SecretError,
    EntropyError,
    AuditError
);

impl Refused {
    /// There is no such thing, or none that the caller may know of.
    pub fn not_found(what: &str) -> Self {
        Self::Caller(StatusCode::NOT_FOUND, "not_found", what.to_owned())
    }

    /// The call itself is wrong.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::Caller(StatusCode::BAD_REQUEST, "bad_request", message.into())
    }

    /// All that is wrong with the call.
    pub fn problems(problems: &[String]) -> Self {
        let count = problems.len();
        let told: Vec<&str> = problems.iter().take(PROBLEMS).map(String::as_str).collect();
        Self::bad(format!("{count} problem(s): {}", told.join("; ")))
    }

    /// The call carries no credential that opens this route.
    pub fn unauthorized(message: &str) -> Self {
        Self::Caller(StatusCode::UNAUTHORIZED, "unauthorized", message.to_owned())
    }

    /// The credential is good, but not for this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::Caller(StatusCode::FORBIDDEN, "forbidden", message.into())
    }

    /// It does not go together with what is there now: somebody has been quicker, or it is too late for it.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Caller(StatusCode::CONFLICT, "conflict", message.into())
    }

    pub(super) fn csrf(message: &str) -> Self {
        Self::Caller(StatusCode::FORBIDDEN, "csrf", message.to_owned())
    }

    pub(super) fn another_workspace() -> Self {
        Self::forbidden("this credential is of another workspace")
    }

    pub(super) fn too_often() -> Self {
        let message = format!("more than {CALLS} calls in a minute; wait as `Retry-After` says");
        Self::Caller(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message)
    }

    pub(super) fn media_type() -> Self {
        let message = "send the body as `Content-Type: application/json`".to_owned();
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::Caller(status, "unsupported_media_type", message)
    }

    pub(super) fn method(allowed: &[&str]) -> Self {
        Self::Method(allowed.join(", "))
    }

    pub(super) fn too_large() -> Self {
        let message = format!("the body is larger than {BODY_LIMIT} bytes");
        Self::Caller(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// As an HTTP response, for a person or for a program; what is ours is logged here.
    pub(super) fn response(self, request_id: &str, as_page: bool) -> Response<Bytes> {
        let mut allowed = None;
        let (status, code, message) = match self {
            Self::Caller(status, code, message) => (status, code, message),
            Self::Method(methods) => {
                let message = format!("this path takes {methods}");
                allowed = HeaderValue::from_str(&methods).ok();
                (
                    StatusCode::METHOD_NOT_ALLOWED,
                    "method_not_allowed",
                    message,
                )
            }
            Self::Ours(detail) => {
                tracing::error!(request_id, detail, "api call failed");
                let message = "something failed inside; the log has it under this request id";
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                (status, "internal", message.to_owned())
            }
        };
        let mut response = if as_page {
            let message = reply::escaped(&message);
            let body =
                format!("<p>{message}</p><p><small>Error {code}, request {request_id}</small></p>");
            reply::page(status, "That did not work", &body)
        } else {
            reply::error(status, code, &message, request_id)
        };
        if let Some(allowed) = allowed {
            response.headers_mut().insert(ALLOW, allowed);
        }
        response
    }
}

/// Whether a person looks at the answer: browsers ask for a page when one is opened, programs do not.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}
