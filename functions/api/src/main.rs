//! The function that serves the API: everything except Slack's signed requests.

use std::{process::ExitCode, sync::Arc};

use tidegate_app::{api, api::Api, config, domains, installs};
use tidegate_aws::lambda::{Error, run_http, start};
use tidegate_aws::{client::Aws, secrets::SsmSecrets, sqs::SqsQueue, store::Store};
use tidegate_pipeline::clock::SystemClock;

fn main() -> ExitCode {
    start(run())
}

async fn run() -> Result<(), Error> {
    let config = config::ApiConfig::from_env();
    let (config, aws) = config::both(config, Aws::from_env().map_err(|e| e.0))?;
    let clock = Arc::new(SystemClock);
    let ssm = || Arc::new(SsmSecrets::new(&aws, clock.clone())) as _;
    let operator_key = config.operator_key.open("TIDEGATE_OPERATOR_KEY", ssm);
    let queue = |url| Arc::new(SqsQueue::new(&aws, url));
    let master_key = config.store.master_key.open("TIDEGATE_MASTER_KEY", ssm);
    let (table, keys) = (config.store.table, config.store.keys_table);
    let store = Store::open(&aws, table, keys, master_key, clock.clone()).await;
    let wakes = queue(config.delivery_queue);
    let parts = installs::Parts::new(&store.table, store.keyring, clock.clone(), wakes);
    let installs = installs::Installs::open(&config.slack, parts, ssm)?;
    let tokens = installs.tokens(config.slack.bot_token, ssm);
    let incidents = domains::incidents(config.incidents, config.public_url, &installs, tokens, ssm);
    let api = Api {
        keyring: installs.keyring.clone(),
        audit: installs.audit(),
        wake_ups: installs.wake_ups.clone(),
        members: Arc::new(installs.clone()),
        domains: vec![Arc::new(installs), incidents],
        table: store.table.into(),
        events: queue(config.events_queue),
        commands: queue(config.commands_queue),
        keep: config.keep,
        site: config.site,
        limits: api::Limits::default(),
        clock,
        operator_key,
    };
    run_http(api.service()).await
}
