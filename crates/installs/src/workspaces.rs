//! The routes `GET /v1/workspaces` and `GET /v1/workspaces/{id}`, which show the state of each connection.

use std::sync::Arc;

use axum::extract::State;
use serde_json::json;
use tidegate_pipeline::table::Cursor;
use tidegate_pipeline::tenants;
use tidegate_slack::ids::TenantId;
use tidegate_slack::tenant::is_id;

use crate::{Installs, workspace_json};
use tidegate_api::reply;
use tidegate_api::{Access, Api, ApiError, ApiResult, Call, Caller, Routes, Scope};
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    let access = &Access::TenantOrOperator(Scope::WORKSPACE_READ);
    Routes::default()
        .at(access, routes!(list))
        .at(access, routes!(show))
}

/// The number of workspaces in one page by default, and at most.
const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

/// List workspaces
#[utoipa::path(
    get,
    path = "/v1/workspaces",
    tag = "workspaces",
    params(
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "The most entries of a page"),
        ("after" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, body = Value))
)]
async fn list(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let limit = call.query.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let after = call.query.cursor("after")?;
    let (tenants, next) = match &call.caller {
        Caller::Member(member) => (vec![member.tenant.clone()], None),
        _ => known(&api, &call, limit, after.as_ref()).await?,
    };
    let mut workspaces = Vec::new();
    for tenant in &tenants {
        let workspace = workspace_json(api.domain::<Installs>()?, tenant).await;
        workspaces.push(match workspace {
            // One whose keys or rows cannot be read hides no other.
            Err(e) if call.caller == Caller::Operator => {
                tracing::error!(%tenant, error = ?e, "workspaces.unreadable");
                json!({"id": tenant, "state": "unreadable"})
            }
            workspace => workspace?,
        });
    }
    let next = next.as_ref().map(Cursor::encode);
    Ok(reply::ok(
        json!({"ok": true, "workspaces": workspaces, "next": next}),
    ))
}

/// Show a workspace
#[utoipa::path(
    get,
    path = "/v1/workspaces/{id}",
    tag = "workspaces",
    params(
        ("id" = String, Path, description = "The workspace's id"),
    ),
    responses((status = 200, body = Value))
)]
async fn show(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let gone = || {
        ApiError::not_found("no workspace with that id; `GET /v1/workspaces` shows which there are")
    };
    // To a member, another workspace does not exist.
    let tenant = call.tenant(Some(call.path("id"))).map_err(|_| gone())?;
    if call.caller == Caller::Operator && !is_known(&api, &call, &tenant).await? {
        return Err(gone());
    }
    let workspace = workspace_json(api.domain::<Installs>()?, &tenant).await?;
    Ok(reply::ok(json!({"ok": true, "workspace": workspace})))
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
