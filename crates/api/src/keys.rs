//! The routes under `/v1/keys`, which create, list and revoke the API keys of a workspace. `tidegate keys` is a client of them.

pub(crate) mod store;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use http::StatusCode;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use tidegate_pipeline::audit::{AuditError, AuditNote};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Cursor, Range, TableError};
use tidegate_slack::ids::TenantId;
use utoipa::ToSchema;
use utoipa_axum::routes;

use self::store::{ApiKey, PARTITION};
use crate::idempotency::Claim;
use crate::reply;
use crate::values::{Line, Whole};
use crate::{
    Access, Api, ApiError, ApiResult, Call, Caller, OfTenant, Paging, Routes, Scope, scope,
};

pub(crate) fn routes() -> Routes {
    let access = Access::TenantOrOperator(Scope::KEYS_WRITE);
    Routes::default()
        .at(&access, routes!(list, create))
        .at(&access, routes!(revoke))
}

/// The part of the list that a call asks for.
type Page = Paging<100, 1000>;

/// The longest name of a key, in characters.
const MAX_NAME: usize = 80;

const DAY: Duration = Duration::from_hours(24);

/// The body of `POST /v1/keys`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewKey {
    #[schema(value_type = Line<1, 80>)]
    name: Line<1, MAX_NAME>,
    #[schema(min_items = 1)]
    scopes: Vec<String>,
    /// Without it, the key never expires.
    expires_days: Option<Whole<1, 3650>>,
}

/// An API key, without its secret.
#[derive(Serialize, ToSchema)]
struct KeyLine {
    id: String,
    tenant: String,
    name: String,
    scopes: Vec<String>,
    /// `active`, `revoked` or `expired`.
    state: &'static str,
    /// Unix time in milliseconds, as the other times.
    created_at_ms: i64,
    expires_at_ms: Option<i64>,
    revoked_at_ms: Option<i64>,
    /// To the hour.
    last_used_at_ms: Option<i64>,
}

/// A new key.
#[derive(Serialize, ToSchema)]
struct CreatedKey {
    ok: bool,
    /// The key itself, which is shown only once.
    key: String,
    #[serde(flatten)]
    line: KeyLine,
}

/// One page of the keys of a workspace.
#[derive(Serialize, ToSchema)]
struct KeyPage {
    ok: bool,
    keys: Vec<KeyLine>,
    /// The `after` of the next page. Null on the last one.
    next: Option<String>,
}

/// A key that is revoked.
#[derive(Serialize, ToSchema)]
struct RevokedKey {
    ok: bool,
    id: String,
}

/// Create an API key
#[utoipa::path(
    post,
    path = "/v1/keys",
    tag = "keys",
    params(OfTenant),
    request_body = NewKey,
    responses((status = 201, body = CreatedKey))
)]
async fn create(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let new: NewKey = call.json()?;
    let tenant = call.tenant()?;
    let rows = api.table.rows(&call, &tenant)?;
    let scopes = scopes(&api, &new.scopes, &call.caller)?;
    let now = api.clock.now();
    let ends_at = new.expires_days.map(|days| now.plus(DAY * days.to()));
    let claim = Claim::of(&call, "key.create");
    let new = store::New::prepare(
        &tenant,
        claim.id_of_new(16),
        new.name.as_str(),
        scopes,
        ends_at,
        now,
    )?;
    let key = &new.key;
    let note = AuditNote {
        actor: call.actor(),
        action: "key.create",
        detail: format!("{} with {}", key.id, scope::write(&key.scopes)),
    };
    let trail = api.trail(&call, &tenant)?;
    match trail.write(&rows, vec![new.write()], &note).await {
        Ok(()) => {}
        Err(AuditError::Table(TableError::Condition)) => return Err(made_before(&tenant, key)),
        Err(e) => return Err(e.into()),
    }
    let created = CreatedKey {
        ok: true,
        key: new.shown.expose_secret().to_owned(),
        line: line(&tenant, key, now),
    };
    Ok(reply::json(StatusCode::CREATED, &created))
}

/// The error for a repeat of the call. The secret is not stored, so it cannot be shown again.
fn made_before(tenant: &TenantId, key: &ApiKey) -> ApiError {
    ApiError::conflict(format!(
        "a call with this idempotency key made the key {tenant}_{}, and its answer showed it. \
         If that answer is lost, revoke the key, and create another one under a new idempotency key",
        key.id
    ))
}

