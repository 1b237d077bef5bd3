//! Route: declare an incident, once for each idempotency key.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde_json::json;

use super::call_context::CallContext;
use super::fields::Fields;
use super::shown;
use super::submit::{self, Claim};
use crate::decide::declaration;
use crate::decide::request::RequestKind;
use crate::model::form::Declaration;
use crate::model::incident::{IncidentId, MAX_SERVICES, MAX_TITLE};
use crate::model::permissions::Action;
use crate::model::rows::{self, Loaded};
use crate::model::severity::Severity;
use tidegate_api::reply;
use tidegate_api::{Api, ApiError, ApiResult, Call};

/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 3000;

/// Longest name of a template or service, in characters.
const MAX_NAME: usize = 100;

/// Declare an incident
#[utoipa::path(
    post,
    path = "/v1/incidents",
    tag = "incidents",
    params(
        ("idempotency-key" = Option<String>, Header, min_length = 1, max_length = 200, description = "Makes a repeat of the call harmless"),
    ),
    request_body = Value,
    responses((status = 201, body = Value), (status = 200, body = Value, description = "Declared before, under the same key"))
)]
pub(super) async fn declare(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let mut fields = Fields::of(&call)?;
    let named = fields.text("tenant", MAX_NAME);
    let context = CallContext::enter(&api, &call, named.as_deref()).await?;
    let claim = Claim::of(&call, &mut fields, "declare");
    let declaration = read(&mut fields, &context)?;
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
    let incident = shown::to(&context, &loaded);
    let body = json!({"ok": true, "declared": !result.repeated, "incident": incident});
    Ok(reply::json(status, &body))
}

/// Reads the declaration in a body, completed from its template, and notes all of its problems.
fn read(fields: &mut Fields, context: &CallContext<'_>) -> Result<Declaration, ApiError> {
    let severity = |text: &str| Severity::parse(text);
    let declaration = Declaration {
        title: fields.text("title", MAX_TITLE).unwrap_or_default(),
        severity: fields.read("severity", severity, "P1, P2, P3 or P4"),
        services: fields.texts("services"),
        commander: fields.person("commander"),
        description: fields.text("description", MAX_DESCRIPTION),
        private: fields.flag("private"),
        drill: fields.flag("drill"),
        triage: fields.flag("triage"),
        template: fields.text("template", MAX_NAME),
        source: None,
        detected_at: fields.moment("detected_at", context.now),
    };
    let settings = &context.settings.settings;
    match declaration::from_template(declaration.clone(), settings) {
        Ok(declaration) => note_problems(fields, &declaration, context),
        Err(words) => {
            note_problems(fields, &declaration, context);
            fields.wrong("template", &format!("is none: {}", words.plain()));
        }
    }
    fields.check()?;
    Ok(declaration)
}

fn note_problems(fields: &mut Fields, declaration: &Declaration, context: &CallContext<'_>) {
    if declaration.services.len() > MAX_SERVICES {
        fields.wrong("services", &format!("takes {MAX_SERVICES} at most"));
        return;
    }
    for (field, words) in declaration::check(declaration, &context.settings.settings) {
        let name = if field == "service" {
            "services"
        } else {
            field
        };
        if !fields.is_wrong(name) {
            fields.wrong(name, &format!("does not fit: {}", words.plain()));
        }
    }
}

async fn load(context: &CallContext<'_>, id: &IncidentId) -> Result<Loaded, ApiError> {
    let loaded = rows::load(&context.rows, id).await?;
    loaded.ok_or_else(|| ApiError::Internal("a declared incident is not there".to_owned()))
}

/// The incident that the same key declared.
async fn declared_before(context: &CallContext<'_>, claim: &Claim) -> Result<Loaded, ApiError> {
    let pointer = rows::by_request(claim.id());
    let loaded = rows::load_pointed(&context.rows, &pointer).await?;
    loaded.ok_or_else(|| ApiError::Internal("a claim of the API has no incident".to_owned()))
}
