//! The function that posts to Slack what waits in the outbox.

use std::{process::ExitCode, sync::Arc, time::Duration};

use tidegate_app::config::{DeliveryConfig, both};
use tidegate_app::product::Product;
use tidegate_aws::lambda::{Error, run_delivery, start};
use tidegate_aws::{client::Aws, store};
use tidegate_pipeline::{delivery::Sender, entropy::random_hex};

/// Left of the invocation's time for the writes after the last post.
const MARGIN: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    start(run())
}

async fn run() -> Result<(), Error> {
    let (config, aws) = both(DeliveryConfig::from_env(), Aws::from_env().map_err(|e| e.0))?;
    let world = store::open(&aws, config.store, config.delivery_queue).await;
    let wake_ups = Arc::clone(&world.wake_ups);
    let product = Product::open(config.product, world)?;
    let deliverer = product.deliverer(Sender::one_of_many(random_hex(8)?), config.quiet);
    run_delivery(deliverer, wake_ups, MARGIN).await
}
