//! The function that works off the queue of commands and interactions.

use std::{process::ExitCode, sync::Arc, time::Duration};

use tidegate_app::config::{CommandConfig, both};
use tidegate_app::installs::{Installs, Parts};
use tidegate_app::{domains, routes::Routes};
use tidegate_aws::lambda::{Error, run_worker, start};
use tidegate_aws::{client::Aws, secrets::SsmSecrets, sqs::SqsQueue, store::Store};
use tidegate_pipeline::{clock::SystemClock, worker::Worker};

fn main() -> ExitCode {
    start(run())
}

async fn run() -> Result<(), Error> {
    let (config, aws) = both(CommandConfig::from_env(), Aws::from_env().map_err(|e| e.0))?;
    let (slack, config) = (config.slack, config.worker);
    let clock = Arc::new(SystemClock);
    let ssm = || Arc::new(SsmSecrets::new(&aws, clock.clone())) as _;
    let master_key = config.store.master_key.open("TIDEGATE_MASTER_KEY", ssm);
    let (table, keys) = (config.store.table, config.store.keys_table);
    let store = Store::open(&aws, table, keys, master_key, clock.clone()).await;
    let wake_ups = Arc::new(SqsQueue::new(&aws, config.delivery_queue));
    let parts = Parts::new(&store.table, store.keyring, clock.clone(), wake_ups.clone());
    let installs = Installs::open(&slack, parts, ssm)?;
    let tokens = installs.tokens(slack.bot_token, ssm);
    let incidents = domains::incidents(config.incidents, config.public_url, &installs, tokens, ssm);
    let routes = Routes::of(&installs, config.keep).with_incidents(incidents);
    let worker = Worker {
        handler: Arc::new(routes),
        source: Arc::new(SqsQueue::new(&aws, config.source_queue)),
        wake_ups,
        keep: config.keep,
        table: store.table,
        clock,
    };
    // Left of the invocation's time for the archive before a record and the answer after it.
    run_worker(worker, Duration::from_secs(3)).await
}
