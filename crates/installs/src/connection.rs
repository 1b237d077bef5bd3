//! The routes that show and change the connection of a workspace:
//!
//! ```text
//! GET    /api/auth/slack/status      show the public settings of the app
//! POST   /api/auth/slack/refresh     renew the bot's token if it ends soon
//! POST   /api/auth/slack/disconnect  revoke the tokens at Slack and delete them here
//! DELETE /v1/workspaces/{id}         erase everything that is stored about it
//! ```
//!
//! The two in the middle are also there as `/v1/workspaces/{id}/refresh` and `/v1/workspaces/{id}/disconnect`.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tidegate_outcome::Outcome;
use tidegate_pipeline::audit::Actor;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{RowKey, TableError};
use tidegate_pipeline::tenants;
use tidegate_slack::api::auth::Revoke;
use tidegate_slack::ids::TenantId;

use super::grant::{self, Grant, Holder};
use super::oauth::{app_of, redirect_uri};
use super::{InstallError, Installs};
use crate::config::BotScopes;
use crate::domain::{WORKSPACE_ERASE, WORKSPACE_WRITE};
use tidegate_api::reply;
use tidegate_api::{Access, Api, ApiError, ApiResult, Call, Routes};
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    let write = &Access::TenantOrOperator(WORKSPACE_WRITE);
    Routes::default()
        .at(&Access::Public, routes!(status))
        .at(write, routes!(refresh))
        .at(write, routes!(refresh_workspace))
        .at(write, routes!(disconnect))
        .at(write, routes!(disconnect_workspace))
        .at(&Access::TenantOrOperator(WORKSPACE_ERASE), routes!(erase))
}

/// The number of rounds in which tokens that were renewed in the meantime are revoked too.
const MAX_ROUNDS: usize = 4;

/// Show the public settings of the app
#[utoipa::path(
    get,
    path = "/api/auth/slack/status",
    tag = "install",
    responses((status = 200, body = Value))
)]
async fn status(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let installs = api.domain::<Installs>()?;
    let app = app_of(installs)?;
    let body = json!({
        "ok": true,
        "status": "configured",
        "client_id": app.client_id,
        "redirect_uri": redirect_uri(&api, &call),
        "default_scopes": app.scopes.all(),
        "user_scopes": app.user_scopes,
        "database_available": installs.table.system().rows().get(&probe_key()).await.is_ok(),
        "encryption_available": installs.keyring.hash("probe").await.is_ok(),
    });
    Ok(reply::json(StatusCode::OK, &body))
}

/// Renew the bot's token
///
/// It is renewed if it ends soon. Otherwise nothing happens, because every refresh invalidates the token before.
#[utoipa::path(
    post,
    path = "/api/auth/slack/refresh",
    tag = "workspaces",
    params(
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
    ),
    responses((status = 200, body = Value))
)]
async fn refresh(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let tenant = tenant_of_call(&call)?;
    renew(api.domain::<Installs>()?, &tenant).await
}

/// Renew the bot's token
///
/// It is renewed if it ends soon. Otherwise nothing happens, because every refresh invalidates the token before.
#[utoipa::path(
    post,
    path = "/v1/workspaces/{id}/refresh",
    tag = "workspaces",
    params(
        ("id" = String, Path, description = "The workspace's id"),
    ),
    responses((status = 200, body = Value))
)]
async fn refresh_workspace(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let tenant = call.tenant(Some(call.path("id"))).map_err(|_| gone())?;
    renew(api.domain::<Installs>()?, &tenant).await
}

async fn renew(installs: &Installs, tenant: &TenantId) -> ApiResult {
    app_of(installs)?;
    let renewed = installs.renewed(tenant, &Holder::Bot, None).await;
    renewed.map_err(|e| connection_error(&e))?;
    let workspace = workspace_json(installs, tenant).await?;
    Ok(reply::ok(json!({"ok": true, "workspace": workspace})))
}

/// Disconnect a workspace
#[utoipa::path(
    post,
    path = "/api/auth/slack/disconnect",
    tag = "workspaces",
    params(
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
    ),
    responses((status = 200, body = Value))
)]
async fn disconnect(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let tenant = tenant_of_call(&call)?;
    end_tokens(api.domain::<Installs>()?, &tenant, &call.actor()).await
}

/// Disconnect a workspace
#[utoipa::path(
    post,
    path = "/v1/workspaces/{id}/disconnect",
    tag = "workspaces",
    params(
        ("id" = String, Path, description = "The workspace's id"),
    ),
    responses((status = 200, body = Value))
)]
async fn disconnect_workspace(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let tenant = call.tenant(Some(call.path("id"))).map_err(|_| gone())?;
    end_tokens(api.domain::<Installs>()?, &tenant, &call.actor()).await
}

async fn end_tokens(installs: &Installs, tenant: &TenantId, actor: &Actor) -> ApiResult {
    app_of(installs)?;
    let revoked = installs.disconnect(tenant, actor).await;
    let revoked = revoked.map_err(|e| connection_error(&e))?;
    let body = json!({"ok": true, "message": "disconnected", "revoked_at_slack": revoked});
    Ok(reply::ok(body))
}

/// The error for a workspace that does not exist. To a member, another workspace does not exist.
fn gone() -> ApiError {
    ApiError::not_found("no workspace with that id")
}

