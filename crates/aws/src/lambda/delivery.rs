//! Runs [`Deliverer`] on batches of wake-ups.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::Deliverer;
use tidegate_pipeline::job::Job;
use tidegate_pipeline::ledger::JobError;
use tidegate_pipeline::outbox::{Lane, WakeUp};
use tidegate_pipeline::queue::{Queue, Received};
use tidegate_pipeline::worker::backoff;
use tracing::{Instrument, info_span};

use super::batch::{BatchResponse, EventError, read_batch};
use super::{Error, before, deadline};
use crate::telemetry;

/// Handles wake-ups until Lambda ends the process. Deliveries stop `margin` before the invocation's deadline. `source` is the queue
/// that the wake-ups come from, on which failed ones are hidden.
pub async fn run_delivery(
    deliverer: Deliverer,
    source: Arc<dyn Queue>,
    margin: Duration,
) -> Result<(), Error> {
    let (deliverer, source) = (&deliverer, &*source);
    lambda_runtime::run(service_fn(
        move |event: LambdaEvent<Box<RawValue>>| async move {
            let until = before(deadline(&event.context), margin);
            let response = deliver_batch(deliverer, source, event.payload.get(), until).await;
            telemetry::flush();
            response.map_err(Error::from)
        },
    ))
    .await
}

/// Delivers concurrently in the lanes of one batch, until `until`. Several wake-ups of one lane count as one.
pub async fn deliver_batch(
    deliverer: &Deliverer,
    source: &dyn Queue,
    event: &str,
    until: Timestamp,
) -> Result<BatchResponse, EventError> {
    let mut lanes = BTreeMap::new();
    let mut failed = Vec::new();
    for message in read_batch(event)? {
        let Some((job, wake_up)) = parse(&message) else {
            // The message goes to the dead-letter queue. The sweep finds the posts that it was for.
            tracing::error!(message_id = message.id, "wake_up.unreadable");
            failed.push(message);
            continue;
        };
        let lane = (job.tenant, Lane::from_text(wake_up.lane));
        let (hops, messages): &mut (u32, Vec<Received>) = lanes.entry(lane).or_default();
        *hops = wake_up.hops.max(*hops);
        messages.push(message);
    }
    let running = lanes.into_iter().map(|((tenant, lane), (hops, messages))| {
        let span = info_span!("delivery", %tenant, lane = lane.as_str(), hops);
        let deliverer = deliverer.clone();
        let task = async move { deliverer.run(&tenant, &lane, hops, until).await };
        let task = tokio::spawn(task.instrument(span.clone()));
        let ended = async move {
            match task.await {
                Ok(Ok(())) => Vec::new(),
                Ok(Err(e)) => to_retry(&e, messages),
                Err(_) => {
                    tracing::error!("delivery.panicked");
                    messages
                }
            }
        };
        ended.instrument(span)
    });
    failed.extend(join_all(running).await.into_iter().flatten());
    join_all(failed.iter().map(|message| hide(source, message))).await;
    Ok(BatchResponse::failed(
        failed.into_iter().map(|message| message.id),
    ))
}

fn parse(message: &Received) -> Option<(Job, WakeUp)> {
    let job = Job::decode(&message.body).ok()?;
    let wake_up = serde_json::from_slice(&job.body).ok()?;
    Some((job, wake_up))
}

/// Logs the error and returns the messages that must be tried again.
fn to_retry(e: &JobError, messages: Vec<Received>) -> Vec<Received> {
    match e {
        JobError::Retry(reason) => tracing::warn!(reason, "delivery.retry"),
        JobError::Fail(reason) => tracing::error!(reason, "delivery.failed"),
        JobError::Erased => return Vec::new(),
    }
    messages
}

async fn hide(source: &dyn Queue, message: &Received) {
    if let Err(e) = source.hide(&message.receipt, backoff(message)).await {
        tracing::warn!(error = %e, "visibility not shortened");
    }
}
