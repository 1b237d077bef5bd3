//! Routes: a workspace's settings of incidents, whole or one service or template at a time, and the status page's API
//! key, which is taken and never answered.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tidegate_api::settings::{Settings as Shared, TenantRows, json_of, version_fields};
use tidegate_api::{Access, Api, ApiError, ApiResult, Call, Route, reply};
use tidegate_pipeline::documents::input::read_part;

use super::{INCIDENTS_ADMIN, INCIDENTS_READ};
use crate::model::settings::store::{self, StatusPageKey};
use crate::model::settings::{Service, Settings, check::check, input};
use crate::model::templates::Template;
use crate::service::Incidents;

pub(super) const ROUTES: &[Route] = &[
    Route::get("/api/incident-settings", READ, |api, call| {
        Box::pin(show(api, call))
    }),
    Route::put("/api/incident-settings", WRITE, |api, call| {
        Box::pin(replace(api, call))
    }),
    Route::get(
        "/api/incident-settings/templates/{name}",
        READ,
        |api, call| Box::pin(show_template(api, call)),
    ),
    Route::put(
        "/api/incident-settings/templates/{name}",
        WRITE,
        |api, call| Box::pin(put_template(api, call)),
    ),
    Route::delete(
        "/api/incident-settings/templates/{name}",
        WRITE,
        |api, call| Box::pin(remove_template(api, call)),
    ),
    Route::put(
        "/api/incident-settings/services/{slug}",
        WRITE,
        |api, call| Box::pin(put_service(api, call)),
    ),
    Route::delete(
        "/api/incident-settings/services/{slug}",
        WRITE,
        |api, call| Box::pin(remove_service(api, call)),
    ),
    Route::put(
        "/api/incident-settings/status-page-key",
        WRITE,
        |api, call| Box::pin(put_key(api, call)),
    ),
    Route::delete(
        "/api/incident-settings/status-page-key",
        WRITE,
        |api, call| Box::pin(remove_key(api, call)),
    ),
];

const READ: Access = Access::TenantOrOperator(INCIDENTS_READ);
const WRITE: Access = Access::TenantOrOperator(INCIDENTS_ADMIN);

/// The body of a PUT: the settings to store, the workspace, and the version that the caller has seen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsBody {
    tenant: Option<String>,
    version: Option<i64>,
    #[serde(alias = "service", alias = "template")]
    settings: Value,
}

/// The body of a PUT of the status page's key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyBody {
    tenant: Option<String>,
    key: String,
}

async fn show(api: &Api, call: &Call) -> ApiResult {
    let place = TenantRows::of(api, call, None)?;
    let loaded = settings(api)?.load(&place).await?;
    let key = StatusPageKey::is_set(&place.rows).await?;
    let mut body = version_fields(&loaded);
    body["settings"] = json_of(&loaded.value)?;
    body["status_page_key"] = if key { "set" } else { "not_set" }.into();
    Ok(reply::ok(body))
}

async fn replace(api: &Api, call: &Call) -> ApiResult {
    let body: SettingsBody = call.json()?;
    let place = TenantRows::of(api, call, body.tenant.as_deref())?;
    let whole = input::read(&body.settings).map_err(|problems| ApiError::problems(&problems))?;
    let replace = |_| Ok(whole.clone());
    settings(api)?
        .change(api, call, &place, body.version, replace)
        .await
}

async fn show_template(api: &Api, call: &Call) -> ApiResult {
    let place = TenantRows::of(api, call, None)?;
    let loaded = settings(api)?.load(&place).await?;
    let template = loaded.value.templates.get(call.path("name"));
    let template = template.ok_or_else(no_template)?;
    let mut body = version_fields(&loaded);
    body["template"] = json_of(template)?;
    Ok(reply::ok(body))
}

async fn put_template(api: &Api, call: &Call) -> ApiResult {
    let name = call.path("name");
    let (place, version, template) = part::<Template>(api, call, "template")?;
    let with = |mut settings: Settings| {
        settings.templates.insert(name.to_owned(), template.clone());
        Ok(settings)
    };
    settings(api)?
        .change(api, call, &place, version, with)
        .await
}

async fn remove_template(api: &Api, call: &Call) -> ApiResult {
    let place = TenantRows::of(api, call, None)?;
    let without = |mut settings: Settings| {
        let gone = settings.templates.remove(call.path("name"));
        gone.map(|_| settings).ok_or_else(no_template)
    };
    settings(api)?
        .change(api, call, &place, call.query.number("version")?, without)
        .await
}

async fn put_service(api: &Api, call: &Call) -> ApiResult {
    let slug = call.path("slug");
    let (place, version, service) = part::<Service>(api, call, "service")?;
    let with = |mut settings: Settings| {
        settings.services.insert(slug.to_owned(), service.clone());
        Ok(settings)
    };
    settings(api)?
        .change(api, call, &place, version, with)
        .await
}

async fn remove_service(api: &Api, call: &Call) -> ApiResult {
    let place = TenantRows::of(api, call, None)?;
    let without = |mut settings: Settings| {
        let gone = settings.services.remove(call.path("slug"));
        gone.map(|_| settings)
            .ok_or_else(|| ApiError::not_found("no service with that slug"))
    };
    settings(api)?
        .change(api, call, &place, call.query.number("version")?, without)
        .await
}

async fn put_key(api: &Api, call: &Call) -> ApiResult {
    let body: KeyBody = call.json()?;
    let place = TenantRows::of(api, call, body.tenant.as_deref())?;
    if !StatusPageKey::is_plausible(&body.key) {
        let message =
            "`key` takes the API key that Statuspage.io shows: 8 to 200 characters without spaces";
        return Err(ApiError::bad(message));
    }
    let write = StatusPageKey::store(&body.key.into());
    place.rows.write(write).await?;
    settings(api)?
        .audit(api, call, &place, "status page key set")
        .await?;
    Ok(reply::ok(json!({"ok": true, "status_page_key": "set"})))
}

async fn remove_key(api: &Api, call: &Call) -> ApiResult {
    let place = TenantRows::of(api, call, None)?;
    place.rows.write(StatusPageKey::remove()).await?;
    settings(api)?
        .audit(api, call, &place, "status page key removed")
        .await?;
    Ok(reply::ok(json!({"ok": true, "status_page_key": "not_set"})))
}

/// The part of the settings in the body of a PUT, where it goes, and the version that the caller has seen.
fn part<T: DeserializeOwned + Serialize>(
    api: &Api,
    call: &Call,
    what: &str,
) -> Result<(TenantRows, Option<i64>, T), ApiError> {
    let body: SettingsBody = call.json()?;
    let place = TenantRows::of(api, call, body.tenant.as_deref())?;
    let part = read_part(what, &body.settings).map_err(|problems| ApiError::problems(&problems))?;
    Ok((place, body.version, part))
}

/// The settings of incidents.
fn settings(api: &Api) -> Result<Shared<'_, Settings>, ApiError> {
    Ok(Shared {
        document: &store::SETTINGS,
        key: store::place(),
        defaults: &api.domain::<Incidents>()?.defaults,
        action: "incidents.settings",
        check,
    })
}

fn no_template() -> ApiError {
    ApiError::not_found(
        "no template with that name; `GET /api/incident-settings` shows which there are",
    )
}
