//! The function that sweeps once a minute what is due and has not left.

use std::{process::ExitCode, sync::Arc, time::Duration};

use tidegate_app::config::{SchedulerConfig, both};
use tidegate_aws::lambda::{Error, run_scheduled, start};
use tidegate_aws::{client::Aws, dynamodb::DynamoTable, sqs::SqsQueue};
use tidegate_pipeline::{clock::SystemClock, sweep::sweep, table::Table};

/// Left of the invocation's time to tell how it went.
const MARGIN: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    start(run())
}

async fn run() -> Result<(), Error> {
    let (config, aws) = both(
        SchedulerConfig::from_env(),
        Aws::from_env().map_err(|e| e.0),
    )?;
    let clock = Arc::new(SystemClock);
    let table = Table::new(Arc::new(DynamoTable::new(&aws, config.table, clock)));
    let wake_ups = SqsQueue::new(&aws, config.delivery_queue);
    let task = |_until| async {
        sweep(&table, &wake_ups, &SystemClock).await?;
        Ok(())
    };
    run_scheduled(task, MARGIN).await
}
