//! Where a sender gets a workspace's token from.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use thiserror::Error;
use tidegate_slack::ids::TenantId;

use crate::secrets::Secrets;

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoToken {
    /// Nobody could be asked, or the token is being renewed: try again.
    #[error("{0}")]
    Later(String),
    /// The workspace is not connected; its posts wait until it is installed again.
    #[error("the workspace is not connected: {0}")]
    Disconnected(String),
}

/// What to do about a post that Slack refused because of its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The token was out of date: there is another one now.
    Renewed,
    /// The token is as good as it gets: the refusal stands.
    Stands,
    /// The workspace is not connected any more.
    Disconnected,
}

/// The tokens of workspaces, as they are at present: they may be rotated while we run.
#[async_trait]
pub trait BotTokens: Send + Sync {
    /// The bot's token in a workspace or organisation.
    async fn token(&self, tenant: &TenantId) -> Result<SecretString, NoToken>;

    /// Says that Slack refused `token` with `code`, and asks what that means.
    async fn refused(&self, tenant: &TenantId, token: &SecretString, code: &str) -> Refused;
}

/// One token for whatever workspace comes, from the configuration.
pub struct ConfiguredToken {
    /// Holds it.
    pub secrets: Arc<dyn Secrets>,
    /// Its name there.
    pub name: String,
}

#[async_trait]
impl BotTokens for ConfiguredToken {
    async fn token(&self, _tenant: &TenantId) -> Result<SecretString, NoToken> {
        let token = self.secrets.get(&self.name).await;
        token.map_err(|e| NoToken::Later(e.to_string()))
    }

    async fn refused(&self, _tenant: &TenantId, _token: &SecretString, _code: &str) -> Refused {
        // Perhaps it was replaced by hand a moment ago: the next post asks for the present one.
        self.secrets.doubt(&self.name);
        Refused::Stands
    }
}

/// The tokens of a process that may not call Slack.
pub struct NoTokens;

#[async_trait]
impl BotTokens for NoTokens {
    async fn token(&self, _tenant: &TenantId) -> Result<SecretString, NoToken> {
        Err(NoToken::Disconnected(
            "this process has no tokens".to_owned(),
        ))
    }

    async fn refused(&self, _tenant: &TenantId, _token: &SecretString, _code: &str) -> Refused {
        Refused::Stands
    }
}
