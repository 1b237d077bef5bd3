//! Gives the bot tokens of installed workspaces to the delivery of posts.
//!
//! No token is cached: each is read when it is needed, so none is used after its revocation is known.

use std::collections::BTreeSet;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tidegate_pipeline::delivery::{BotTokens, NoToken, TokenVerdict};
use tidegate_pipeline::table::{Rows, TableError, Write};
use tidegate_slack::ids::{TenantId, UserId};

use super::grant::{self, Grant, Holder, State};
use super::{InstallError, Installs, rights};

#[async_trait]
impl BotTokens for Installs {
    async fn token(&self, tenant: &TenantId) -> Result<SecretString, NoToken> {
        self.renewed(tenant, &Holder::Bot, None)
            .await
            .map_err(no_token)
    }

    async fn refused(&self, tenant: &TenantId, token: &SecretString, code: &str) -> TokenVerdict {
        match self.after_refusal(tenant, token, code).await {
            Ok(refused) => refused,
            Err(InstallError::Disconnected(_)) => TokenVerdict::Disconnected,
            // The next call of `token` reports that delivery has to wait.
            Err(InstallError::Later(_)) => TokenVerdict::Renewed,
        }
    }

    async fn admins_to_tell(&self, tenant: &TenantId) -> Result<BTreeSet<UserId>, TableError> {
        rights::told(&self.table.tenant(tenant)).await
    }
}

impl Installs {
    async fn after_refusal(
        &self,
        tenant: &TenantId,
        token: &SecretString,
        code: &str,
    ) -> Result<TokenVerdict, InstallError> {
        let rows = self.table.tenant(tenant);
        let grant = self.grant(&rows, &Holder::Bot).await?;
        let grant = grant.ok_or_else(|| InstallError::disconnected("it was never installed"))?;
        let Some(tokens) = &grant.tokens else {
            return Ok(TokenVerdict::Disconnected);
        };
        if tokens.access.expose_secret() != token.expose_secret() {
            return Ok(TokenVerdict::Renewed);
        }
        match code {
            "token_expired" => {
                self.renewed(tenant, &Holder::Bot, Some(token)).await?;
                match self.grant(&rows, &Holder::Bot).await? {
                    Some(grant) if grant.state == State::Connected => Ok(TokenVerdict::Renewed),
                    Some(grant) => {
                        self.record_end(&rows, &grant).await?;
                        Ok(TokenVerdict::Disconnected)
                    }
                    None => Ok(TokenVerdict::Disconnected),
                }
            }
            "token_revoked" | "account_inactive" | "invalid_auth" | "not_authed" => {
                // The event that reports the revocation may be late or lost.
                self.end(tenant, &rows, &grant, code).await?;
                Ok(TokenVerdict::Disconnected)
            }
            _ => Ok(TokenVerdict::Stands),
        }
    }

    /// Records that a token that cannot be renewed has ended before its expiry.
    async fn record_end(&self, rows: &Rows, grant: &Grant) -> Result<(), InstallError> {
        let over = Write::update(grant::key(&grant.holder), "SET #expires_at_ms = :now")
            .when("#generation = :seen AND #state = :reconnect AND attribute_exists(#access_token)")
            .value(":seen", grant.generation)
            .value(":reconnect", State::Reconnect.as_str())
            .value(":now", self.clock.now().millis());
        match rows.write(over).await {
            Ok(_) | Err(TableError::Condition) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }
}

fn no_token(e: InstallError) -> NoToken {
    match e {
        InstallError::Disconnected(why) => NoToken::Disconnected(why),
        InstallError::Later(why) => NoToken::Later(why),
    }
}
