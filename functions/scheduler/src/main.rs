//! The function that sweeps once a minute what is due and has not left.

use std::{process::ExitCode, sync::Arc, time::Duration};

use tidegate_app::config::{SchedulerConfig, both};
use tidegate_app::product::{JobQueues, Product};
use tidegate_aws::lambda::{Error, run_scheduled, start};
use tidegate_aws::{client::Aws, sqs::SqsQueue, store};

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
    let world = store::open(&aws, config.store, config.delivery_queue).await;
    let product = Product::open(config.product, world)?;
    let queues = JobQueues {
        events: Arc::new(SqsQueue::new(&aws, config.events_queue)),
        commands: Arc::new(SqsQueue::new(&aws, config.commands_queue)),
    };
    let sweep = async |until| match product.sweep(&queues, until).await.failed {
        Some(e) => Err(e.into()),
        None => Ok(()),
    };
    run_scheduled(sweep, MARGIN).await
}
