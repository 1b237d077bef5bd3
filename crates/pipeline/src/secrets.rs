//! The seam for secrets: SSM Parameter Store on AWS, environment or a file locally.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use thiserror::Error;

/// Longest that a value may be kept: a changed one is seen after that time, doubted or not.
pub const KEPT_AT_MOST: Duration = Duration::from_mins(5);

/// Longest that a value may be used on, from when it was read, while it cannot be renewed.
pub const USED_ON_AT_MOST: Duration = Duration::from_hours(1);

/// How long after a read, or a try at one, a doubt is heeded again. Anyone can send a wrong signature and so cause a
/// doubt, and reads cost time.
pub const DOUBTED_AFTER: Duration = Duration::from_secs(10);

/// Why a secret could not be had. Never holds the secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("secret `{name}`: {why}")]
pub struct SecretError {
    /// Which one.
    pub name: String,
    /// What went wrong, in words.
    pub why: String,
}

/// Reads secrets by name. An implementation may keep values, within the bounds above, and use them while their store
/// cannot be read. `secrets_contract` tests what is promised here.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The secret's present value, as it stands in the store: what is a good one is for its user to judge. An error says
    /// which secret cannot be had and why, and is not kept: the next call asks the store again.
    async fn get(&self, name: &str) -> Result<SecretString, SecretError>;

    /// Says that the value seems out of date: a store that keeps values reads it anew at the next [`Secrets::get`],
    /// unless it has tried to within [`DOUBTED_AFTER`]. A doubt is about one name, reads nothing itself, and takes
    /// nothing away: when the store cannot be read, the doubted value serves on.
    fn doubt(&self, _name: &str) {}
}

/// One secret that does not change while the process lives. It answers to every name.
pub struct FixedSecret(pub SecretString);

#[async_trait]
impl Secrets for FixedSecret {
    async fn get(&self, _name: &str) -> Result<SecretString, SecretError> {
        Ok(self.0.clone())
    }
}
