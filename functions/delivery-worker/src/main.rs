//! The function that posts to Slack what waits in the outbox.

use std::{process::ExitCode, sync::Arc, time::Duration};

use tidegate_app::config::{DeliveryConfig, both};
use tidegate_aws::lambda::{Error, run_delivery, start};
use tidegate_aws::{client::Aws, dynamodb::DynamoTable, secrets::SsmSecrets, sqs::SqsQueue};
use tidegate_pipeline::delivery::{Deliverer, Sender};
use tidegate_pipeline::{clock::SystemClock, entropy::random_hex, table::Table};
use tidegate_slack::{client::SlackClient, http_client};

fn main() -> ExitCode {
    start(run())
}

async fn run() -> Result<(), Error> {
    let (config, aws) = both(DeliveryConfig::from_env(), Aws::from_env().map_err(|e| e.0))?;
    let clock = Arc::new(SystemClock);
    let ssm = || Arc::new(SsmSecrets::new(&aws, clock.clone())) as _;
    let (secrets, token_name) = config.bot_token.open("SLACK_BOT_TOKEN", ssm);
    let dynamodb = DynamoTable::new(&aws, config.table, clock.clone());
    dynamodb.warm_up().await;
    let queue = Arc::new(SqsQueue::new(&aws, config.delivery_queue));
    let deliverer = Deliverer {
        table: Table::new(Arc::new(dynamodb)),
        wake_ups: queue.clone(),
        slack: SlackClient::new(http_client::build()?, &config.slack_api)?,
        secrets,
        token_name,
        sender: Sender {
            boot: random_hex(8)?,
            exclusive: false,
        },
        quiet: config.quiet,
        clock,
    };
    run_delivery(deliverer, queue, Duration::from_secs(2)).await
}
