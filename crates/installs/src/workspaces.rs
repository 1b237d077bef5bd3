//! The routes `GET /workspaces` and `GET /workspaces/{id}`, which show the state of each connection.

use serde_json::json;
use tidegate_pipeline::table::Cursor;
use tidegate_pipeline::tenants;
use tidegate_slack::ids::TenantId;
use tidegate_slack::tenant::is_id;

use crate::{Installs, workspace_json};
use tidegate_api::reply;
use tidegate_api::{Access, Api, ApiError, ApiResult, Call, Caller, Route, Scope};

pub(super) const ROUTES: &[Route] = &[
    Route::get("/workspaces", OPEN_TO, |api, call| {
        Box::pin(list(api, call))
    }),
    Route::get("/workspaces/{id}", OPEN_TO, |api, call| {
        Box::pin(show(api, call))
    }),
];

const OPEN_TO: Access = Access::TenantOrOperator(Scope::WORKSPACE_READ);

/// The number of workspaces in one page by default, and at most.
const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

async fn list(api: &Api, call: &Call) -> ApiResult {
    let limit = call.query.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let after = call.query.cursor("after")?;
    let (tenants, next) = match &call.caller {
        Caller::Member(member) => (vec![member.tenant.clone()], None),
        _ => known(api, call, limit, after.as_ref()).await?,
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

async fn show(api: &Api, call: &Call) -> ApiResult {
    let gone = || {
        ApiError::not_found("no workspace with that id; `GET /workspaces` shows which there are")
    };
    // To a member, another workspace does not exist.
    let tenant = call.tenant(Some(call.path("id"))).map_err(|_| gone())?;
    if call.caller == Caller::Operator && !is_known(api, call, &tenant).await? {
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
