//! The function that works off the queue of commands, interactions and timers.

use std::{process::ExitCode, sync::Arc, time::Duration};

use tidegate_app::config::{WorkerConfig, both};
use tidegate_app::product::Product;
use tidegate_aws::lambda::{Error, run_worker, start};
use tidegate_aws::{client::Aws, sqs::SqsQueue, store};

/// Left of the invocation's time for the archive before a record and the answer after it.
const MARGIN: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
    start(run())
}

async fn run() -> Result<(), Error> {
    let (config, aws) = both(
        WorkerConfig::of_commands(),
        Aws::from_env().map_err(|e| e.0),
    )?;
    let world = store::open(&aws, config.store, config.delivery_queue).await;
    let product = Product::open(config.product, world)?;
    let source = Arc::new(SqsQueue::new(&aws, config.source_queue));
    run_worker(product.worker(source), MARGIN).await
}
