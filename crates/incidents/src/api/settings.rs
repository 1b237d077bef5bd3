//! Routes: a workspace's settings of incidents, whole or one service or template at a time, and the status page's API
//! key, which is taken and never answered.

use std::sync::Arc;

use axum::extract::State;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tidegate_api::settings::{Settings as Shared, TenantRows, json_of, version_fields};
use tidegate_api::{Access, Api, ApiError, ApiResult, Call, Caller, Identity, Routes, reply};
use tidegate_pipeline::documents::input::read_part;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::call_context::CallContext;
use super::{INCIDENTS_ADMIN, INCIDENTS_READ};
use crate::model::permissions::Action;
use crate::model::settings::store::{self, StatusPageKey};
use crate::model::settings::{Service, Settings, check::check, input};
use crate::model::templates::Template;
use crate::service::Incidents;

pub(super) fn routes() -> Routes {
    let read = &Access::TenantOrOperator(INCIDENTS_READ);
    let write = &Access::TenantOrOperator(INCIDENTS_ADMIN);
    Routes::default()
        .at(read, routes!(show))
        .at(write, routes!(replace))
        .at(read, routes!(show_template))
        .at(write, routes!(put_template, remove_template))
        .at(write, routes!(put_service, remove_service))
        .at(write, routes!(put_key, remove_key))
}

/// The body of a PUT: the settings to store, the workspace, and the version that the caller has seen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SettingsBody {
    tenant: Option<String>,
    version: Option<i64>,
    #[serde(alias = "service", alias = "template")]
    settings: Value,
}

/// The body of a PUT of the status page's key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyBody {
    tenant: Option<String>,
    key: String,
}

/// Show the settings of incidents
#[utoipa::path(
    get,
    path = "/v1/incident-settings",
    tag = "incident settings",
    params(
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
    ),
    responses((status = 200, body = Value))
)]
async fn show(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    may_see(&api, &call).await?;
    let place = TenantRows::of(&api, &call, None)?;
    let loaded = settings(&api)?.load(&place).await?;
    let key = StatusPageKey::is_set(&place.rows).await?;
    let mut body = version_fields(&loaded);
    body["settings"] = json_of(&loaded.value)?;
    body["status_page_key"] = if key { "set" } else { "not_set" }.into();
    Ok(reply::ok(body))
}

/// Replace the settings of incidents
#[utoipa::path(
    put,
    path = "/v1/incident-settings",
    tag = "incident settings",
    params(
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
    ),
    request_body = SettingsBody,
    responses((status = 200, body = Value))
)]
async fn replace(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let body: SettingsBody = call.json()?;
    let place = TenantRows::of(&api, &call, body.tenant.as_deref())?;
    let whole = input::read(&body.settings).map_err(|problems| ApiError::problems(&problems))?;
    let replace = |_| Ok(whole.clone());
    settings(&api)?
        .change(&api, &call, &place, body.version, replace)
        .await
}

/// Show a template
#[utoipa::path(
    get,
    path = "/v1/incident-settings/templates/{name}",
    tag = "incident settings",
    params(
        ("name" = String, Path, description = "The name of the template"),
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
    ),
    responses((status = 200, body = Value))
)]
async fn show_template(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    may_see(&api, &call).await?;
    let place = TenantRows::of(&api, &call, None)?;
    let loaded = settings(&api)?.load(&place).await?;
    let template = loaded.value.templates.get(call.path("name"));
    let template = template.ok_or_else(no_template)?;
    let mut body = version_fields(&loaded);
    body["template"] = json_of(template)?;
    Ok(reply::ok(body))
}

/// Store a template
#[utoipa::path(
    put,
    path = "/v1/incident-settings/templates/{name}",
    tag = "incident settings",
    params(
        ("name" = String, Path, description = "The name of the template"),
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
    ),
    request_body = SettingsBody,
    responses((status = 200, body = Value))
)]
async fn put_template(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let name = call.path("name");
    let (place, version, template) = part::<Template>(&api, &call, "template")?;
    let with = |mut settings: Settings| {
        settings.templates.insert(name.to_owned(), template.clone());
        Ok(settings)
    };
    settings(&api)?
        .change(&api, &call, &place, version, with)
        .await
}

