//! The function that works off the queue of events.

use std::{process::ExitCode, sync::Arc, time::Duration};

use tidegate_app::config::{WorkerConfig, both};
use tidegate_app::domains;
use tidegate_app::routes::Routes;
use tidegate_aws::lambda::{Error, run_worker, start};
use tidegate_aws::{client::Aws, secrets::SsmSecrets, sqs::SqsQueue, store::Store};
use tidegate_pipeline::{audit::Audit, clock::SystemClock, worker::Worker};

/// Left of the invocation's time for the archive before a record and the answer after it.
const MARGIN: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
    start(run())
}

async fn run() -> Result<(), Error> {
    let (config, aws) = both(WorkerConfig::of_events(), Aws::from_env().map_err(|e| e.0))?;
    let clock = Arc::new(SystemClock);
    let ssm = || Arc::new(SsmSecrets::new(&aws, clock.clone())) as _;
    let master_key = config.store.master_key.open("TIDEGATE_MASTER_KEY", ssm);
    let (table, keys) = (config.store.table, config.store.keys_table);
    let store = Store::open(&aws, table, keys, master_key, clock.clone()).await;
    let audit = Audit::new(store.table.clone(), store.keyring, clock.clone());
    let (incidents, url) = (config.incidents, config.public_url);
    let incidents = domains::incidents_without_slack(incidents, url, &store.table, audit.clone())?;
    let routes = Routes::new(store.table.clone(), audit, clock.clone(), config.keep);
    let worker = Worker {
        handler: Arc::new(routes.with_incidents(incidents)),
        source: Arc::new(SqsQueue::new(&aws, config.source_queue)),
        wake_ups: Arc::new(SqsQueue::new(&aws, config.delivery_queue)),
        keep: config.keep,
        table: store.table,
        clock,
    };
    run_worker(worker, MARGIN).await
}
