//! A secret from the environment or a file, which is read once at the start, keeps the secrets contract.

use std::sync::Arc;

use tidegate_pipeline::secrets::{FixedSecret, Secrets};
use tidegate_pipeline::secrets_contract::secrets_contract;

#[tokio::test]
async fn a_fixed_secret_keeps_the_contract() {
    let open = |value: &str| -> Arc<dyn Secrets> { Arc::new(FixedSecret(value.into())) };
    secrets_contract(open, None).await;
}
