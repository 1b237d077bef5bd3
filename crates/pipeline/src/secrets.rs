//! The seam for secrets. They come from SSM Parameter Store on AWS, and from the environment or a file locally.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use thiserror::Error;

/// The longest time that a value may be cached. After it, a changed value is read even without a doubt.
pub const KEPT_AT_MOST: Duration = Duration::from_mins(5);

/// The longest time that a value may be used after it was read, while the store is unreachable.
pub const USED_ON_AT_MOST: Duration = Duration::from_hours(1);

/// The least time between a read, or an attempt at one, and the next read because of a doubt. Anyone can cause a doubt by
/// sending a wrong signature, and reads cost time.
pub const DOUBTED_AFTER: Duration = Duration::from_secs(10);

/// The reason why a secret could not be read. It never holds the secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("secret `{name}`: {why}")]
pub struct SecretError {
    /// The name of the secret.
    pub name: String,
    /// A description of what went wrong.
    pub why: String,
}

/// Reads secrets by name. An implementation may cache values within the bounds above, and use them while their store is
/// unreachable. `secrets_contract` tests these rules.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// Returns the current value. The caller checks whether it is well-formed. An error is not cached: the next call asks the
    /// store again.
    async fn get(&self, name: &str) -> Result<SecretString, SecretError>;

    /// Reports that a value seems out of date. A caching store reads it again at the next [`Secrets::get`], unless it has tried
    /// to within [`DOUBTED_AFTER`]. A doubt concerns one name and reads nothing itself. While the store is unreachable, the
    /// doubted value stays in use.
    fn doubt(&self, _name: &str) {}
}

/// A store with one secret that does not change while the process runs. It returns the secret for every name.
pub struct FixedSecret(pub SecretString);

#[async_trait]
impl Secrets for FixedSecret {
    async fn get(&self, _name: &str) -> Result<SecretString, SecretError> {
        Ok(self.0.clone())
    }
}
