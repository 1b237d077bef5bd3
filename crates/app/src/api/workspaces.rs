//! Routes: the workspaces and the state of each one's connection.

use serde_json::json;
use tidegate_pipeline::table::{Cursor, Range, RowKey};
use tidegate_slack::ids::TenantId;
use tidegate_slack::tenant::is_id;

use super::{Access, Answer, Api, Call, Caller, Refused, Route, Scope};
use crate::installs::line;
use crate::reply;

pub(super) const ROUTES: &[Route] = &[
    Route::get("/workspaces", OPEN_TO, |api, call| {
        Box::pin(list(api, call))
    }),
    Route::get("/workspaces/{id}", OPEN_TO, |api, call| {
        Box::pin(show(api, call))
    }),
];

const OPEN_TO: Access = Access::TenantOrOperator(Scope::WorkspaceRead);

/// Workspaces in one answer, unless asked otherwise, and at most.
const LIMIT: usize = 100;
const MOST: usize = 1000;

async fn list(api: &Api, call: &Call) -> Answer {
    let limit = call.query.limit(LIMIT, MOST)?;
    let after = call.query.cursor("after")?;
    let (tenants, next) = match &call.caller {
        Caller::Member(member) => (vec![member.tenant.clone()], None),
        _ => known(api, call, limit, after.as_ref()).await?,
    };
    let mut workspaces = Vec::new();
    for tenant in &tenants {
        workspaces.push(line(&api.installs, tenant).await?);
    }
    let next = next.as_ref().map(Cursor::encode);
    Ok(reply::ok(
        json!({"ok": true, "workspaces": workspaces, "next": next}),
    ))
}

async fn show(api: &Api, call: &Call) -> Answer {
    let gone =
        || Refused::not_found("no workspace with that id; `GET /workspaces` shows which there are");
    // Another workspace is none at all to a member.
    let tenant = call.tenant(Some(call.path("id"))).map_err(|_| gone())?;
    if call.caller == Caller::Operator && !is_known(api, call, &tenant).await? {
        return Err(gone());
    }
    let workspace = line(&api.installs, &tenant).await?;
    Ok(reply::ok(json!({"ok": true, "workspace": workspace})))
}

/// One page of the tenants that have sent anything.
async fn known(
    api: &Api,
    call: &Call,
    limit: usize,
    after: Option<&Cursor>,
) -> Result<(Vec<TenantId>, Option<Cursor>), Refused> {
    let system = api.table.all(call)?.system();
    let page = system
        .rows()
        .query(&["tenants"], Range::All, false, limit, after)
        .await?;
    let ids = page.rows.iter().filter_map(|(_, row)| row.text("tenant"));
    Ok((
        ids.filter(|id| is_id(id)).map(TenantId::from).collect(),
        page.next,
    ))
}

async fn is_known(api: &Api, call: &Call, tenant: &TenantId) -> Result<bool, Refused> {
    let system = api.table.all(call)?.system();
    let key = RowKey::new(&["tenants"], &[tenant.as_str()]);
    Ok(system.rows().get(&key).await?.is_some())
}
