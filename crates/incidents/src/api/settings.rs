//! Routes: a workspace's settings of incidents, whole or one service or template at a time.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tidegate_api::settings::{Sent, Settings as Shared, SettingsVersion, TenantRows};
use tidegate_api::{
    Access, Api, ApiError, ApiResult, Call, Caller, Identity, OfTenant, Routes, reply,
};
use tidegate_pipeline::documents::input::{Problem, read_part};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::call_context::CallContext;
use super::status_page_key::KeyState;
use super::{INCIDENTS_ADMIN, INCIDENTS_READ};
use crate::model::permissions::Action;
use crate::model::settings::store::{self, StatusPageKey};
use crate::model::settings::{
    Service, Settings,
    check::{check, slug_problem},
    input,
};
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
}

/// All settings to store.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSettings {
    /// The version that the caller has seen. Without it, the settings replace those of any version.
    version: Option<i64>,
    /// The settings. A field that is left out gets its default.
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

/// The settings in force.
#[derive(Serialize, ToSchema)]
struct ShownSettings {
    #[serde(flatten)]
    version: SettingsVersion,
    settings: Settings,
    status_page_key: KeyState,
}

/// What a template fills in when an incident is declared by its name.
#[derive(Serialize, ToSchema)]
struct ShownTemplate {
    #[serde(flatten)]
    version: SettingsVersion,
    template: Template,
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
    let sent = Sent::Whole("settings");
    let whole = input::read(&body.settings).map_err(|problems| sent.refused(problems))?;
    let replace = |_| Ok(whole.clone());
    settings(&api)?
        .change(&api, &call, &place, body.version, &sent, replace)
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
    let template: Template = part(("name", name), ("template", &body.template))?;
    let sent = Sent::Part(format!("templates.{name}"), "template");
    let with = |mut settings: Settings| {
        settings.templates.insert(name.to_owned(), template.clone());
        Ok(settings)
    };
    settings(&api)?
        .change(&api, &call, &place, body.version, &sent, with)
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
        .change(&api, &call, &place, version, &Sent::Nothing, without)
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
    let service: Service = part(("slug", slug), ("service", &body.service))?;
    let sent = Sent::Part(format!("services.{slug}"), "service");
    let with = |mut settings: Settings| {
        settings.services.insert(slug.to_owned(), service.clone());
        Ok(settings)
    };
    settings(&api)?
        .change(&api, &call, &place, body.version, &sent, with)
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
        .change(&api, &call, &place, version, &Sent::Nothing, without)
        .await
}

/// Reads a part of the settings strictly. `slug` is the part of the path that names it, with its value, and `given` the field of
/// the body.
fn part<T: DeserializeOwned + Serialize>(
    slug: (&str, &str),
    given: (&str, &Value),
) -> Result<T, ApiError> {
    let mut problems: Vec<Problem> = slug_problem(slug.0, slug.1).into_iter().collect();
    match read_part(given.0, given.1) {
        Ok(part) if problems.is_empty() => Ok(part),
        Ok(_) => Err(ApiError::problems(&problems)),
        Err(found) => {
            problems.extend(found);
            Err(ApiError::problems(&problems))
        }
    }
}

/// Fails if the caller is a person who may not see the settings in Slack either. A key needs the scope only.
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
pub(super) fn settings(api: &Api) -> Result<Shared<'_, Settings>, ApiError> {
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
