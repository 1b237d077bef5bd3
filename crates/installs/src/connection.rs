//! The routes that show and change the connection of a workspace:
//!
//! ```text
//! POST   /api/auth/slack/refresh     renew the bot's token if it ends soon
//! POST   /api/auth/slack/disconnect  revoke the tokens at Slack and delete them here
//! DELETE /v1/workspaces/{id}         erase everything that is stored about it
//! ```
//!
//! The first two are also there as `/v1/workspaces/{id}/refresh` and `/v1/workspaces/{id}/disconnect`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use tidegate_outcome::Outcome;
use tidegate_pipeline::audit::AuditNote;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::TableError;
use tidegate_pipeline::tenants;
use tidegate_slack::api::auth::Revoke;
use tidegate_slack::ids::TenantId;

use super::grant::{self, Holder};
use super::oauth::app_of;
use super::{InstallError, Installs};
use crate::domain::{WORKSPACE_ERASE, WORKSPACE_WRITE};
use crate::shown::Workspace;
use tidegate_api::idempotency::Claim;
use tidegate_api::reply;
use tidegate_api::{Access, Api, ApiError, ApiResult, Call, OfTenant, Routes};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    let write = &Access::TenantOrOperator(WORKSPACE_WRITE);
    Routes::default()
        .at(write, routes!(refresh))
        .at(write, routes!(refresh_workspace))
        .at(write, routes!(disconnect))
        .at(write, routes!(disconnect_workspace))
        .at(&Access::TenantOrOperator(WORKSPACE_ERASE), routes!(erase))
}

/// How long Slack may take to end all tokens. The call that is under way then goes on.
const REVOKE_WITHIN: Duration = Duration::from_secs(5);

/// The number of rounds in which tokens that were renewed in the meantime are revoked too.
const MAX_ROUNDS: usize = 4;

/// The connection of one workspace to the app.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneWorkspace {
    pub(crate) ok: bool,
    pub(crate) workspace: Workspace,
}

/// A workspace whose tokens are deleted here.
#[derive(Serialize, ToSchema)]
struct Disconnected {
    ok: bool,
    /// Always `disconnected`.
    message: &'static str,
    /// Whether Slack confirmed that every token is revoked. Null if no token was left: an earlier call may have ended them.
    revoked_at_slack: Option<bool>,
}

/// A workspace that is marked as erased.
#[derive(Serialize, ToSchema)]
struct Erasing {
    ok: bool,
    /// Always `erasing`: the data goes in the background.
    state: &'static str,
    message: &'static str,
    /// Whether Slack confirmed that every token is revoked. Null if no token was left: an earlier call may have ended them.
    revoked_at_slack: Option<bool>,
}

/// Renew the bot's token
///
/// It is renewed if it ends soon. Otherwise nothing happens, because every refresh invalidates the token before.
#[utoipa::path(
    post,
    path = "/api/auth/slack/refresh",
    tag = "workspaces",
    params(OfTenant),
    responses((status = 200, body = OneWorkspace))
)]
async fn refresh(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let tenant = call.tenant()?;
    renew(api.domain::<Installs>()?, &tenant).await
}

/// Renew the bot's token
///
/// It is renewed if it ends soon. Otherwise nothing happens, because every refresh invalidates the token before.
#[utoipa::path(
    post,
    path = "/v1/workspaces/{id}/refresh",
    tag = "workspaces",
    params(("id" = String, Path, description = "The workspace's id")),
    responses((status = 200, body = OneWorkspace))
)]
async fn refresh_workspace(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let tenant = call.tenant_named(call.path("id")).map_err(|_| gone())?;
    renew(api.domain::<Installs>()?, &tenant).await
}

async fn renew(installs: &Installs, tenant: &TenantId) -> ApiResult {
    app_of(installs)?;
    if !installs.knows(tenant).await? {
        return Err(gone());
    }
    let renewed = installs.renewed(tenant, &Holder::Bot, None).await;
    renewed.map_err(|e| connection_error(&e))?;
    let workspace = Workspace::of(installs, tenant).await?;
    let body = OneWorkspace {
        ok: true,
        workspace,
    };
    Ok(reply::json(StatusCode::OK, &body))
}

/// Disconnect a workspace
#[utoipa::path(
    post,
    path = "/api/auth/slack/disconnect",
    tag = "workspaces",
    params(OfTenant),
    responses((status = 200, body = Disconnected))
)]
async fn disconnect(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let tenant = call.tenant()?;
    end_tokens(&api, &call, &tenant).await
}

