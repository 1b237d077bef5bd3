//! Takes a verified request, from HTTP or Socket Mode, and answers or queues it.

use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::job::{Job, Retry};
use tidegate_pipeline::queue::{Outgoing, Queue};

use super::{Acknowledgement, Decision, Endpoint, decide};

/// How long the queue may take. Slack gives up 3 s after it sent the request.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(2);

/// The reasons that Slack gives for a retry, over HTTP and in Socket Mode.
const REASONS: [&str; 6] = [
    "http_timeout",
    "too_many_redirects",
    "connection_failed",
    "ssl_error",
    "http_error",
    "timeout",
];

/// The queues for Slack's requests.
#[derive(Clone)]
pub struct Intake {
    /// The queue for events.
    pub events: Arc<dyn Queue>,
    /// The queue for commands and interactions.
    pub commands: Arc<dyn Queue>,
}

/// One request whose sender is verified to be Slack.
pub struct Arrival<'a> {
    /// The endpoint that the request came to, or would have come to over HTTP.
    pub endpoint: Endpoint,
    /// Whether the content type of the body is a form.
    pub is_form: bool,
    /// The body in the format of HTTP requests.
    pub body: &'a [u8],
    /// The time when ingress received it.
    pub received_at: Timestamp,
    /// The time when Slack signed it, to the second. In Socket Mode, the time when it was received.
    pub signed_at: Timestamp,
    /// The number and reason of Slack's retry. `None` for the first attempt.
    pub retry: Option<Retry>,
}

/// The result of [`Intake::take`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The acknowledgement for Slack.
    pub acknowledgement: Acknowledgement,
    /// The value of the metric label `outcome`.
    pub outcome: &'static str,
}

impl Intake {
    /// Answers or queues the request. When this returns with the outcome `queued`, the job is durable. `claim` makes the job id of
    /// a request without an event id.
    pub async fn take(&self, arrival: Arrival<'_>, claim: impl FnOnce() -> String) -> Accepted {
        let request = match decide(arrival.endpoint, arrival.is_form, arrival.body) {
            Decision::Acknowledge(acknowledgement) => {
                let outcome = acknowledgement.outcome();
                return Accepted {
                    acknowledgement,
                    outcome,
                };
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
            let (acknowledgement, outcome) = (Acknowledgement::Ok, "queued");
            return Accepted {
                acknowledgement,
                outcome,
            };
        }
        let (acknowledgement, outcome) = (request.when_queue_is_down, "queue_unavailable");
        Accepted {
            acknowledgement,
            outcome,
        }
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
                    "job not queued: the queue did not acknowledgement in time"
                );
                false
            }
        }
    }
}

/// Describes a repeated delivery. An unknown reason becomes `unknown_error`, because the reason is a metric label.
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
