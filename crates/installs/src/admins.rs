//! The routes under `/v1/admins`, which keep the list of people who administer a workspace in Tidegate besides Slack's own admins
//! and owners. `tidegate admins` is a client of them.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use tidegate_pipeline::audit::{Actor, AuditError, AuditNote};
use tidegate_pipeline::table::{RowKey, TableError, Write};
use tidegate_slack::ids::UserId;
use tidegate_slack::tenant::is_id;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::Installs;
use crate::domain::ADMINS_WRITE;
use crate::rights::{self, First, MOST_LISTED};
use tidegate_api::{Access, Api, ApiError, ApiResult, Call, OfTenant, Routes, reply};

pub(super) fn routes() -> Routes {
    let access = &Access::TenantOrOperator(ADMINS_WRITE);
    Routes::default()
        .at(access, routes!(list))
        .at(access, routes!(add, remove))
}

/// The people who administer a workspace besides Slack's own admins and owners, at most 100.
#[derive(Serialize, ToSchema)]
struct AdminList {
    ok: bool,
    admins: Vec<ListedAdmin>,
    /// The person who installed the app first, while they administer the workspace for that.
    first_installer: Option<UserId>,
}

#[derive(Serialize, ToSchema)]
struct ListedAdmin {
    user: UserId,
    /// Unix time in milliseconds.
    added_at_ms: i64,
}

/// A person who was put on the list or taken off it.
#[derive(Serialize, ToSchema)]
struct AdminAnswer {
    ok: bool,
    user: UserId,
}

/// List the admins of a workspace
///
/// Slack's own admins and owners are not on the list.
#[utoipa::path(
    get,
    path = "/v1/admins",
    tag = "admins",
    params(OfTenant),
    responses((status = 200, body = AdminList))
)]
async fn list(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let tenant = call.tenant()?;
    let rows = api.table.rows(&call, &tenant)?;
    let admins = rights::list(&rows).await?.into_iter();
    let admins = admins.map(|listed| ListedAdmin {
        user: listed.user,
        added_at_ms: listed.added_at.millis(),
    });
    let first = First::load(&rows).await?;
    let list = AdminList {
        ok: true,
        admins: admins.collect(),
        first_installer: first
            .filter(|first| !first.is_relieved)
            .map(|first| first.user),
    };
    Ok(reply::json(StatusCode::OK, &list))
}

/// Make a person an admin
///
/// From then on, having installed the app first gives no rights; a first installer with no other rights must add themselves first.
/// Bots and deactivated accounts are refused.
#[utoipa::path(
    put,
    path = "/v1/admins/{user}",
    tag = "admins",
    params(("user" = String, Path, description = "The person's id"), OfTenant),
    responses((status = 200, body = AdminAnswer))
)]
async fn add(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let user = user(&call)?;
    let tenant = call.tenant()?;
    let rows = api.table.rows(&call, &tenant)?;
    let installs = api.domain::<Installs>()?;
    let me = match call.actor() {
        Actor::Person(me) => Some(me),
        _ => None,
    };
    if !installs.may_be_listed(&tenant, &rows, &user).await? {
        let words = "cannot administer the workspace: Slack knows no such person, it is a bot, or the account is deactivated";
        return Err(ApiError::field("user", words));
    }
    if let Some(me) = me.filter(|me| *me != user)
        && installs.is_admin_only_as_first(&tenant, &rows, &me).await?
    {
        let message = "this would end your own rights, which you have as the first installer until the list has an entry; \
                       add yourself first";
        return Err(ApiError::conflict(message));
    }
    let writes = rights::put_on_list(&user, api.clock.now());
    let added = store(&api, &call, &user, writes, "admin.add").await?;
    if added
        || rights::list(&rows)
            .await?
            .iter()
            .any(|listed| listed.user == user)
    {
        return Ok(answer(user));
    }
    let message = format!("the list has {MOST_LISTED} people; take one off it first");
    Err(ApiError::conflict(message))
}

/// Take a person off the list of admins
#[utoipa::path(
    delete,
    path = "/v1/admins/{user}",
    tag = "admins",
    params(("user" = String, Path, description = "The person's id"), OfTenant),
    responses((status = 200, body = AdminAnswer))
)]
async fn remove(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let user = user(&call)?;
    let gone = || ApiError::not_found("that person is not on the list; `GET /v1/admins` shows it");
    let removed = store(
        &api,
        &call,
        &user,
        rights::take_off_list(&user),
        "admin.remove",
    )
    .await?;
    if !removed {
        return Err(gone());
    }
    Ok(answer(user))
}

/// Writes rows together with a row of the audit trail. Returns false if a condition of the writes failed.
async fn store(
    api: &Api,
    call: &Call,
    user: &UserId,
    writes: Vec<Write<RowKey>>,
    action: &'static str,
) -> Result<bool, ApiError> {
    let tenant = call.tenant()?;
    let rows = api.table.rows(call, &tenant)?;
    let note = AuditNote {
        actor: call.actor(),
        action,
        detail: api.domain::<Installs>()?.audit().name_of(user).await?,
    };
    match api.trail(call, &tenant)?.write(&rows, writes, &note).await {
        Ok(()) => Ok(true),
        Err(AuditError::Table(TableError::Condition)) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// Reads the person in the path.
fn user(call: &Call) -> Result<UserId, ApiError> {
    let user = call.path("user");
    if user.starts_with(['U', 'W']) && is_id(user) {
        return Ok(user.into());
    }
    Err(ApiError::field(
        "user",
        "takes the id of a person, such as `U0123456789`",
    ))
}

fn answer(user: UserId) -> axum::response::Response {
    reply::json(StatusCode::OK, &AdminAnswer { ok: true, user })
}
