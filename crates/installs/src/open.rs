//! The installs of a configuration, and where posts get their tokens from.

use std::sync::Arc;

use thiserror::Error;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::delivery::{BotTokens, ConfiguredToken};
use tidegate_pipeline::keyring::Keyring;
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::secrets::Secrets;
use tidegate_pipeline::table::Table;
use tidegate_slack::client::{BaseUrlError, SlackClient};
use tidegate_slack::http_client::{self, BuildError};

use super::{Installs, SlackApp};
use tidegate_pipeline::config::SecretSource;

use crate::config::{SlackAppConfig, SlackConfig};

/// What installs work on.
pub struct Parts {
    table: Table,
    keyring: Arc<Keyring>,
    clock: Arc<dyn Clock>,
    wake_ups: Arc<dyn Queue>,
}

impl Parts {
    /// These four.
    pub fn new(
        table: &Table,
        keyring: Arc<Keyring>,
        clock: Arc<dyn Clock>,
        wake_ups: Arc<dyn Queue>,
    ) -> Self {
        Self {
            table: table.clone(),
            keyring,
            clock,
            wake_ups,
        }
    }
}

/// The client of Slack could not be made.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The address is no address.
    #[error("`SLACK_API_BASE_URL`: {0}")]
    Address(#[from] BaseUrlError),
    /// No TLS.
    #[error(transparent)]
    Http(#[from] BuildError),
}

impl Installs {
    /// The installs of that configuration. `ssm` opens Parameter Store, if a secret is there.
    pub fn open(
        config: &SlackConfig,
        parts: Parts,
        ssm: impl Fn() -> Arc<dyn Secrets>,
    ) -> Result<Self, OpenError> {
        Ok(Self {
            table: parts.table,
            keyring: parts.keyring,
            clock: parts.clock,
            slack: SlackClient::new(http_client::build()?, &config.api)?,
            wake_ups: parts.wake_ups,
            app: config.app.as_ref().map(|app| SlackApp::open(app, ssm)),
            exclusive: false,
        })
    }

    /// Where posts get their tokens from: the installs, or the one token of the configuration.
    pub fn tokens(
        &self,
        one: Option<SecretSource>,
        ssm: impl Fn() -> Arc<dyn Secrets>,
    ) -> Arc<dyn BotTokens> {
        match one {
            Some(token) => {
                let (secrets, name) = token.open("SLACK_BOT_TOKEN", ssm);
                Arc::new(ConfiguredToken { secrets, name })
            }
            None => Arc::new(self.clone()),
        }
    }
}

impl SlackApp {
    fn open(config: &SlackAppConfig, ssm: impl Fn() -> Arc<dyn Secrets>) -> Self {
        let (secrets, secret_name) = config
            .client_secret
            .clone()
            .open("SLACK_CLIENT_SECRET", ssm);
        Self {
            client_id: config.client_id.clone(),
            secrets,
            secret_name,
            scopes: config.scopes.clone(),
            user_scopes: config.user_scopes.clone(),
        }
    }
}
