//! The function that serves the API: everything except Slack's signed requests.

use std::{process::ExitCode, sync::Arc};

use tidegate_app::config::{ApiConfig, both};
use tidegate_app::product::{JobQueues, Product};
use tidegate_aws::lambda::{Error, run_http, start};
use tidegate_aws::{client::Aws, sqs::SqsQueue, store};

fn main() -> ExitCode {
    start(run())
}

async fn run() -> Result<(), Error> {
    let (config, aws) = both(ApiConfig::from_env(), Aws::from_env().map_err(|e| e.0))?;
    let world = store::open(&aws, config.store, config.delivery_queue).await;
    let parameters = || Arc::clone(&world.parameters);
    let operator_key = config
        .operator_key
        .open("TIDEGATE_OPERATOR_KEY", parameters);
    let product = Product::open(config.product, world)?;
    let queues = JobQueues {
        events: Arc::new(SqsQueue::new(&aws, config.events_queue)),
        commands: Arc::new(SqsQueue::new(&aws, config.commands_queue)),
    };
    let api = product.api(queues, operator_key).service();
    run_http(move |request| {
        let api = api.clone();
        async move { api.answer(request).await }
    })
    .await
}
