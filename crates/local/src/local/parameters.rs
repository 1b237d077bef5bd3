//! Parameter Store, which local mode has not.

use async_trait::async_trait;
use secrecy::SecretString;
use tidegate_pipeline::secrets::{SecretError, Secrets};

/// Has no secret, and says where to put it.
pub(super) struct NoParameters;

#[async_trait]
impl Secrets for NoParameters {
    async fn get(&self, name: &str) -> Result<SecretString, SecretError> {
        Err(SecretError {
            name: name.to_owned(),
            why: "Parameter Store is for AWS: put the secret itself into the environment"
                .to_owned(),
        })
    }
}
