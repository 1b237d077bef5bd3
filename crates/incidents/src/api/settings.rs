//! Routes: a workspace's settings of incidents, whole or one service or template at a time, and the status page's API
//! key, which is taken and never answered.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tidegate_api::settings::{Settings as Shared, SettingsVersion, TenantRows};
use tidegate_api::{
    Access, Api, ApiError, ApiResult, Call, Caller, Identity, OfTenant, Routes, reply,
};
use tidegate_pipeline::documents::input::read_part;
use utoipa::{IntoParams, ToSchema};
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

/// All settings to store.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSettings {
    /// The version that the caller has seen. Without it, the settings are stored whatever stands.
    version: Option<i64>,
    /// What is left out has its default.
    #[schema(value_type = Settings)]
    settings: Value,
}

/// A template to store.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTemplate {
    /// The version of the settings that the caller has seen.
    version: Option<i64>,
    #[schema(value_type = Template)]
    template: Value,
}

/// A service to store.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewService {
    /// The version of the settings that the caller has seen.
    version: Option<i64>,
    #[schema(value_type = Service)]
    service: Value,
}

/// The API key of the status page.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewStatusPageKey {
    /// As Statuspage.io shows it.
    #[schema(min_length = 8, max_length = 200, pattern = "^[!-~]+$")]
    key: String,
}

/// The settings in force.
#[derive(Serialize, ToSchema)]
struct ShownSettings {
    #[serde(flatten)]
    version: SettingsVersion,
    settings: Settings,
    status_page_key: KeyState,
}

/// A template.
#[derive(Serialize, ToSchema)]
struct ShownTemplate {
    #[serde(flatten)]
    version: SettingsVersion,
    template: Template,
}

/// Whether there is a key.
#[derive(Serialize, ToSchema)]
struct StoredKey {
    ok: bool,
    status_page_key: KeyState,
}

/// Whether the API key of the status page is stored. Nothing else is ever shown of it.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum KeyState {
    Set,
    NotSet,
}

/// The version that a call has seen, in its query.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Seen {
    /// The version of the settings that the caller has seen
    version: Option<i64>,
}

/// Show the settings of incidents
#[utoipa::path(
    get,
    path = "/v1/incident-settings",
    tag = "incident settings",
    params(OfTenant),
    responses((status = 200, body = ShownSettings))
)]
async fn show(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    may_see(&api, &call).await?;
    let place = TenantRows::of(&api, &call)?;
    let loaded = settings(&api)?.load(&place).await?;
    let key = StatusPageKey::is_set(&place.rows).await?;
    let shown = ShownSettings {
        version: SettingsVersion::from(&loaded),
        settings: loaded.value,
        status_page_key: if key { KeyState::Set } else { KeyState::NotSet },
    };
    Ok(reply::json(StatusCode::OK, &shown))
}

/// Replace the settings of incidents
#[utoipa::path(
    put,
    path = "/v1/incident-settings",
    tag = "incident settings",
    params(OfTenant),
    request_body = NewSettings,
    responses((status = 200, body = SettingsVersion))
)]
async fn replace(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let body: NewSettings = call.json()?;
    let place = TenantRows::of(&api, &call)?;
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
    params(("name" = String, Path, description = "The name of the template"), OfTenant),
    responses((status = 200, body = ShownTemplate))
)]
async fn show_template(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    may_see(&api, &call).await?;
    let place = TenantRows::of(&api, &call)?;
    let loaded = settings(&api)?.load(&place).await?;
    let template = loaded.value.templates.get(call.path("name"));
    let shown = ShownTemplate {
        version: SettingsVersion::from(&loaded),
        template: template.ok_or_else(no_template)?.clone(),
    };
    Ok(reply::json(StatusCode::OK, &shown))
}

/// Store a template
#[utoipa::path(
    put,
    path = "/v1/incident-settings/templates/{name}",
    tag = "incident settings",
    params(("name" = String, Path, description = "The name of the template"), OfTenant),
    request_body = NewTemplate,
    responses((status = 200, body = SettingsVersion))
)]
async fn put_template(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let name = call.path("name");
    let body: NewTemplate = call.json()?;
    let place = TenantRows::of(&api, &call)?;
    let template: Template = part("template", &body.template)?;
    let with = |mut settings: Settings| {
        settings.templates.insert(name.to_owned(), template.clone());
        Ok(settings)
    };
    settings(&api)?
        .change(&api, &call, &place, body.version, with)
        .await
}

