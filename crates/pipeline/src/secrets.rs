//! The seam for secrets: SSM Parameter Store on AWS, environment or a file locally.

use async_trait::async_trait;
use secrecy::SecretString;
use thiserror::Error;

/// Why a secret could not be had. Never holds the secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("secret `{name}`: {why}")]
pub struct SecretError {
    /// Which one.
    pub name: String,
    /// What went wrong, in words.
    pub why: String,
}

/// Reads secrets by name.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The secret's present value.
    async fn get(&self, name: &str) -> Result<SecretString, SecretError>;

    /// Says that the value seems out of date: a store that keeps values reads it anew at the next [`Secrets::get`],
    /// unless it has only just done so.
    fn doubt(&self, _name: &str) {}
}

/// One secret that does not change while the process lives.
pub struct FixedSecret(pub SecretString);

#[async_trait]
impl Secrets for FixedSecret {
    async fn get(&self, _name: &str) -> Result<SecretString, SecretError> {
        Ok(self.0.clone())
    }
}
