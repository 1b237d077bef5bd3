//! Opens the installs from the configuration, and chooses the source of bot tokens.

use std::sync::Arc;

use thiserror::Error;
use tidegate_pipeline::delivery::{BotTokens, ConfiguredToken};
use tidegate_pipeline::secrets::Secrets;
use tidegate_pipeline::world::World;
use tidegate_slack::client::{BaseUrlError, SlackClient};
use tidegate_slack::http_client::{self, BuildError};

use super::{Installs, SlackApp};
use tidegate_pipeline::config::SecretSource;

use crate::config::{SlackAppConfig, SlackConfig};

/// The reason why the Slack client could not be made.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The base URL of the Web API is invalid.
    #[error("`SLACK_API_BASE_URL`: {0}")]
    Address(#[from] BaseUrlError),
    /// The TLS setup of the HTTP client failed.
    #[error(transparent)]
    Http(#[from] BuildError),
}

impl Installs {
    /// Opens the installs of the configured app.
    pub fn open(config: &SlackConfig, world: &World) -> Result<Self, OpenError> {
        let client = SlackClient::new(http_client::build()?, &config.api)?;
        let ssm = || Arc::clone(&world.parameters);
        let app = config.app.as_ref().map(|app| SlackApp::open(app, ssm));
        Ok(Self::new(world, client, app))
    }

    /// Makes the installs of `app`, which call Slack through `slack`. They assume that other processes use the table too.
    pub fn new(world: &World, slack: SlackClient, app: Option<SlackApp>) -> Self {
        Self {
            table: world.table.clone(),
            keyring: Arc::clone(&world.keyring),
            clock: Arc::clone(&world.clock),
            slack,
            wake_ups: Arc::clone(&world.wake_ups),
            app,
            exclusive: false,
        }
    }

    /// Returns the source of bot tokens: the configured token `one`, or else the installs. `ssm` opens the parameter store.
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
