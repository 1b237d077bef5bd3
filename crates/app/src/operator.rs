//! The operator API: what the engineer on call asks and does. `tidegate events` and `tidegate posts` are clients of
//! it, in local mode and against a deployment.
//!
//! ```text
//! GET  /health
//! GET  /operator/events?tenant=&state=parked&since=&until=&limit=
//! GET  /operator/events/{id}?tenant=
//! POST /operator/events/{id}/replay?tenant=
//! GET  /operator/posts?limit=
//! POST /operator/posts/{id}/resend?tenant=
//! ```

mod events;
mod posts;
mod redaction;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Method, Request, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tidegate_pipeline::archive::ArchiveError;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::queue::{Queue, QueueError};
use tidegate_pipeline::secrets::Secrets;
use tidegate_pipeline::table::{Table, TableError};
use tidegate_slack::ids::TenantId;

use crate::reply;

/// Serves the operator API.
pub struct Operator {
    /// Rows of all tenants.
    pub table: Table,
    /// Where replayed events go.
    pub events: Arc<dyn Queue>,
    /// Where replayed commands and interactions go.
    pub commands: Arc<dyn Queue>,
    /// Where wake-ups go.
    pub wake_ups: Arc<dyn Queue>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Holds the operator key.
    pub secrets: Arc<dyn Secrets>,
    /// The key's name there.
    pub key_name: String,
    /// How long ledger rows are kept.
    pub keep: Duration,
}

/// Why a call was not answered as asked.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The caller's doing: a code, and what to do next.
    Caller(StatusCode, &'static str, String),
    /// Ours; the text goes to the log only.
    Ours(String),
}

impl From<TableError> for Refused {
    fn from(e: TableError) -> Self {
        Self::Ours(e.to_string())
    }
}

impl From<QueueError> for Refused {
    fn from(e: QueueError) -> Self {
        Self::Ours(e.to_string())
    }
}

impl From<ArchiveError> for Refused {
    fn from(e: ArchiveError) -> Self {
        Self::Ours(e.to_string())
    }
}

impl Refused {
    pub(crate) fn not_found(what: &str) -> Self {
        Self::Caller(StatusCode::NOT_FOUND, "not_found", what.to_owned())
    }

    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::Caller(StatusCode::BAD_REQUEST, "bad_request", message.into())
    }
}

/// A query string, decoded.
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn of(request: &Request<Bytes>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, v)| n == name && !v.is_empty())
            .map(|(_, v)| v.as_str())
    }

    pub(crate) fn tenant(&self) -> Option<TenantId> {
        self.get("tenant").map(TenantId::from)
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Refused> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let number = text
            .parse()
            .map_err(|_| Refused::bad(format!("`{name}` takes a whole number")))?;
        Ok(Some(number))
    }
}

impl Operator {
    /// Answers one request. `request_id` names it in the log.
    pub async fn handle(&self, request: Request<Bytes>, request_id: &str) -> Response<Bytes> {
        if request.uri().path() == "/health" {
            return self.health().await;
        }
        let answer = match self.authorized(&request).await {
            Ok(()) => self.route(&request).await,
            Err(refused) => Err(refused),
        };
        match answer {
            Ok(body) => reply::json(StatusCode::OK, &body),
            Err(Refused::Caller(status, code, message)) => {
                reply::error(status, code, &message, request_id)
            }
            Err(Refused::Ours(detail)) => {
                tracing::error!(request_id, detail, "operator call failed");
                let message = "something failed inside; the log has it under this request id";
                reply::error(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    message,
                    request_id,
                )
            }
        }
    }

    async fn route(&self, request: &Request<Bytes>) -> Result<serde_json::Value, Refused> {
        let parameters = Parameters::of(request);
        let path: Vec<String> = request
            .uri()
            .path()
            .split('/')
            .skip(1)
            .map(percent_decoded)
            .collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (request.method(), path.as_slice()) {
            (&Method::GET, ["operator", "events"]) => self.list_events(&parameters).await,
            (&Method::GET, ["operator", "events", id]) => self.show_event(id, &parameters).await,
            (&Method::POST, ["operator", "events", id, "replay"]) => {
                self.replay_event(id, &parameters).await
            }
            (&Method::GET, ["operator", "posts"]) => self.list_posts(&parameters).await,
            (&Method::POST, ["operator", "posts", id, "resend"]) => self.resend_post(id).await,
            _ => Err(Refused::not_found("no such path; see docs/operating.md")),
        }
    }

    async fn authorized(&self, request: &Request<Bytes>) -> Result<(), Refused> {
        let key = self
            .secrets
            .get(&self.key_name)
            .await
            .map_err(|e| Refused::Ours(e.to_string()))?;
        let given = request
            .headers()
            .get(AUTHORIZATION)
            .map(http::HeaderValue::as_bytes);
        let given = given
            .and_then(|value| value.strip_prefix(b"Bearer "))
            .unwrap_or_default();
        if same(given, &key) {
            return Ok(());
        }
        let message = "send the operator key as `Authorization: Bearer …` (TIDEGATE_OPERATOR_KEY)";
        Err(Refused::Caller(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            message.to_owned(),
        ))
    }

    async fn health(&self) -> Response<Bytes> {
        let probe = crate::routes::tenants(self.table.system().rows(), 1).await;
        let (status, table) = match probe {
            Ok(_) => (StatusCode::OK, "ok"),
            Err(e) => {
                tracing::error!(error = %e, "health: the table does not answer");
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            }
        };
        let version = env!("CARGO_PKG_VERSION");
        let ok = status == StatusCode::OK;
        let words = if ok { "healthy" } else { "unhealthy" };
        let body = json!({
            "ok": ok, "status": words, "service": "tidegate", "version": version,
            "checks": {"table": table},
        });
        reply::json(status, &body)
    }
}

/// Compares without telling by its time how much was right; hashing evens out the lengths.
fn same(given: &[u8], key: &SecretString) -> bool {
    let key = key.expose_secret().trim();
    let equal = Sha256::digest(given).ct_eq(&Sha256::digest(key.as_bytes()));
    !key.is_empty() && bool::from(equal)
}

fn percent_decoded(part: &str) -> String {
    // `+` is a plus in a path; the form decoder is told so.
    let part = part.replace('+', "%2B");
    form_urlencoded::parse(part.as_bytes())
        .map(|(name, _)| name.into_owned())
        .next()
        .unwrap_or_default()
}
