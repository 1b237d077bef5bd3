//! One envelope: what it would be over HTTP, into the intake, and the acknowledgement that comes of it.

use metrics::counter;
use serde_json::json;
use tidegate_ingress::{Acknowledgement, Arrival, BODY_LIMIT, Endpoint, Intake, retry};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::hash_text;
use tidegate_slack::socket::{Envelope, Kind};

/// Takes an envelope. The acknowledgement is there when the queue has what it held; without one Slack sends events
/// again, and shows people who typed or pressed something that it did not work.
pub(super) async fn take(
    intake: &Intake,
    envelope: &Envelope<'_>,
    now: Timestamp,
) -> Option<String> {
    let endpoint = endpoint(envelope.kind);
    let body = envelope.body();
    let (answer, outcome) = if body.len() > BODY_LIMIT {
        tracing::error!("socket mode: an envelope is too large");
        (None, "too_large")
    } else {
        let arrival = Arrival {
            endpoint,
            is_form: endpoint != Endpoint::Events,
            body: &body,
            received_at: now,
            // Nothing is signed here, and no field tells when Slack sent it.
            signed_at: now,
            retry: envelope
                .retry
                .as_ref()
                .map(|(num, reason)| retry(*num, reason)),
        };
        let claim = || format!("rq.{}", hash_text(envelope.identity().as_bytes()));
        let accepted = intake.take(arrival, claim).await;
        (Some(accepted.acknowledgement), accepted.outcome)
    };
    counter!("socket_envelopes_total", "route" => endpoint.name(), "outcome" => outcome)
        .increment(1);
    acknowledgement(envelope, &answer?)
}

/// The endpoint that the payload would have been sent to over HTTP. A kind of a later day goes the way of the events: it is kept,
/// and set aside.
fn endpoint(kind: Kind) -> Endpoint {
    match kind {
        Kind::Event | Kind::Other => Endpoint::Events,
        Kind::Command => Endpoint::Commands,
        Kind::Interaction => Endpoint::Interactions,
    }
}

fn acknowledgement(envelope: &Envelope<'_>, answer: &Acknowledgement) -> Option<String> {
    let id = &envelope.id;
    match (answer, answer.payload()) {
        (Acknowledgement::TryAgain, _) => None,
        (_, Some(payload)) if envelope.accepts_response => {
            Some(json!({"envelope_id": id, "payload": payload}).to_string())
        }
        // The words would not be shown. Slack's own sign that nobody answered is the truth, an acknowledgement is not.
        (Acknowledgement::Apology, _) => None,
        _ => Some(json!({"envelope_id": id}).to_string()),
    }
}
