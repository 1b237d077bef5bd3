//! The function that posts to Slack what waits in the outbox.

use std::{process::ExitCode, sync::Arc, time::Duration};

use tidegate_app::config::{DeliveryConfig, both};
use tidegate_app::installs::{Installs, Parts};
use tidegate_app::{domains, incidents::effects::perform::Outside};
use tidegate_aws::lambda::{Error, run_delivery, start};
use tidegate_aws::{client::Aws, secrets::SsmSecrets, sqs::SqsQueue, store::Store};
use tidegate_pipeline::delivery::{Deliverer, Sender};
use tidegate_pipeline::{clock::SystemClock, entropy::random_hex};

fn main() -> ExitCode {
    start(run())
}

async fn run() -> Result<(), Error> {
    let (config, aws) = both(DeliveryConfig::from_env(), Aws::from_env().map_err(|e| e.0))?;
    let clock = Arc::new(SystemClock);
    let ssm = || Arc::new(SsmSecrets::new(&aws, clock.clone())) as _;
    let master_key = config.store.master_key.open("TIDEGATE_MASTER_KEY", ssm);
    let (table, keys) = (config.store.table, config.store.keys_table);
    let store = Store::open(&aws, table, keys, master_key, clock.clone()).await;
    let queue = Arc::new(SqsQueue::new(&aws, config.delivery_queue));
    let parts = Parts::new(&store.table, store.keyring, clock.clone(), queue.clone());
    let installs = Installs::open(&config.slack, parts, ssm)?;
    let tokens = installs.tokens(config.slack.bot_token, ssm);
    let incidents = domains::incidents(
        config.incidents,
        config.public_url,
        &installs,
        tokens.clone(),
        ssm,
    );
    let deliverer = Deliverer {
        table: store.table,
        wake_ups: queue.clone(),
        slack: installs.slack.clone(),
        tokens,
        sender: Sender::one_of_many(random_hex(8)?),
        quiet: config.quiet,
        performer: Arc::new(Outside { incidents }),
        clock,
    };
    run_delivery(deliverer, queue, Duration::from_secs(2)).await
}
