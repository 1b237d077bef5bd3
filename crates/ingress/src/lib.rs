#![doc = include_str!("../README.md")]

mod config;
mod decide;
mod intake;
mod limits;
mod reply;
pub mod signing;

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use metrics::{counter, histogram};
use tidegate_pipeline::clock::{Clock, Timestamp};
use tidegate_pipeline::job::Retry;
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::table::hash_text;
use tidegate_slack::signature::{SIGNATURE_HEADER, SignatureError, TIMESTAMP_HEADER};

pub use self::config::IngressConfig;
pub use self::decide::{Acknowledgement, Decision, Queued, decide};
pub use self::intake::{Accepted, Arrival, Intake, retry};
use crate::signing::{SigningError, SigningKeys};

/// The largest request body that ingress accepts, in bytes. In base64, with the job envelope, it still fits a queue message.
pub const BODY_LIMIT: usize = 700 * 1024;

/// One of the three request URLs that Slack calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// The request URL of the Events API.
    Events,
    /// The request URL of slash commands.
    Commands,
    /// The request URL of interactivity: buttons, modals, shortcuts.
    Interactions,
}

impl Endpoint {
    /// Returns the endpoint of a path. The second path of an endpoint serves older installations.
    pub fn of(path: &str) -> Option<Self> {
        match path {
            "/slack/events" | "/api/integrations/slack/events" => Some(Self::Events),
            "/slack/commands" => Some(Self::Commands),
            "/slack/interactions" | "/api/integrations/slack/interactive" => {
                Some(Self::Interactions)
            }
            _ => None,
        }
    }

    /// Returns the value of the metric label `route`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Commands => "commands",
            Self::Interactions => "interactions",
        }
    }
}

/// Verifies Slack's HTTP requests and answers or queues them.
pub struct Ingress {
    /// The signing secrets that genuine requests are signed with.
    pub keys: SigningKeys,
    /// The queue for events.
    pub events: Arc<dyn Queue>,
    /// The queue for commands and interactions.
    pub commands: Arc<dyn Queue>,
    /// The clock that dates requests and checks the age of signatures.
    pub clock: Arc<dyn Clock>,
}

impl Ingress {
    /// Answers one request and records its metrics.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let Some(endpoint) = Endpoint::of(head.uri.path()) else {
            return reply::text(StatusCode::NOT_FOUND, "no such path\n");
        };
        if head.method != Method::POST {
            return reply::text(StatusCode::METHOD_NOT_ALLOWED, "Slack sends POST\n");
        }
        let began = self.clock.now();
        let (response, outcome) = self.take(endpoint, &head.headers, &body).await;
        counter!("ingress_requests_total", "route" => endpoint.name(), "outcome" => outcome)
            .increment(1);
        histogram!("ingress_seconds", "route" => endpoint.name())
            .record(self.clock.now().since(began).as_secs_f64());
        response
    }

    async fn take(
        &self,
        endpoint: Endpoint,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> (Response<Bytes>, &'static str) {
        // This comes before the HMAC, so that nobody can make us hash large bodies.
        if body.len() > BODY_LIMIT {
            return (
                reply::text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n"),
                "too_large",
            );
        }
        let now = self.clock.now();
        match self.verify(headers, body, now).await {
            Ok(()) => {}
            Err(refusal) => return refusal,
        }
        let arrival = Arrival {
            endpoint,
            is_form: is_form(headers),
            body,
            received_at: now,
            signed_at: signed_at(headers),
            retry: retry_of(headers),
        };
        let intake = Intake {
            events: Arc::clone(&self.events),
            commands: Arc::clone(&self.commands),
        };
        let accepted = intake.take(arrival, || request_id(headers)).await;
        (accepted.acknowledgement.response(), accepted.outcome)
    }

    async fn verify(
        &self,
        headers: &HeaderMap,
        body: &Bytes,
        now: Timestamp,
    ) -> Result<(), (Response<Bytes>, &'static str)> {
        match self.check(headers, body, now).await.map_err(|e| {
            tracing::error!(error = %e, "the signing secrets cannot be read");
            let text = "not ready\n";
            (
                reply::text(StatusCode::SERVICE_UNAVAILABLE, text),
                "no_secrets",
            )
        })? {
            Ok(place) => {
                counter!("ingress_secret_match_total", "place" => place.to_string()).increment(1);
                if place > 0 {
                    counter!("ingress_old_secret_total").increment(1);
                }
                Ok(())
            }
            Err(e) => {
                // The alarm watches the sum, so it has a counter of its own without labels.
                counter!("ingress_unauthorized_total").increment(1);
                counter!("ingress_refusals_total", "reason" => reason(e)).increment(1);
                tracing::warn!(reason = reason(e), "request refused");
                let text = "the request is not signed by Slack, or too old\n";
                Err((reply::text(StatusCode::UNAUTHORIZED, text), "unauthorized"))
            }
        }
    }

    /// Returns the position of the secret that matched. If none matches, the secrets are read again and newer ones are tried.
    async fn check(
        &self,
        headers: &HeaderMap,
        body: &Bytes,
        now: Timestamp,
    ) -> Result<Result<usize, SignatureError>, SigningError> {
        let keys = self.keys.current().await?;
        let checked = keys.verify(headers, body, now.seconds());
        if checked != Err(SignatureError::Mismatch) {
            return Ok(checked);
        }
        match self.keys.newer_than(&keys).await? {
            Some(newer) => Ok(newer.verify(headers, body, now.seconds())),
            None => Ok(checked),
        }
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Makes the job id of a request without an event id, from its timestamp and signature: `rq.` and a hash.
pub fn request_id(headers: &HeaderMap) -> String {
    let bytes = |name: &str| {
        headers
            .get(name)
            .map(http::HeaderValue::as_bytes)
            .unwrap_or_default()
    };
    format!(
        "rq.{}",
        hash_text(&[bytes(TIMESTAMP_HEADER), b":", bytes(SIGNATURE_HEADER)].concat())
    )
}

/// Reads the timestamp header, which the signature covers.
fn signed_at(headers: &HeaderMap) -> Timestamp {
    let seconds = headers
        .get(TIMESTAMP_HEADER)
        .and_then(|v| v.to_str().ok()?.parse::<i64>().ok());
    Timestamp(seconds.unwrap_or_default().saturating_mul(1000))
}

fn retry_of(headers: &HeaderMap) -> Option<Retry> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let num = text("x-slack-retry-num")?.parse().ok()?;
    let reason = text("x-slack-retry-reason").unwrap_or_default();
    Some(retry(num, reason))
}

fn reason(e: SignatureError) -> &'static str {
    match e {
        SignatureError::Missing(_) => "missing_header",
        SignatureError::Repeated(_) => "repeated_header",
        SignatureError::Timestamp => "bad_timestamp",
        SignatureError::Stale => "stale",
        SignatureError::Malformed => "malformed",
        SignatureError::Mismatch => "mismatch",
    }
}