/// Erase a workspace
#[utoipa::path(
    delete,
    path = "/v1/workspaces/{id}",
    tag = "workspaces",
    params(
        ("id" = String, Path, description = "The workspace's id"),
    ),
    responses((status = 202, body = Value))
)]
async fn erase(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let tenant = call.tenant(Some(call.path("id"))).map_err(|_| gone())?;
    if !api.domain::<Installs>()?.knows(&tenant).await? {
        return Err(gone());
    }
    let erased = api
        .domain::<Installs>()?
        .erase(&tenant, &call.actor())
        .await;
    let erased = erased.map_err(|e| ApiError::Internal(e.to_string()))?;
    let message = "its keys are destroyed: nothing that is stored of it can be read any more; its rows go next";
    let body = json!({"ok": true, "state": "erasing", "message": message, "revoked_at_slack": erased.revoked});
    Ok(reply::json(StatusCode::ACCEPTED, &body))
}

impl Installs {
    /// Tells whether a tenant has sent anything or installed the app, and is not completely erased.
    async fn knows(&self, tenant: &TenantId) -> Result<bool, TableError> {
        tenants::is_listed(self.table.system().rows(), tenant).await
    }

    /// Revokes all tokens of a tenant at Slack and deletes them here. Returns whether Slack confirmed every one. They are deleted
    /// even if Slack does not answer.
    pub async fn disconnect(&self, tenant: &TenantId, actor: &Actor) -> Result<bool, InstallError> {
        let rows = self.table.tenant(tenant);
        let mut revoked = true;
        // A token may have been renewed in the meantime, so the grants are read again.
        for _ in 0..MAX_ROUNDS {
            let mut left = self.grants(tenant).await?;
            left.retain(|grant| grant.state != grant::State::Disconnected);
            if left.is_empty() {
                self.note(tenant, actor, "install.disconnect", "").await;
                return Ok(revoked);
            }
            for seen in &left {
                revoked &= match &seen.tokens {
                    Some(tokens) => {
                        let revoke = Revoke { test: None };
                        let outcome = self.slack.perform(&tokens.access, &revoke).await;
                        matches!(outcome, Outcome::Done(answer) if answer.revoked)
                    }
                    // The token is there and cannot be opened, so it lives on at Slack.
                    None => false,
                };
                self.end(tenant, &rows, seen, "disconnected").await?;
            }
        }
        Err(InstallError::Later("its tokens keep changing".to_owned()))
    }
}

/// Describes the connection of a workspace as JSON, without any secret.
pub(crate) async fn workspace_json(
    installs: &Installs,
    tenant: &TenantId,
) -> Result<Value, ApiError> {
    let grants = match installs.grants(tenant).await {
        Ok(grants) => grants,
        // Its keys are destroyed, but not all rows are removed yet.
        Err(InstallError::Disconnected(_)) => return Ok(json!({"id": tenant, "state": "erasing"})),
        Err(e @ InstallError::Later(_)) => return Err(ApiError::Internal(e.to_string())),
    };
    if installs.keyring.is_erased(tenant).await? {
        return Ok(json!({"id": tenant, "state": "erasing"}));
    }
    let people = grants
        .iter()
        .filter(|grant| grant.holder != Holder::Bot)
        .count();
    let bot = grants.iter().find(|grant| grant.holder == Holder::Bot);
    let Some(bot) = bot.or(grants.first()) else {
        return Ok(json!({"id": tenant, "state": "not_installed"}));
    };
    let wanted = installs.app.as_ref().map(|app| app.scopes.clone());
    Ok(described(tenant, bot, people, &wanted.unwrap_or_default()))
}

fn described(tenant: &TenantId, grant: &Grant, people: usize, wanted: &BotScopes) -> Value {
    let place = |place: &Option<super::grant::NamedId>| {
        place
            .as_ref()
            .map(|place| json!({"id": place.id, "name": place.name}))
    };
    let expires_at = grant.tokens.as_ref().and_then(|tokens| tokens.expires_at);
    json!({
        "id": tenant,
        "state": grant.state.as_str(),
        "reason": grant.reason,
        "app_id": grant.app_id,
        "team": place(&grant.team),
        "enterprise": place(&grant.enterprise),
        "is_enterprise_install": grant.team.is_none() && grant.enterprise.is_some(),
        "scopes": grant.scopes,
        "missing_scopes": grant.missing(&wanted.required),
        "declined_scopes": grant.missing(&wanted.optional),
        "bot_user_id": grant.bot_user,
        "bot_id": grant.bot_id,
        "installer": grant.installer,
        "installed_at": grant.installed_at.seconds(),
        "token_expires_at": expires_at.map(Timestamp::seconds),
        "user_tokens": people,
    })
}

#[derive(Default, Deserialize)]
struct TenantBody {
    tenant: Option<String>,
}

/// Returns the tenant of the call: a member's own, or the one that an operator names in the body or the query.
fn tenant_of_call(call: &Call) -> Result<TenantId, ApiError> {
    let body: TenantBody = if call.body.is_empty() {
        TenantBody::default()
    } else {
        call.json()?
    };
    call.tenant(body.tenant.as_deref().or(call.query.get("tenant")))
}

fn connection_error(e: &InstallError) -> ApiError {
    let (status, code) = match e {
        InstallError::Disconnected(_) => (StatusCode::CONFLICT, "not_connected"),
        InstallError::Later(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    let what_next = match e {
        InstallError::Disconnected(_) => "; install the app again at /slack/install",
        InstallError::Later(_) => "; try again in a minute",
    };
    ApiError::Request(status, code, format!("{e}{what_next}"))
}

fn probe_key() -> RowKey {
    RowKey::new(&["probe"], &["probe"])
}