/// Remove a template
#[utoipa::path(
    delete,
    path = "/v1/incident-settings/templates/{name}",
    tag = "incident settings",
    params(("name" = String, Path, description = "The name of the template"), OfTenant, Seen),
    responses((status = 200, body = SettingsVersion))
)]
async fn remove_template(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let Seen { version } = call.query()?;
    let place = TenantRows::of(&api, &call)?;
    let without = |mut settings: Settings| {
        let gone = settings.templates.remove(call.path("name"));
        gone.map(|_| settings).ok_or_else(no_template)
    };
    settings(&api)?
        .change(&api, &call, &place, version, without)
        .await
}

/// Store a service
#[utoipa::path(
    put,
    path = "/v1/incident-settings/services/{slug}",
    tag = "incident settings",
    params(("slug" = String, Path, description = "The slug of the service"), OfTenant),
    request_body = NewService,
    responses((status = 200, body = SettingsVersion))
)]
async fn put_service(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let slug = call.path("slug");
    let body: NewService = call.json()?;
    let place = TenantRows::of(&api, &call)?;
    let service: Service = part("service", &body.service)?;
    let with = |mut settings: Settings| {
        settings.services.insert(slug.to_owned(), service.clone());
        Ok(settings)
    };
    settings(&api)?
        .change(&api, &call, &place, body.version, with)
        .await
}

/// Remove a service
#[utoipa::path(
    delete,
    path = "/v1/incident-settings/services/{slug}",
    tag = "incident settings",
    params(("slug" = String, Path, description = "The slug of the service"), OfTenant, Seen),
    responses((status = 200, body = SettingsVersion))
)]
async fn remove_service(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let Seen { version } = call.query()?;
    let place = TenantRows::of(&api, &call)?;
    let without = |mut settings: Settings| {
        let gone = settings.services.remove(call.path("slug"));
        gone.map(|_| settings)
            .ok_or_else(|| ApiError::not_found("no service with that slug"))
    };
    settings(&api)?
        .change(&api, &call, &place, version, without)
        .await
}

/// Store the status page's API key
#[utoipa::path(
    put,
    path = "/v1/incident-settings/status-page-key",
    tag = "incident settings",
    params(OfTenant),
    request_body = NewStatusPageKey,
    responses((status = 200, body = StoredKey))
)]
async fn put_key(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let body: NewStatusPageKey = call.json()?;
    let place = TenantRows::of(&api, &call)?;
    if !StatusPageKey::is_plausible(&body.key) {
        let words =
            "takes the API key that Statuspage.io shows: 8 to 200 characters without spaces";
        return Err(ApiError::field("key", words));
    }
    let write = StatusPageKey::store(&body.key.into());
    place.rows.write(write).await?;
    settings(&api)?
        .audit(&api, &call, &place, "status page key set")
        .await?;
    Ok(key_state(KeyState::Set))
}

/// Remove the status page's API key
#[utoipa::path(
    delete,
    path = "/v1/incident-settings/status-page-key",
    tag = "incident settings",
    params(OfTenant),
    responses((status = 200, body = StoredKey))
)]
async fn remove_key(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let place = TenantRows::of(&api, &call)?;
    place.rows.write(StatusPageKey::remove()).await?;
    settings(&api)?
        .audit(&api, &call, &place, "status page key removed")
        .await?;
    Ok(key_state(KeyState::NotSet))
}

fn key_state(state: KeyState) -> Response {
    let stored = StoredKey {
        ok: true,
        status_page_key: state,
    };
    reply::json(StatusCode::OK, &stored)
}

/// Reads a part of the settings strictly.
fn part<T: DeserializeOwned + Serialize>(what: &str, given: &Value) -> Result<T, ApiError> {
    read_part(what, given).map_err(|problems| ApiError::problems(&problems))
}

/// Fails if a person asks who may not see the settings in Slack either. Of a key, the scope decides.
async fn may_see(api: &Api, call: &Call) -> Result<(), ApiError> {
    let is_person = matches!(
        &call.caller,
        Caller::Member(member) if matches!(member.identity, Identity::Person(_))
    );
    if is_person {
        let context = CallContext::enter(api, call).await?;
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
