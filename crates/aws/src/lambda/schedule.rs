//! Handles scheduled invocations, whose event has no content that is used.

use std::future::Future;
use std::time::Duration;

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use tidegate_pipeline::clock::Timestamp;

use super::{Error, before, deadline};
use crate::telemetry;

/// Calls `task` at each invocation with the time by which it should end: `margin` before the deadline. An error is logged and
/// reported to Lambda, which counts it.
pub async fn run_scheduled<F>(task: impl Fn(Timestamp) -> F, margin: Duration) -> Result<(), Error>
where
    F: Future<Output = Result<(), Error>>,
{
    let task = &task;
    lambda_runtime::run(service_fn(
        move |event: LambdaEvent<Box<RawValue>>| async move {
            let done = task(before(deadline(&event.context), margin)).await;
            telemetry::flush();
            done
        },
    ))
    .await
}
