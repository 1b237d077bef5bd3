//! The implementation of `Domain`, `DomainApi` and `Members` for installs.

use async_trait::async_trait;
use tidegate_api::{ApiError, ApiSpec, DomainApi, Members, Role, Scope};
use tidegate_pipeline::domain::{Context, Domain, DomainSpec};
use tidegate_pipeline::ledger::{Decision, JobError};
use tidegate_slack::event::Envelope;
use tidegate_slack::ids::{TenantId, UserId};

use crate::grant::State;
use crate::{Installs, admins, connection, login, oauth, reseal, revocation, status, workspaces};

/// The name of the domain.
pub const NAME: &str = "installs";

/// Allows a caller to renew or end the connection of the workspace.
pub(crate) const WORKSPACE_WRITE: Scope = Scope::named("workspace:write");
/// Allows a caller to keep the list of the workspace's admins.
pub(crate) const ADMINS_WRITE: Scope = Scope::named("admins:write");
/// Allows a caller to erase everything that is stored about the workspace.
pub(crate) const WORKSPACE_ERASE: Scope = Scope::named("workspace:erase");

/// The routes and scopes of installs.
pub static API: ApiSpec = ApiSpec {
    routes: || {
        oauth::routes()
            .and(status::routes())
            .and(connection::routes())
            .and(login::routes())
            .and(workspaces::routes())
            .and(admins::routes())
            .and(reseal::routes())
    },
    scopes: &[WORKSPACE_WRITE, WORKSPACE_ERASE, ADMINS_WRITE],
    member_scopes: &[],
};

/// The events and rows of installs.
pub static SPEC: DomainSpec = DomainSpec {
    events: &["tokens_revoked", "app_uninstalled"],
    // To tell the person who installed the app that it has to be installed again.
    required_scopes: &["chat:write"],
    rows: &["admins", "held", "install"],
    ..DomainSpec::named(NAME)
};

#[async_trait]
impl Domain for Installs {
    fn spec(&self) -> &'static DomainSpec {
        &SPEC
    }

    async fn event(&self, context: Context<'_>, envelope: &Envelope) -> Result<Decision, JobError> {
        match revocation::read(envelope) {
            Some(revocation) => revocation::end(context.rows, &revocation).await,
            None => Ok(Decision::default()),
        }
    }
}

impl DomainApi for Installs {
    fn api(&self) -> &'static ApiSpec {
        &API
    }
}

#[async_trait]
impl Members for Installs {
    async fn role(&self, tenant: &TenantId, user: &UserId) -> Result<Option<Role>, ApiError> {
        let bot = self.bot(tenant).await;
        let bot = bot.map_err(|e| ApiError::Internal(e.to_string()))?;
        let Some(bot) = bot.filter(|bot| bot.state != State::Disconnected) else {
            return Ok(None);
        };
        Ok(self.role_of(tenant, &bot, user).await?)
    }
}
