//! Workspaces as the API shows them, without any secret.

use serde::Serialize;
use tidegate_api::ApiError;
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::ids::TenantId;
use utoipa::ToSchema;

use crate::config::BotScopes;
use crate::grant::{self, Grant, Holder};
use crate::{InstallError, Installs};

/// A workspace and its connection.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Workspace {
    Installed(Box<InstalledWorkspace>),
    Other(OtherWorkspace),
}

/// A workspace without an install that can be shown.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OtherWorkspace {
    id: String,
    /// `not_installed`, `erasing` or `unreadable`.
    state: &'static str,
}

/// A workspace that has installed the app.
#[derive(Serialize, ToSchema)]
pub(crate) struct InstalledWorkspace {
    id: String,
    /// `connected`, `disconnected` or another state of the install.
    state: &'static str,
    /// Why the workspace is no longer connected.
    reason: Option<String>,
    app_id: String,
    team: Option<Named>,
    enterprise: Option<Named>,
    is_enterprise_install: bool,
    scopes: Vec<String>,
    /// Scopes that the app asks for and does not have.
    missing_scopes: Vec<String>,
    /// Optional scopes that the workspace has not granted.
    declined_scopes: Vec<String>,
    bot_user_id: Option<String>,
    bot_id: Option<String>,
    /// The person who installed the app last.
    installer: Option<String>,
    /// Unix time in seconds, as `token_expires_at`.
    installed_at: i64,
    /// Null if the token does not expire.
    token_expires_at: Option<i64>,
    /// The number of people who gave the app a token of theirs.
    user_tokens: usize,
}

/// A workspace or an organization by its id and name.
#[derive(Serialize, ToSchema)]
struct Named {
    id: String,
    name: String,
}

impl Workspace {
    /// A workspace of which only that state is known.
    pub(crate) fn in_state(tenant: &TenantId, state: &'static str) -> Self {
        Self::Other(OtherWorkspace {
            id: tenant.to_string(),
            state,
        })
    }

    /// Describes the connection of a workspace.
    pub(crate) async fn of(installs: &Installs, tenant: &TenantId) -> Result<Self, ApiError> {
        let grants = match installs.grants(tenant).await {
            Ok(grants) => grants,
            // It is marked as erased, but not all rows are removed yet.
            Err(InstallError::Disconnected(_)) => return Ok(Self::in_state(tenant, "erasing")),
            Err(e @ InstallError::Later(_)) => return Err(ApiError::Internal(e.to_string())),
        };
        if installs.keyring.is_erased(tenant).await? {
            return Ok(Self::in_state(tenant, "erasing"));
        }
        let people = grants
            .iter()
            .filter(|grant| grant.holder != Holder::Bot)
            .count();
        let bot = grants.iter().find(|grant| grant.holder == Holder::Bot);
        let Some(bot) = bot.or(grants.first()) else {
            return Ok(Self::in_state(tenant, "not_installed"));
        };
        let wanted = installs.app.as_ref().map(|app| app.scopes.clone());
        let installed = InstalledWorkspace::of(tenant, bot, people, &wanted.unwrap_or_default());
        Ok(Self::Installed(Box::new(installed)))
    }
}

impl InstalledWorkspace {
    fn of(tenant: &TenantId, grant: &Grant, people: usize, wanted: &BotScopes) -> Self {
        let named = |place: &Option<grant::NamedId>| {
            place.as_ref().map(|place| Named {
                id: place.id.clone(),
                name: place.name.clone(),
            })
        };
        let owned = |scopes: Vec<&str>| scopes.into_iter().map(str::to_owned).collect();
        let expires_at = grant.tokens.as_ref().and_then(|tokens| tokens.expires_at);
        Self {
            id: tenant.to_string(),
            state: grant.state.as_str(),
            reason: grant.reason.clone(),
            app_id: grant.app_id.clone(),
            team: named(&grant.team),
            enterprise: named(&grant.enterprise),
            is_enterprise_install: grant.team.is_none() && grant.enterprise.is_some(),
            scopes: grant.scopes.clone(),
            missing_scopes: owned(grant.missing(&wanted.required)),
            declined_scopes: owned(grant.missing(&wanted.optional)),
            bot_user_id: grant.bot_user.as_ref().map(ToString::to_string),
            bot_id: grant.bot_id.clone(),
            installer: grant.installer.as_ref().map(ToString::to_string),
            installed_at: grant.installed_at.seconds(),
            token_expires_at: expires_at.map(Timestamp::seconds),
            user_tokens: people,
        }
    }
}
