//! The adapters to Lambda: HTTP requests, queue batches and schedules on one side, the product's handlers on the
//! other. Each event is one invocation; metrics are written out at its end, before Lambda freezes the process.

mod batch;
mod delivery;
mod http;
mod schedule;
mod worker;

use std::future::Future;
use std::process::ExitCode;

use lambda_runtime::Context;
use tidegate_pipeline::clock::Timestamp;

pub use self::batch::{BatchResponse, EventError, read_batch};
pub use self::delivery::{deliver_batch, run_delivery};
pub use self::http::{answer_http, run_http};
pub use self::schedule::run_scheduled;
pub use self::worker::{run_worker, work_batch};
use crate::telemetry;

/// Any error that ends the process.
pub type Error = lambda_runtime::Error;

/// A function's `main`: sets up telemetry and a runtime of one thread, and runs `main` on it. An error is logged, and
/// the process exits with it.
pub fn start(main: impl Future<Output = Result<(), Error>>) -> ExitCode {
    let set_up = telemetry::init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let ended = match (set_up, runtime) {
        (Ok(()), Ok(runtime)) => runtime.block_on(main),
        (Err(e), _) => Err(e.into()),
        (_, Err(e)) => Err(e.into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            tracing::error!(error = %e, "function.failed");
            ExitCode::FAILURE
        }
    }
}

/// Returns the time at which Lambda ends the invocation.
fn deadline(context: &Context) -> Timestamp {
    Timestamp(i64::try_from(context.deadline).unwrap_or(i64::MAX))
}

fn before(deadline: Timestamp, margin: std::time::Duration) -> Timestamp {
    Timestamp(
        deadline
            .0
            .saturating_sub(i64::try_from(margin.as_millis()).unwrap_or(i64::MAX)),
    )
}
