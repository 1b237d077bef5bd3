//! What a request goes through once it is believed to be Slack's, whichever way it came: answered now, or queued.

use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::job::{Job, Retry};
use tidegate_pipeline::queue::{Outgoing, Queue};

use super::{Answer, Decision, Endpoint, decide};

/// How long the queue may take. Slack gives up after 3 s, the way there and back included.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(2);

/// Slack's reasons for a retry: those of HTTP, and those of Socket Mode.
const REASONS: [&str; 6] = [
    "http_timeout",
    "too_many_redirects",
    "connection_failed",
    "ssl_error",
    "http_error",
    "timeout",
];

/// Where Slack's requests go.
#[derive(Clone)]
pub struct Intake {
    /// Where events go.
    pub events: Arc<dyn Queue>,
    /// Where commands and interactions go.
    pub commands: Arc<dyn Queue>,
}

/// One request that is Slack's: its sender has been checked.
pub struct Arrival<'a> {
    /// What it would be sent to over HTTP.
    pub endpoint: Endpoint,
    /// Whether the body is a form.
    pub is_form: bool,
    /// The body as it comes over HTTP.
    pub body: &'a [u8],
    /// When it came.
    pub received_at: Timestamp,
    /// When Slack signed it, or when it came if nothing is signed.
    pub signed_at: Timestamp,
    /// Which of Slack's tries it is, unless the first.
    pub retry: Option<Retry>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What to tell Slack.
    pub answer: Answer,
    /// For metrics.
    pub outcome: &'static str,
}

impl Intake {
    /// Answers the request, or has it on the queue when this returns. `claim` names a request that has no event id.
    pub async fn take(&self, arrival: Arrival<'_>, claim: impl FnOnce() -> String) -> Taken {
        let request = match decide(arrival.endpoint, arrival.is_form, arrival.body) {
            Decision::Answer(answer) => {
                let outcome = answer.outcome();
                return Taken { answer, outcome };
            }
            Decision::Queue(request) => request,
        };
        let job = Job {
            kind: request.kind.to_owned(),
            id: request.id.unwrap_or_else(claim),
            tenant: request.tenant,
            received_at: arrival.received_at,
            signed_at: arrival.signed_at,
            retry: arrival.retry,
            body: arrival.body.to_vec(),
        };
        if self.enqueue(arrival.endpoint, &job).await {
            let (answer, outcome) = (Answer::Ok, "queued");
            return Taken { answer, outcome };
        }
        let (answer, outcome) = (request.when_queue_is_down, "queue_unavailable");
        Taken { answer, outcome }
    }

    async fn enqueue(&self, endpoint: Endpoint, job: &Job) -> bool {
        if let Some(retry) = &job.retry {
            counter!("ingress_retries_total", "reason" => retry.reason.clone()).increment(1);
        }
        let body = match job.encode() {
            Ok(body) => body,
            Err(e) => {
                tracing::error!(error = %e, event_id = job.id, "job not encoded");
                return false;
            }
        };
        let queue = match endpoint {
            Endpoint::Events => &self.events,
            Endpoint::Commands | Endpoint::Interactions => &self.commands,
        };
        let message = Outgoing {
            group: job.tenant.as_str().to_owned(),
            body,
            delay: Duration::ZERO,
        };
        match tokio::time::timeout(QUEUE_TIMEOUT, queue.send(message)).await {
            Ok(Ok(())) => true,
            Ok(Err(e)) => {
                tracing::error!(error = %e, event_id = job.id, "job not queued");
                false
            }
            Err(_) => {
                tracing::error!(
                    event_id = job.id,
                    "job not queued: the queue did not answer in time"
                );
                false
            }
        }
    }
}

/// What Slack says of a repeated delivery. The reason becomes a metric's label, so it must be one of few.
pub fn retry(num: u32, reason: &str) -> Retry {
    let reason = REASONS
        .into_iter()
        .find(|known| *known == reason)
        .unwrap_or("unknown_error");
    Retry {
        num,
        reason: reason.to_owned(),
    }
}
