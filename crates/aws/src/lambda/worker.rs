//! Runs [`Worker`] on batches of queue messages.

use std::time::Duration;

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::worker::Worker;

use super::batch::{BatchResponse, EventError, read_batch};
use super::{Error, before, deadline};
use crate::telemetry;

/// Handles batches until Lambda ends the process. A record has until `margin` before the invocation's deadline. The margin is for
/// archiving and for reporting failures.
pub async fn run_worker(worker: Worker, margin: Duration) -> Result<(), Error> {
    let worker = &worker;
    lambda_runtime::run(service_fn(
        move |event: LambdaEvent<Box<RawValue>>| async move {
            let deadline = deadline(&event.context);
            let response = work_batch(worker, event.payload.get(), deadline, margin).await;
            telemetry::flush();
            response.map_err(Error::from)
        },
    ))
    .await
}

/// Handles one batch. Records have until `margin` before `deadline`. If half the margin is not enough for the rest, the whole batch
/// is returned for another try, because an invocation that misses its deadline reports nothing.
pub async fn work_batch(
    worker: &Worker,
    event: &str,
    deadline: Timestamp,
    margin: Duration,
) -> Result<BatchResponse, EventError> {
    let batch = read_batch(event)?;
    let ids: Vec<String> = batch.iter().map(|message| message.id.clone()).collect();
    let now = worker.clock.now();
    let limit = before(deadline, margin).since(now);
    let latest = before(deadline, margin / 2).since(now);
    // The batch runs in its own task, as each record does, so that a panic outside of them fails the batch and not the process.
    let mut working = tokio::spawn({
        let worker = worker.clone();
        async move { worker.process(batch, limit).await }
    });
    let failed = match tokio::time::timeout(latest, &mut working).await {
        Ok(Ok(failed)) => failed,
        Ok(Err(_)) => {
            tracing::error!(records = ids.len(), "batch.panicked");
            ids
        }
        Err(_) => {
            working.abort();
            tracing::error!(records = ids.len(), "batch.late");
            ids
        }
    };
    Ok(BatchResponse::failed(failed))
}
