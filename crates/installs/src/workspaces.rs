//! The routes `GET /v1/workspaces` and `GET /v1/workspaces/{id}`, which show the state of each connection.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use tidegate_pipeline::table::Cursor;
use tidegate_pipeline::tenants;
use tidegate_slack::ids::TenantId;
use tidegate_slack::tenant::is_id;

use crate::Installs;
use crate::connection::OneWorkspace;
use crate::shown::Workspace;
use tidegate_api::reply;
use tidegate_api::{Access, Api, ApiError, ApiResult, Call, Caller, OnlyOf, Paging, Routes, Scope};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    let access = &Access::TenantOrOperator(Scope::WORKSPACE_READ);
    Routes::default()
        .at(access, routes!(list))
        .at(access, routes!(show))
}

/// The part of the list that a call asks for. Each workspace costs some reads.
type Page = Paging<100, 250>;

/// One page of workspaces. A member's has only their own.
#[derive(Serialize, ToSchema)]
struct WorkspacePage {
    ok: bool,
    workspaces: Vec<Workspace>,
    /// The `after` of the next page. Null on the last one.
    next: Option<String>,
}

/// List workspaces
#[utoipa::path(
    get,
    path = "/v1/workspaces",
    tag = "workspaces",
    params(OnlyOf, Page),
    responses((status = 200, body = WorkspacePage))
)]
async fn list(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let Page { limit, after } = call.paging()?;
    let OnlyOf { tenant } = call.query()?;
    let (tenants, next) = match (&call.caller, tenant) {
        (Caller::Operator, None) => known(&api, &call, limit, after.as_ref()).await?,
        (Caller::Operator, Some(named)) => {
            let tenant = call.tenant_named(&named)?;
            let is_known = is_known(&api, &call, &tenant).await?;
            (Vec::from_iter(is_known.then_some(tenant)), None)
        }
        _ => (vec![call.tenant()?], None),
    };
    let mut workspaces = Vec::new();
    for tenant in &tenants {
        let workspace = Workspace::of(api.domain::<Installs>()?, tenant).await;
        workspaces.push(match workspace {
            // One whose keys or rows cannot be read hides no other.
            Err(e) if call.caller == Caller::Operator => {
                tracing::error!(%tenant, error = ?e, "workspaces.unreadable");
                Workspace::in_state(tenant, "unreadable")
            }
            workspace => workspace?,
        });
    }
    let page = WorkspacePage {
        ok: true,
        workspaces,
        next: next.as_ref().map(Cursor::encode),
    };
    Ok(reply::json(StatusCode::OK, &page))
}

/// Show a workspace
#[utoipa::path(
    get,
    path = "/v1/workspaces/{id}",
    tag = "workspaces",
    params(("id" = String, Path, description = "The workspace's id")),
    responses((status = 200, body = OneWorkspace))
)]
async fn show(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let gone = || {
        ApiError::not_found("no workspace with that id; `GET /v1/workspaces` shows which there are")
    };
    // To a member, another workspace does not exist.
    let tenant = call.tenant_named(call.path("id")).map_err(|_| gone())?;
    if call.caller == Caller::Operator && !is_known(&api, &call, &tenant).await? {
        return Err(gone());
    }
    let workspace = Workspace::of(api.domain::<Installs>()?, &tenant).await?;
    let body = OneWorkspace {
        ok: true,
        workspace,
    };
    Ok(reply::json(StatusCode::OK, &body))
}

/// Returns one page of the tenants that have sent anything or installed the app.
async fn known(
    api: &Api,
    call: &Call,
    limit: usize,
    after: Option<&Cursor>,
) -> Result<(Vec<TenantId>, Option<Cursor>), ApiError> {
    let system = api.table.all(call)?.system();
    let (tenants, next) = tenants::page(system.rows(), limit, after).await?;
    let tenants = tenants.into_iter().filter(|id| is_id(id.as_str()));
    Ok((tenants.collect(), next))
}

async fn is_known(api: &Api, call: &Call, tenant: &TenantId) -> Result<bool, ApiError> {
    let system = api.table.all(call)?.system();
    Ok(tenants::is_listed(system.rows(), tenant).await?)
}
