//! The routes under `/keys`, which create, list and revoke the API keys of a workspace. `tidegate keys` is a client of them.

pub(crate) mod store;

use std::time::Duration;

use http::StatusCode;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Cursor, Range};
use tidegate_slack::ids::TenantId;

use self::store::{ApiKey, MakeError, PARTITION};
use crate::reply;
use crate::{Access, Api, ApiError, ApiResult, Call, Caller, Route, Scope, scope};

pub(crate) const ROUTES: &[Route] = &[
    Route::post("/keys", OPEN_TO, |api, call| Box::pin(create(api, call))),
    Route::get("/keys", OPEN_TO, |api, call| Box::pin(list(api, call))),
    Route::delete("/keys/{id}", OPEN_TO, |api, call| {
        Box::pin(revoke(api, call))
    }),
];

const OPEN_TO: Access = Access::TenantOrOperator(Scope::KEYS_WRITE);

/// The number of keys in one page by default, and at most.
const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

/// The longest name of a key, in characters.
const MAX_NAME: usize = 80;

const DAY: Duration = Duration::from_hours(24);

/// The body of `POST /keys`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    tenant: Option<String>,
    name: String,
    scopes: Vec<String>,
    expires_days: Option<u32>,
}

async fn create(api: &Api, call: &Call) -> ApiResult {
    let new: NewKey = call.json()?;
    let tenant = call.tenant(new.tenant.as_deref())?;
    let rows = api.table.rows(call, &tenant)?;
    let name = name(&new.name)?;
    let scopes = scopes(api, &new.scopes, &call.caller)?;
    let now = api.clock.now();
    let ends_at = ends_at(new.expires_days, now)?;
    let made = store::make(&rows, &tenant, name, &scopes, ends_at, now).await;
    let (key, shown) = made.map_err(|e| match e {
        MakeError::Table(e) => e.into(),
        MakeError::Entropy(e) => ApiError::from(e),
    })?;
    let detail = format!("{} with {}", key.id, scope::write(&key.scopes));
    // If this fails, the secret is lost and nobody can use the key.
    let actor = call.actor();
    api.audit
        .get()
        .record(&tenant, &actor, "key.create", &detail)
        .await?;
    let mut body = key_json(&tenant, &key, now);
    body["ok"] = true.into();
    body["key"] = shown.expose_secret().into();
    Ok(reply::json(StatusCode::CREATED, &body))
}

async fn list(api: &Api, call: &Call) -> ApiResult {
    let tenant = call.tenant(call.query.get("tenant"))?;
    let rows = api.table.rows(call, &tenant)?;
    let limit = call.query.limit(DEFAULT_LIMIT, MAX_LIMIT)?;
    let after = call.query.cursor("after")?;
    let page = rows.query(&[PARTITION], Range::All, false, limit, after.as_ref());
    let (page, now) = (page.await?, api.clock.now());
    let keys: Vec<Value> = page
        .rows
        .iter()
        .filter_map(|(place, row)| Some(store::read(place.sort_parts().first()?.clone(), row)))
        .map(|key| key_json(&tenant, &key, now))
        .collect();
    let next = page.next.as_ref().map(Cursor::encode);
    Ok(reply::ok(json!({"ok": true, "keys": keys, "next": next})))
}

async fn revoke(api: &Api, call: &Call) -> ApiResult {
    let gone =
        || ApiError::not_found("no key with that id; `tidegate keys list` shows which there are");
    let (named, id) = store::split_id(call.path("id")).ok_or_else(gone)?;
    // To this caller, a key of another workspace does not exist.
    let tenant = call.tenant(Some(named.as_str())).map_err(|_| gone())?;
    let rows = api.table.rows(call, &tenant)?;
    if !store::revoke(&rows, &id, api.clock.now()).await? {
        return Err(gone());
    }
    let actor = call.actor();
    api.audit
        .get()
        .record(&tenant, &actor, "key.revoke", &id)
        .await?;
    Ok(reply::ok(json!({"ok": true, "id": call.path("id")})))
}

fn name(name: &str) -> Result<&str, ApiError> {
    let name = name.trim();
    let fits = (1..=MAX_NAME).contains(&name.chars().count()) && !name.contains(char::is_control);
    if fits {
        return Ok(name);
    }
    let message = format!("`name` takes 1 to {MAX_NAME} characters that can be shown");
    Err(ApiError::bad(message))
}

/// Checks the scopes of a new key. A member cannot grant a scope that it lacks.
fn scopes(api: &Api, names: &[String], caller: &Caller) -> Result<Vec<Scope>, ApiError> {
    let known: Vec<&Scope> = api.scopes().collect();
    for name in names {
        let scope = known.iter().find(|scope| scope.as_str() == name);
        let scope = scope.ok_or_else(|| {
            let all: Vec<&str> = known.iter().map(|scope| scope.as_str()).collect();
            ApiError::bad(format!("`scopes` takes some of: {}", all.join(", ")))
        })?;
        if let Caller::Member(member) = caller {
            member.must_have(scope)?;
        }
    }
    let asked = |scope: &&Scope| names.iter().any(|name| name == scope.as_str());
    let scopes: Vec<Scope> = known.into_iter().filter(asked).cloned().collect();
    if scopes.is_empty() {
        return Err(ApiError::bad(
            "`scopes` is empty: the key would open nothing",
        ));
    }
    Ok(scopes)
}

fn ends_at(days: Option<u32>, now: Timestamp) -> Result<Option<Timestamp>, ApiError> {
    match days {
        None => Ok(None),
        Some(days @ 1..=3650) => Ok(Some(now.plus(DAY * days))),
        Some(_) => Err(ApiError::bad(
            "`expires_days` takes a number from 1 to 3650",
        )),
    }
}

fn key_json(tenant: &TenantId, key: &ApiKey, now: Timestamp) -> Value {
    let millis = |at: Option<Timestamp>| at.map(Timestamp::millis);
    json!({
        "id": format!("{tenant}_{}", key.id),
        "tenant": tenant,
        "name": key.name,
        "scopes": key.scopes.iter().map(Scope::as_str).collect::<Vec<_>>(),
        "state": key.state(now),
        "created_at_ms": key.created_at.millis(),
        "expires_at_ms": millis(key.ends_at),
        "revoked_at_ms": millis(key.revoked_at),
        "last_used_at_ms": millis(key.used_at),
    })
}
