//! The errors of the API, and how each becomes an HTTP response.

use std::time::Duration;

use axum::response::Response;
use http::header::{ACCEPT, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use tidegate_pipeline::archive::ArchiveError;
use tidegate_pipeline::audit::AuditError;
use tidegate_pipeline::documents::input::Problem;
use tidegate_pipeline::entropy::EntropyError;
use tidegate_pipeline::keyring::KeyError;
use tidegate_pipeline::queue::QueueError;
use tidegate_pipeline::secrets::SecretError;
use tidegate_pipeline::table::TableError;
use utoipa::ToSchema;

use super::{BODY_LIMIT, CALLS};
use crate::reply;

/// The most problems that one error message lists.
const MAX_PROBLEMS: usize = 50;

/// The reason why a call failed.
#[derive(Debug)]
pub enum ApiError {
    /// The request is at fault.
    Request(Refused),
    /// Tidegate is at fault. The text goes to the log, never to the caller.
    Internal(String),
}

/// A request that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The HTTP status.
    pub status: StatusCode,
    /// The code for programs, which stays as it is.
    pub code: &'static str,
    /// The message for people, which says what to do next.
    pub message: String,
    /// The path of the value that is wrong, in the path, the query, the headers or the body of the request.
    pub field: Option<String>,
    /// How long to wait until the same call can succeed, for `Retry-After`. `None` if waiting does not help.
    pub wait: Option<Duration>,
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

internal!(QueueError, ArchiveError, SecretError, EntropyError);

impl From<TableError> for ApiError {
    fn from(e: TableError) -> Self {
        match e {
            TableError::Erased => erased(),
            e => Self::Internal(e.to_string()),
        }
    }
}

impl From<KeyError> for ApiError {
    fn from(e: KeyError) -> Self {
        match e {
            KeyError::Erased => erased(),
            e => Self::Internal(e.to_string()),
        }
    }
}

impl From<AuditError> for ApiError {
    fn from(e: AuditError) -> Self {
        match e {
            AuditError::Table(e) => e.into(),
            AuditError::Keys(e) => e.into(),
            AuditError::Entropy(e) => e.into(),
        }
    }
}

/// The error for a call about a workspace that has been erased: only the operator's can still name it.
fn erased() -> ApiError {
    ApiError::not_found("the workspace has been erased")
}

impl ApiError {
    /// The request is refused, with that status, code and message.
    pub fn refused(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self::Request(Refused {
            status,
            code,
            message: message.into(),
            field: None,
            wait: None,
        })
    }

    /// The same error, with how long to wait before the call is sent again.
    #[must_use]
    pub fn with_wait(mut self, wait: Option<Duration>) -> Self {
        if let Self::Request(refused) = &mut self {
            refused.wait = wait;
        }
        self
    }

    /// 404: nothing of that name exists, or the caller may not know of it.
    pub fn not_found(what: &str) -> Self {
        Self::refused(StatusCode::NOT_FOUND, "not_found", what)
    }

    /// 400: the request as a whole is malformed.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::refused(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// 400: one value is wrong. The words follow its name, as in "takes a number from 1 to 100".
    pub fn field(name: &str, words: &str) -> Self {
        Self::Request(Refused {
            status: StatusCode::BAD_REQUEST,
            code: "bad_request",
            message: format!("`{name}` {words}"),
            field: Some(name.to_owned()),
            wait: None,
        })
    }

    /// 400 with a list of everything that is wrong, at most 50 entries. The field is that of the first.
    pub fn problems(problems: &[Problem]) -> Self {
        Self::Request(Refused {
            status: StatusCode::BAD_REQUEST,
            code: "bad_request",
            message: problems_of(problems),
            field: problems.first().map(|problem| problem.path.clone()),
            wait: None,
        })
    }

    /// 401: the call carries no credential that the route admits.
    pub fn unauthorized(message: &str) -> Self {
        Self::refused(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// 403: the credential is valid, but does not allow this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::refused(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// 409: the request conflicts with the current state, because somebody was faster or it comes too late.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::refused(StatusCode::CONFLICT, "conflict", message)
    }

    /// 405: the path takes other methods.
    pub(super) fn method(taken: &str) -> Self {
        let message = format!("this path takes {taken}");
        Self::refused(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            message,
        )
    }

    pub(super) fn csrf(message: &str) -> Self {
        Self::refused(StatusCode::FORBIDDEN, "csrf", message)
    }

    pub(super) fn other_tenant() -> Self {
        Self::forbidden("this credential is of another workspace")
    }

    pub(super) fn rate_limited() -> Self {
        let message = format!("more than {CALLS} calls in a minute; wait as `Retry-After` says");
        Self::refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message)
    }

    pub(super) fn media_type() -> Self {
        let message = "send the body as `Content-Type: application/json`";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::refused(status, "unsupported_media_type", message)
    }

    pub(super) fn too_large() -> Self {
        let message = format!("the body is larger than {BODY_LIMIT} bytes");
        Self::refused(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// Returns the status of the response.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Request(refused) => refused.status,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Turns the error into a response: a page for a person, JSON for a program. Logs internal errors.
    pub(super) fn render(&self, request_id: &str, as_page: bool) -> Response {
        let (mut field, mut wait) = (None, None);
        let (code, message) = match self {
            Self::Request(refused) => {
                field.clone_from(&refused.field);
                wait = refused.wait;
                (refused.code, refused.message.clone())
            }
            Self::Internal(detail) => {
                tracing::error!(request_id, detail, "api call failed");
                let message = "something failed inside; the log has it under this request id";
                ("internal", message.to_owned())
            }
        };
        let mut response = if as_page {
            let message = reply::escaped(&message);
            let body =
                format!("<p>{message}</p><p><small>Error {code}, request {request_id}</small></p>");
            reply::page(self.status(), "That did not work", &body)
        } else {
            let error = ErrorDetail {
                code: code.to_owned(),
                message,
                field,
                request_id: request_id.to_owned(),
            };
            reply::json(self.status(), &ErrorBody { ok: false, error })
        };
        if let Some(wait) = wait {
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            let seconds = HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX));
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        response
    }
}

/// Lists problems for people, at most 50.
pub(crate) fn problems_of(problems: &[Problem]) -> String {
    let count = problems.len();
    let noun = if count == 1 { "problem" } else { "problems" };
    let shown = problems.iter().take(MAX_PROBLEMS).map(Problem::to_string);
    let shown: Vec<String> = shown.collect();
    format!("{count} {noun}: {}", shown.join("; "))
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
    /// The path of the value that is wrong, if it is one: `limit`, `services[0]`. Without one, the field is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The id under which the log has the call.
    request_id: String,
}

/// Tells whether the client wants a page. Browsers ask for `text/html` when they open an address; programs do not.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}
