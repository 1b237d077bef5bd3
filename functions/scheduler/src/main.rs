//! The function that sweeps once a minute what is due and has not left.

use std::{process::ExitCode, sync::Arc, time::Duration};

use tidegate_app::config::{SchedulerConfig, both};
use tidegate_app::installs::{Installs, Parts};
use tidegate_aws::lambda::{Error, run_scheduled, start};
use tidegate_aws::{client::Aws, secrets::SsmSecrets, sqs::SqsQueue, store::Store};
use tidegate_pipeline::{clock::SystemClock, sweep::sweep, timers::send_due_timers};

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
    let ssm = || Arc::new(SsmSecrets::new(&aws, clock.clone())) as _;
    let master_key = config.store.master_key.open("TIDEGATE_MASTER_KEY", ssm);
    let (table, keys) = (config.store.table, config.store.keys_table);
    let store = Store::open(&aws, table, keys, master_key, clock.clone()).await;
    let commands = &SqsQueue::new(&aws, config.commands_queue);
    let wake_ups = Arc::new(SqsQueue::new(&aws, config.delivery_queue));
    let parts = Parts::new(&store.table, store.keyring, clock.clone(), wake_ups);
    let installs = &Installs::open(&config.slack, parts, ssm)?;
    let task = |until| async move {
        sweep(&installs.table, &*installs.wake_ups, &SystemClock).await?;
        send_due_timers(&installs.table, commands, &SystemClock, until).await?;
        installs.upkeep(until).await?;
        Ok(())
    };
    run_scheduled(task, MARGIN).await
}
