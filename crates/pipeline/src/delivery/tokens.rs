//! The source of the bot tokens that senders use.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use thiserror::Error;
use tidegate_slack::ids::{TenantId, UserId};

use crate::secrets::Secrets;
use crate::table::TableError;

/// The reason why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoToken {
    /// The source was unavailable, or the token is being renewed. Try again.
    #[error("{0}")]
    Later(String),
    /// The workspace is not connected. Its posts wait until the app is installed again.
    #[error("the workspace is not connected: {0}")]
    Disconnected(String),
}

/// What a refusal because of a token means for the post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenVerdict {
    /// The token was out of date, and there is a new one. The post can be sent again.
    Renewed,
    /// There is no better token, so the refusal stands.
    Stands,
    /// The workspace is no longer connected, so the post is held.
    Disconnected,
}

/// Gives the current bot tokens of workspaces, which may be rotated while the process runs.
#[async_trait]
pub trait BotTokens: Send + Sync {
    /// Returns the bot's token for a workspace or organization.
    async fn token(&self, tenant: &TenantId) -> Result<SecretString, NoToken>;

    /// Reports that Slack refused `token` with the error `code`. Returns what that means for the post.
    async fn refused(&self, tenant: &TenantId, token: &SecretString, code: &str) -> TokenVerdict;

    /// Returns the admins who are told of what concerns the whole workspace, a bounded number. None if the source knows none, as a
    /// configured token does.
    async fn admins_to_tell(&self, _tenant: &TenantId) -> Result<BTreeSet<UserId>, TableError> {
        Ok(BTreeSet::new())
    }
}

/// One token from the configuration, which is used for every workspace.
pub struct ConfiguredToken {
    /// The store that holds the token.
    pub secrets: Arc<dyn Secrets>,
    /// The name of the token in that store.
    pub name: String,
}

#[async_trait]
impl BotTokens for ConfiguredToken {
    async fn token(&self, _tenant: &TenantId) -> Result<SecretString, NoToken> {
        let token = self.secrets.get(&self.name).await;
        token.map_err(|e| NoToken::Later(e.to_string()))
    }

    async fn refused(
        &self,
        _tenant: &TenantId,
        _token: &SecretString,
        _code: &str,
    ) -> TokenVerdict {
        // An operator may have replaced it a moment ago. The next post reads it again.
        self.secrets.doubt(&self.name);
        TokenVerdict::Stands
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

    async fn refused(
        &self,
        _tenant: &TenantId,
        _token: &SecretString,
        _code: &str,
    ) -> TokenVerdict {
        TokenVerdict::Stands
    }
}
