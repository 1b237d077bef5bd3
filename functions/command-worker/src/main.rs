//! The function that works off the queue of commands and interactions.

use std::{process::ExitCode, sync::Arc, time::Duration};

use tidegate_app::config::{WorkerConfig, both};
use tidegate_app::routes::Routes;
use tidegate_aws::lambda::{Error, run_worker, start};
use tidegate_aws::{client::Aws, dynamodb::DynamoTable, sqs::SqsQueue};
use tidegate_pipeline::{clock::SystemClock, table::Table, worker::Worker};

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
    let clock = Arc::new(SystemClock);
    let dynamodb = DynamoTable::new(&aws, config.table, clock.clone());
    dynamodb.warm_up().await;
    let table = Table::new(Arc::new(dynamodb));
    let worker = Worker {
        handler: Arc::new(Routes::new(table.clone(), clock.clone(), config.keep)),
        source: Arc::new(SqsQueue::new(&aws, config.source_queue)),
        wake_ups: Arc::new(SqsQueue::new(&aws, config.delivery_queue)),
        keep: config.keep,
        table,
        clock,
    };
    run_worker(worker, MARGIN).await
}