/// List the API keys of a workspace
#[utoipa::path(
    get,
    path = "/v1/keys",
    tag = "keys",
    params(OfTenant, Page),
    responses((status = 200, body = KeyPage))
)]
async fn list(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let tenant = call.tenant()?;
    let rows = api.table.rows(&call, &tenant)?;
    let Page { limit, after } = call.paging()?;
    let page = rows.query(&[PARTITION], Range::All, false, limit, after.as_ref());
    let (page, now) = (page.await?, api.clock.now());
    let keys = page
        .rows
        .iter()
        .filter_map(|(place, row)| store::read(place.sort_parts().first()?.clone(), row))
        .map(|key| line(&tenant, &key, now))
        .collect();
    let page = KeyPage {
        ok: true,
        keys,
        next: page.next.as_ref().map(Cursor::encode),
    };
    Ok(reply::json(StatusCode::OK, &page))
}

/// Revoke an API key
#[utoipa::path(
    delete,
    path = "/v1/keys/{id}",
    tag = "keys",
    params(("id" = String, Path, description = "The id that the list shows")),
    responses((status = 200, body = RevokedKey))
)]
async fn revoke(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let gone =
        || ApiError::not_found("no key with that id; `tidegate keys list` shows which there are");
    let (named, id) = store::split_id(call.path("id")).ok_or_else(gone)?;
    // To this caller, a key of another workspace does not exist.
    let tenant = call.tenant_named(named.as_str()).map_err(|_| gone())?;
    let rows = api.table.rows(&call, &tenant)?;
    let note = AuditNote {
        actor: call.actor(),
        action: "key.revoke",
        detail: id.clone(),
    };
    let revoke = store::revoke(&id, api.clock.now());
    match api
        .trail(&call, &tenant)?
        .write(&rows, vec![revoke], &note)
        .await
    {
        Ok(()) => {}
        // It is revoked already.
        Err(AuditError::Table(TableError::Condition)) if store::exists(&rows, &id).await? => {}
        Err(AuditError::Table(TableError::Condition)) => return Err(gone()),
        Err(e) => return Err(e.into()),
    }
    let id = call.path("id").to_owned();
    Ok(reply::json(StatusCode::OK, &RevokedKey { ok: true, id }))
}

/// Checks the scopes of a new key. A member cannot grant a scope that it lacks.
fn scopes(api: &Api, names: &[String], caller: &Caller) -> Result<Vec<Scope>, ApiError> {
    let known: Vec<&Scope> = api.scopes().collect();
    for name in names {
        let scope = known.iter().find(|scope| scope.as_str() == name);
        let scope = scope.ok_or_else(|| {
            let all: Vec<&str> = known.iter().map(|scope| scope.as_str()).collect();
            ApiError::field("scopes", &format!("takes some of: {}", all.join(", ")))
        })?;
        if let Caller::Member(member) = caller {
            member.must_have(scope)?;
        }
    }
    let asked = |scope: &&Scope| names.iter().any(|name| name == scope.as_str());
    let scopes: Vec<Scope> = known.into_iter().filter(asked).cloned().collect();
    if scopes.is_empty() {
        return Err(ApiError::field(
            "scopes",
            "is empty: the key would open nothing",
        ));
    }
    Ok(scopes)
}

/// Returns the id of a key as the API shows it. Rows of a workspace have it without the workspace.
pub fn shown_id(tenant: &TenantId, id: &str) -> String {
    format!("{tenant}_{id}")
}

fn line(tenant: &TenantId, key: &ApiKey, now: Timestamp) -> KeyLine {
    let millis = |at: Option<Timestamp>| at.map(Timestamp::millis);
    KeyLine {
        id: shown_id(tenant, &key.id),
        tenant: tenant.to_string(),
        name: key.name.clone(),
        scopes: key.scopes.iter().map(Scope::to_string).collect(),
        state: key.state(now),
        created_at_ms: key.created_at.millis(),
        expires_at_ms: millis(key.ends_at),
        revoked_at_ms: millis(key.revoked_at),
        last_used_at_ms: millis(key.used_at),
    }
}