/// Disconnect a workspace
#[utoipa::path(
    post,
    path = "/v1/workspaces/{id}/disconnect",
    tag = "workspaces",
    params(("id" = String, Path, description = "The workspace's id")),
    responses((status = 200, body = Disconnected))
)]
async fn disconnect_workspace(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let tenant = call.tenant_named(call.path("id")).map_err(|_| gone())?;
    end_tokens(&api, &call, &tenant).await
}

async fn end_tokens(api: &Api, call: &Call, tenant: &TenantId) -> ApiResult {
    let installs = api.domain::<Installs>()?;
    app_of(installs)?;
    // In an emergency, a mistyped id must not look like success.
    if !installs.knows(tenant).await? {
        return Err(gone());
    }
    let (claim, rows) = (Claim::of(call, "disconnect"), installs.table.tenant(tenant));
    // A repeat ends what the first call has left over, and not the tokens of an install since.
    let installed_by = claim.first_made(&rows, api.clock.now()).await?;
    let revoked = installs.disconnect(tenant, installed_by).await;
    let revoked = revoked.map_err(|e| connection_error(&e))?;
    let note = AuditNote {
        actor: call.actor(),
        action: "install.disconnect",
        detail: String::new(),
    };
    // The same row for every repeat.
    let audit = installs.audit();
    audit
        .record_once(tenant, &claim.id(), installed_by, &note)
        .await?;
    let body = Disconnected {
        ok: true,
        message: "disconnected",
        revoked_at_slack: revoked,
    };
    Ok(reply::json(StatusCode::OK, &body))
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
    params(("id" = String, Path, description = "The workspace's id")),
    responses((status = 202, body = Erasing))
)]
async fn erase(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let tenant = call.tenant_named(call.path("id")).map_err(|_| gone())?;
    if !api.domain::<Installs>()?.knows(&tenant).await? {
        return Err(gone());
    }
    let erased = api
        .domain::<Installs>()?
        .erase(&tenant, &call.actor())
        .await;
    let erased = erased.map_err(|e| ApiError::Internal(e.to_string()))?;
    let body = Erasing {
        ok: true,
        state: "erasing",
        message: "nothing that is stored of it is read any more; the scheduler destroys its keys within a minute, and its rows go next",
        revoked_at_slack: erased.revoked,
    };
    Ok(reply::json(StatusCode::ACCEPTED, &body))
}

impl Installs {
    /// Tells whether a tenant has sent anything or installed the app, and is not completely erased.
    async fn knows(&self, tenant: &TenantId) -> Result<bool, TableError> {
        tenants::is_listed(self.table.system().rows(), tenant).await
    }

    /// Revokes the tokens of the installs made by `installed_by` at Slack, and deletes them here. Returns whether Slack confirmed
    /// every one, or `None` if there was none. They are deleted even if Slack does not answer.
    pub async fn disconnect(
        &self,
        tenant: &TenantId,
        installed_by: Timestamp,
    ) -> Result<Option<bool>, InstallError> {
        let rows = self.table.tenant(tenant);
        let until = self.clock.now().plus(REVOKE_WITHIN);
        let mut revoked = None;
        // A token may have been renewed in the meantime, so the grants are read again.
        for _ in 0..MAX_ROUNDS {
            let mut left = self.grants(tenant).await?;
            left.retain(|grant| {
                grant.state != grant::State::Disconnected && grant.installed_at <= installed_by
            });
            if left.is_empty() {
                return Ok(revoked);
            }
            for seen in &left {
                let confirmed = match &seen.tokens {
                    // The caller does not wait for a Slack that is slow with each of many tokens.
                    Some(_) if self.clock.now() >= until => false,
                    Some(tokens) => {
                        let revoke = Revoke { test: None };
                        let outcome = self.slack.perform(&tokens.access, &revoke).await;
                        matches!(outcome, Outcome::Done(answer) if answer.revoked)
                    }
                    // The token is there and cannot be opened, so it lives on at Slack.
                    None => false,
                };
                revoked = Some(revoked.unwrap_or(true) && confirmed);
                self.end(tenant, &rows, seen, "disconnected").await?;
            }
        }
        Err(InstallError::Later("its tokens keep changing".to_owned()))
    }
}

fn connection_error(e: &InstallError) -> ApiError {
    let (status, code) = match e {
        InstallError::Disconnected(_) => (StatusCode::CONFLICT, "not_connected"),
        InstallError::Later(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    let (what_next, wait) = match e {
        InstallError::Disconnected(_) => ("; install the app at /slack/install", None),
        InstallError::Later(_) => ("; try again in a minute", Some(Duration::from_mins(1))),
    };
    ApiError::refused(status, code, format!("{e}{what_next}")).with_wait(wait)
}
