//! The function that serves the operator API and the health check.

use std::{process::ExitCode, sync::Arc};

use tidegate_app::config::{ApiConfig, both};
use tidegate_app::operator::Operator;
use tidegate_aws::lambda::{Error, run_http, start};
use tidegate_aws::{client::Aws, dynamodb::DynamoTable, secrets::SsmSecrets, sqs::SqsQueue};
use tidegate_pipeline::{clock::SystemClock, entropy::random_hex, table::Table};

fn main() -> ExitCode {
    start(run())
}

async fn run() -> Result<(), Error> {
    let (config, aws) = both(ApiConfig::from_env(), Aws::from_env().map_err(|e| e.0))?;
    let clock = Arc::new(SystemClock);
    let ssm = || Arc::new(SsmSecrets::new(&aws, clock.clone())) as _;
    let (secrets, key_name) = config.operator_key.open("TIDEGATE_OPERATOR_KEY", ssm);
    let queue = |url| Arc::new(SqsQueue::new(&aws, url));
    let operator = Arc::new(Operator {
        table: Table::new(Arc::new(DynamoTable::new(
            &aws,
            config.table,
            clock.clone(),
        ))),
        events: queue(config.events_queue),
        commands: queue(config.commands_queue),
        wake_ups: queue(config.delivery_queue),
        keep: config.keep,
        clock,
        secrets,
        key_name,
    });
    let handler = move |request| {
        let (operator, id) = (operator.clone(), random_hex(8).unwrap_or_default());
        async move { operator.handle(request, &id).await }
    };
    run_http(handler).await
}
