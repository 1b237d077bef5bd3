//! The errors of the API, and how each becomes an HTTP response.

use axum::response::Response;
use http::header::ACCEPT;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use tidegate_pipeline::archive::ArchiveError;
use tidegate_pipeline::audit::AuditError;
use tidegate_pipeline::entropy::EntropyError;
use tidegate_pipeline::keyring::KeyError;
use tidegate_pipeline::queue::QueueError;
use tidegate_pipeline::secrets::SecretError;
use tidegate_pipeline::table::TableError;
use utoipa::ToSchema;

use super::{BODY_LIMIT, CALLS, router};
use crate::reply;

/// The most problems that one error message lists.
const MAX_PROBLEMS: usize = 50;

/// The reason why a call failed.
#[derive(Debug)]
pub enum ApiError {
    /// The request is at fault: an HTTP status, a stable code, and a message that says what to do next.
    Request(StatusCode, &'static str, String),
    /// The path exists, but not with this method.
    Method,
    /// Tidegate is at fault. The text goes to the log, never to the caller.
    Internal(String),
}

macro_rules! internal {
    ($($error:ty),*) => {
        $(impl From<$error> for ApiError {
            fn from(e: $error) -> Self {
                Self::Internal(e.to_string())
            }
        })*
    };
}

internal!(
    KeyError,
    TableError,
    QueueError,
    ArchiveError,
    SecretError,
    EntropyError,
    AuditError
);

impl ApiError {
    /// 404: nothing of that name exists, or the caller may not know of it.
    pub fn not_found(what: &str) -> Self {
        Self::Request(StatusCode::NOT_FOUND, "not_found", what.to_owned())
    }

    /// 400: the request is malformed.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::Request(StatusCode::BAD_REQUEST, "bad_request", message.into())
    }

    /// 400 with a list of everything that is wrong, at most 50 entries.
    pub fn problems(problems: &[String]) -> Self {
        let count = problems.len();
        let shown: Vec<&str> = problems
            .iter()
            .take(MAX_PROBLEMS)
            .map(String::as_str)
            .collect();
        let problems = if count == 1 { "problem" } else { "problems" };
        Self::bad(format!("{count} {problems}: {}", shown.join("; ")))
    }

    /// 401: the call carries no credential that the route admits.
    pub fn unauthorized(message: &str) -> Self {
        Self::Request(StatusCode::UNAUTHORIZED, "unauthorized", message.to_owned())
    }

    /// 403: the credential is valid, but does not allow this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::Request(StatusCode::FORBIDDEN, "forbidden", message.into())
    }

    /// 409: the request conflicts with the current state, because somebody was faster or it comes too late.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Request(StatusCode::CONFLICT, "conflict", message.into())
    }

    pub(super) fn csrf(message: &str) -> Self {
        Self::Request(StatusCode::FORBIDDEN, "csrf", message.to_owned())
    }

    pub(super) fn other_tenant() -> Self {
        Self::forbidden("this credential is of another workspace")
    }

    pub(super) fn rate_limited() -> Self {
        let message = format!("more than {CALLS} calls in a minute; wait as `Retry-After` says");
        Self::Request(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message)
    }

    pub(super) fn media_type() -> Self {
        let message = "send the body as `Content-Type: application/json`".to_owned();
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::Request(status, "unsupported_media_type", message)
    }

    pub(super) fn too_large() -> Self {
        let message = format!("the body is larger than {BODY_LIMIT} bytes");
        Self::Request(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// Returns the status of the response.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Request(status, ..) => *status,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Turns the error into a response: a page for a person, JSON for a program. Logs internal errors. `headers` are those that the
    /// router gave the response.
    pub(super) fn render(&self, request_id: &str, as_page: bool, headers: &HeaderMap) -> Response {
        let (code, message) = match self {
            Self::Request(_, code, message) => (*code, message.clone()),
            Self::Method => {
                let message = format!("this path takes {}", router::allowed(headers));
                ("method_not_allowed", message)
            }
            Self::Internal(detail) => {
                tracing::error!(request_id, detail, "api call failed");
                let message = "something failed inside; the log has it under this request id";
                ("internal", message.to_owned())
            }
        };
        if as_page {
            let message = reply::escaped(&message);
            let body =
                format!("<p>{message}</p><p><small>Error {code}, request {request_id}</small></p>");
            return reply::page(self.status(), "That did not work", &body);
        }
        let error = ErrorDetail {
            code: code.to_owned(),
            message,
            request_id: request_id.to_owned(),
        };
        reply::json(self.status(), &ErrorBody { ok: false, error })
    }
}

/// The body of every error.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// Always false.
    ok: bool,
    error: ErrorDetail,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
struct ErrorDetail {
    /// For programs. It stays as it is.
    code: String,
    /// For people: what is wrong, and what to do next.
    message: String,
    /// The id under which the log has the call.
    request_id: String,
}

/// Tells whether the client wants a page. Browsers ask for `text/html` when they open an address; programs do not.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}
