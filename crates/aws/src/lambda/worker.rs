//! Queue batches for [`Worker`].

use std::time::Duration;

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::worker::Worker;

use super::batch::{BatchResponse, EventError, read_batch};
use super::{Error, before, deadline};
use crate::telemetry;

/// Works off batches until Lambda ends the process. A record has until `margin` before the invocation's deadline;
/// the margin is for what comes before and after it: the archive, and telling what failed.
pub async fn run_worker(worker: Worker, margin: Duration) -> Result<(), Error> {
    let worker = &worker;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| async move {
        let until = before(deadline(&event.context), margin);
        let response = work_batch(worker, event.payload.get(), until).await;
        telemetry::flush();
        response.map_err(Error::from)
    }))
    .await
}

/// Works off one batch, each record until `until`.
pub async fn work_batch(worker: &Worker, event: &str, until: Timestamp) -> Result<BatchResponse, EventError> {
    let batch = read_batch(event)?;
    let ids: Vec<String> = batch.iter().map(|message| message.id.clone()).collect();
    let limit = until.since(worker.clock.now());
    // In a task of its own, as each record is: a panic outside of them costs the batch, not the process.
    let working = tokio::spawn({
        let worker = worker.clone();
        async move { worker.process(batch, limit).await }
    });
    let failed = working.await.unwrap_or_else(|_| {
        tracing::error!(records = ids.len(), "batch.panicked");
        ids
    });
    Ok(BatchResponse::failed(failed))
}
