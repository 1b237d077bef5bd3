//! Reads secrets from SSM Parameter Store and caches them. While the store is unreachable, a value is used for up to an hour.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use secrecy::SecretString;
use tidegate_pipeline::clock::{Clock, Timestamp};
use tidegate_pipeline::secrets::{SecretError, Secrets};

use crate::client::{Aws, Patience};

/// How long a value is used before it is read again.
const FRESH: Duration = Duration::from_mins(5);

/// How long a value is used while it cannot be read again.
const STALE: Duration = Duration::from_hours(1);

/// The pause after a failed read, so that an outage does not slow down every request.
const PAUSE: Duration = Duration::from_secs(30);

/// The least time between an attempt to read a value and the next one because of a doubt. Anyone can send a wrong signature, and
/// reads cost time.
const UNDOUBTED: Duration = Duration::from_secs(10);

/// The longest time that a request waits for a read while it can use an older value.
const RENEWAL: Duration = Duration::from_millis(500);

const PATIENCE: Patience = Patience {
    connect: Duration::from_millis(500),
    attempt: Duration::from_secs(1),
    total: Duration::from_millis(2500),
    attempts: 2,
};

/// Reads `SecureString` parameters of SSM, and keeps their values in memory.
pub struct SsmSecrets {
    client: Client,
    clock: Arc<dyn Clock>,
    kept: Mutex<BTreeMap<String, Kept>>,
}

#[derive(Clone)]
struct Kept {
    value: SecretString,
    read_at: Timestamp,
    /// The time of the last attempt to read it.
    tried_at: Timestamp,
    renew_at: Timestamp,
}

impl SsmSecrets {
    /// Uses the parameters of the account and region of the environment.
    pub fn new(aws: &Aws, clock: Arc<dyn Clock>) -> Self {
        Self {
            client: Client::new(&aws.config("ssm", PATIENCE)),
            clock,
            kept: Mutex::default(),
        }
    }

    fn kept(&self, name: &str) -> Option<Kept> {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    fn keep(&self, name: &str, kept: Kept) {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), kept);
    }

    async fn read(&self, name: &str) -> Result<SecretString, SecretError> {
        let problem = |why: String| SecretError {
            name: name.to_owned(),
            why,
        };
        let request = self.client.get_parameter().name(name).with_decryption(true);
        let answer = request.send().await.map_err(|e| problem(cause(&e)))?;
        let value = answer.parameter.and_then(|parameter| parameter.value);
        value
            .map(Into::into)
            .ok_or_else(|| problem("the parameter has no value".to_owned()))
    }
}

#[async_trait]
impl Secrets for SsmSecrets {
    async fn get(&self, name: &str) -> Result<SecretString, SecretError> {
        let now = self.clock.now();
        let kept = self
            .kept(name)
            .filter(|kept| now.since(kept.read_at) < STALE);
        let read = match &kept {
            Some(kept) if now < kept.renew_at => return Ok(kept.value.clone()),
            Some(_) => tokio::time::timeout(RENEWAL, self.read(name))
                .await
                .unwrap_or_else(|_| {
                    Err(SecretError {
                        name: name.to_owned(),
                        why: "no answer in time".to_owned(),
                    })
                }),
            None => self.read(name).await,
        };
        match (read, kept) {
            (Ok(value), _) => {
                let renew_at = now.plus(FRESH);
                self.keep(
                    name,
                    Kept {
                        value: value.clone(),
                        read_at: now,
                        tried_at: now,
                        renew_at,
                    },
                );
                Ok(value)
            }
            (Err(e), Some(kept)) => {
                tracing::warn!(error = %e, "secret.stale");
                let value = kept.value.clone();
                self.keep(
                    name,
                    Kept {
                        tried_at: now,
                        renew_at: now.plus(PAUSE),
                        ..kept
                    },
                );
                Ok(value)
            }
            (Err(e), None) => Err(e),
        }
    }

    fn doubt(&self, name: &str) {
        let now = self.clock.now();
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = all
            .get_mut(name)
            .filter(|kept| now.since(kept.tried_at) >= UNDOUBTED)
        {
            kept.renew_at = now;
        }
    }
}

fn cause<E: ProvideErrorMetadata>(e: &SdkError<E>) -> String {
    match e {
        SdkError::ServiceError(answer) => answer
            .err()
            .code()
            .unwrap_or("the parameter store answered with an error")
            .to_owned(),
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        _ => "the parameter store cannot be reached".to_owned(),
    }
}
