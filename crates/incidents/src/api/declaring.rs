//! Route: declare an incident, once for each idempotency key.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::input::shown;
use tidegate_slack::ids::UserId;
use utoipa::ToSchema;

use super::call_context::CallContext;
use super::input::{MAX_TEXT, Problems, moment, person, severity};
use super::shown::MaybeShown;
use super::submit;
use crate::decide::declaration;
use crate::decide::request::RequestKind;
use crate::model::form::Declaration;
use crate::model::incident::{IncidentId, MAX_SERVICES, MAX_TITLE};
use crate::model::permissions::Action;
use crate::model::rows::{self, Loaded};
use crate::model::settings::Settings;
use crate::model::settings::shapes::is_slug;
use crate::model::severity::Severity;
use tidegate_api::idempotency::Claim;
use tidegate_api::values::{Line, Text};
use tidegate_api::{Api, ApiError, ApiResult, Call, OfTenant, reply};

/// What is declared.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewIncident {
    /// Needed, unless a template has one.
    #[schema(value_type = Option<Line<0, 100>>)]
    title: Option<Line<0, MAX_TITLE>>,
    #[serde(default, deserialize_with = "severity")]
    severity: Option<Severity>,
    /// Slugs of the services that are affected, five at most.
    #[schema(max_items = 5)]
    services: Option<Vec<String>>,
    /// The person who leads from the start.
    #[serde(default, deserialize_with = "person")]
    #[schema(value_type = Option<String>, pattern = "^[UW][A-Z0-9]+$")]
    commander: Option<UserId>,
    #[schema(value_type = Option<Text<0, 3000>>)]
    description: Option<Text<0, MAX_TEXT>>,
    /// Whether only those who take part may see it.
    private: Option<bool>,
    /// Whether it is an exercise.
    drill: Option<bool>,
    /// Whether a person has to accept it first.
    triage: Option<bool>,
    /// The name of a template, which completes what is left out.
    template: Option<Line<0, 100>>,
    /// When it began to be noticed, as in RFC 3339.
    #[serde(default, deserialize_with = "moment")]
    #[schema(value_type = Option<String>, format = DateTime)]
    detected_at: Option<Timestamp>,
}

/// A declared incident.
#[derive(Serialize, ToSchema)]
struct DeclareAnswer {
    ok: bool,
    /// False if the same idempotency key has declared it before.
    declared: bool,
    incident: MaybeShown,
}

/// Declare an incident
#[utoipa::path(
    post,
    path = "/v1/incidents",
    tag = "incidents",
    params(OfTenant),
    request_body = NewIncident,
    responses((status = 201, body = DeclareAnswer), (status = 200, body = DeclareAnswer, description = "Declared before, under the same key"))
)]
pub(super) async fn declare(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let new: NewIncident = call.json()?;
    let context = CallContext::enter(&api, &call).await?;
    let claim = Claim::of(&call, "declare");
    let declaration = read(new, &context)?;
    context.must(Action::Declare, None)?;
    let kind = RequestKind::Declare(Box::new(declaration));
    let result = submit::submit(&context, &claim, kind, None).await?;
    let loaded = match &result.incident {
        Some(id) if !result.repeated => load(&context, id).await?,
        _ => declared_before(&context, &claim).await?,
    };
    let status = if result.repeated {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let body = DeclareAnswer {
        ok: true,
        declared: !result.repeated,
        incident: MaybeShown::to(&context, &loaded),
    };
    Ok(reply::json(status, &body))
}

/// Completes what is declared from its template, and checks all of it.
fn read(new: NewIncident, context: &CallContext<'_>) -> Result<Declaration, ApiError> {
    let declaration = Declaration {
        title: new.title.map(Line::into_string).unwrap_or_default(),
        severity: new.severity,
        services: new.services.unwrap_or_default(),
        commander: new.commander,
        description: new.description.and_then(Text::given),
        private: new.private.unwrap_or_default(),
        drill: new.drill.unwrap_or_default(),
        triage: new.triage.unwrap_or_default(),
        template: new.template.and_then(Line::given),
        source: None,
        // A clock that is ahead of ours means now.
        detected_at: new.detected_at.map(|at| at.min(context.now)),
    };
    let settings = &context.settings.settings;
    let mut problems = Problems::default();
    let completed = declaration::from_template(declaration.clone(), settings);
    let declaration = completed.unwrap_or_else(|_| {
        let name = declaration.template.as_deref().unwrap_or_default();
        problems.note("template", &there_is_no("template", name));
        declaration
    });
    note_problems(&mut problems, &declaration, settings);
    problems.check()?;
    Ok(declaration)
}

fn note_problems(problems: &mut Problems, declaration: &Declaration, settings: &Settings) {
    if declaration.title.is_empty() {
        problems.note("title", "is needed");
    }
    if declaration.services.len() > MAX_SERVICES {
        problems.note("services", &format!("takes {MAX_SERVICES} at most"));
    }
    for (n, slug) in declaration.services.iter().enumerate() {
        if !settings.services.contains_key(slug) {
            problems.note(&format!("services[{n}]"), &there_is_no("service", slug));
        }
    }
}

/// The words about a name that the settings do not have.
fn there_is_no(what: &str, name: &str) -> String {
    let name = if is_slug(name) {
        format!("`{name}`")
    } else {
        shown(name)
    };
    format!("there is no {what} {name}; `GET /v1/incident-settings` shows which there are")
}

async fn load(context: &CallContext<'_>, id: &IncidentId) -> Result<Loaded, ApiError> {
    let loaded = rows::load(&context.rows, id).await?;
    loaded.ok_or_else(|| ApiError::Internal("a declared incident is not there".to_owned()))
}

/// The incident that the same key declared.
async fn declared_before(context: &CallContext<'_>, claim: &Claim) -> Result<Loaded, ApiError> {
    let pointer = rows::by_request(&claim.id());
    let loaded = rows::load_pointed(&context.rows, &pointer).await?;
    loaded.ok_or_else(|| ApiError::Internal("a claim of the API has no incident".to_owned()))
}