/// Remove a template
#[utoipa::path(
    delete,
    path = "/v1/incident-settings/templates/{name}",
    tag = "incident settings",
    params(
        ("name" = String, Path, description = "The name of the template"),
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
        ("version" = Option<i64>, Query, description = "The version that the caller has seen"),
    ),
    responses((status = 200, body = Value))
)]
async fn remove_template(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let place = TenantRows::of(&api, &call, None)?;
    let without = |mut settings: Settings| {
        let gone = settings.templates.remove(call.path("name"));
        gone.map(|_| settings).ok_or_else(no_template)
    };
    settings(&api)?
        .change(&api, &call, &place, call.query.number("version")?, without)
        .await
}

/// Store a service
#[utoipa::path(
    put,
    path = "/v1/incident-settings/services/{slug}",
    tag = "incident settings",
    params(
        ("slug" = String, Path, description = "The slug of the service"),
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
    ),
    request_body = SettingsBody,
    responses((status = 200, body = Value))
)]
async fn put_service(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let slug = call.path("slug");
    let (place, version, service) = part::<Service>(&api, &call, "service")?;
    let with = |mut settings: Settings| {
        settings.services.insert(slug.to_owned(), service.clone());
        Ok(settings)
    };
    settings(&api)?
        .change(&api, &call, &place, version, with)
        .await
}

/// Remove a service
#[utoipa::path(
    delete,
    path = "/v1/incident-settings/services/{slug}",
    tag = "incident settings",
    params(
        ("slug" = String, Path, description = "The slug of the service"),
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
        ("version" = Option<i64>, Query, description = "The version that the caller has seen"),
    ),
    responses((status = 200, body = Value))
)]
async fn remove_service(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let place = TenantRows::of(&api, &call, None)?;
    let without = |mut settings: Settings| {
        let gone = settings.services.remove(call.path("slug"));
        gone.map(|_| settings)
            .ok_or_else(|| ApiError::not_found("no service with that slug"))
    };
    settings(&api)?
        .change(&api, &call, &place, call.query.number("version")?, without)
        .await
}

/// Store the status page's API key
#[utoipa::path(
    put,
    path = "/v1/incident-settings/status-page-key",
    tag = "incident settings",
    params(
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
    ),
    request_body = KeyBody,
    responses((status = 200, body = Value))
)]
async fn put_key(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let body: KeyBody = call.json()?;
    let place = TenantRows::of(&api, &call, body.tenant.as_deref())?;
    if !StatusPageKey::is_plausible(&body.key) {
        let message =
            "`key` takes the API key that Statuspage.io shows: 8 to 200 characters without spaces";
        return Err(ApiError::bad(message));
    }
    let write = StatusPageKey::store(&body.key.into());
    place.rows.write(write).await?;
    settings(&api)?
        .audit(&api, &call, &place, "status page key set")
        .await?;
    Ok(reply::ok(json!({"ok": true, "status_page_key": "set"})))
}

/// Remove the status page's API key
#[utoipa::path(
    delete,
    path = "/v1/incident-settings/status-page-key",
    tag = "incident settings",
    params(
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
    ),
    responses((status = 200, body = Value))
)]
async fn remove_key(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let place = TenantRows::of(&api, &call, None)?;
    place.rows.write(StatusPageKey::remove()).await?;
    settings(&api)?
        .audit(&api, &call, &place, "status page key removed")
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

/// Fails if a person asks who may not see the settings in Slack either. Of a key, the scope decides.
async fn may_see(api: &Api, call: &Call) -> Result<(), ApiError> {
    let is_person = matches!(
        &call.caller,
        Caller::Member(member) if matches!(member.identity, Identity::Person(_))
    );
    if is_person {
        let context = CallContext::enter(api, call, None).await?;
        context.must(Action::Configure, None)?;
    }
    Ok(())
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
        "no template with that name; `GET /v1/incident-settings` shows which there are",
    )
}
