//! The function that answers Slack: verifies the signature, answers or queues.

use std::{process::ExitCode, sync::Arc};

use tidegate_aws::lambda::{Error, run_http, start};
use tidegate_aws::{client::Aws, secrets::SsmSecrets, sqs::SqsQueue};
use tidegate_ingress::signing::SigningKeys;
use tidegate_ingress::{Ingress, IngressConfig};
use tidegate_pipeline::clock::SystemClock;
use tidegate_pipeline::config::both;

fn main() -> ExitCode {
    start(run())
}

async fn run() -> Result<(), Error> {
    let (config, aws) = both(IngressConfig::from_env(), Aws::from_env().map_err(|e| e.0))?;
    let clock = Arc::new(SystemClock);
    let ssm = || Arc::new(SsmSecrets::new(&aws, clock.clone())) as _;
    let (store, name) = config.signing_secret.open("SLACK_SIGNING_SECRET", ssm);
    let keys = SigningKeys::new(store, name);
    keys.current().await?;
    let events = Arc::new(SqsQueue::for_ingress(&aws, config.events_queue));
    // Init runs at full speed at every memory size, so the connection is opened here and not by the first request.
    events.warm_up().await;
    let commands = Arc::new(events.beside(config.commands_queue));
    let ingress = Arc::new(Ingress {
        keys,
        events,
        commands,
        clock,
    });
    run_http(move |request| {
        let ingress = ingress.clone();
        async move { ingress.handle(request).await }
    })
    .await
}
