//! Operations: show one incident, and its parts: tasks, deliveries and post-mortem.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::ids::UserId;
use utoipa::{IntoParams, ToSchema};

use super::call_context::CallContext;
use super::shown::{self, NamedIncident, ShownIncident, ShownLink};
use super::shown_actor::ShownActor;
use crate::decide::tasks::{self, Task};
use crate::decide::{relations, review};
use crate::model::incident::Review;
use crate::model::notification;
use crate::model::permissions::Action;
use crate::model::rows::{self, Loaded};
use tidegate_api::{Api, ApiError, ApiResult, Call, OfTenant, reply};

/// The context of a call, and the incident that it names. Fails if the caller may not see the incident.
pub(super) async fn viewed<'a>(
    api: &'a Api,
    call: &'a Call,
) -> Result<(CallContext<'a>, Loaded), ApiError> {
    let context = CallContext::enter(api, call).await?;
    let loaded = context.find(call.path("id")).await?;
    context.must(Action::View, Some(&loaded))?;
    Ok((context, loaded))
}

/// An incident with its links.
#[derive(Serialize, ToSchema)]
struct OneIncident {
    ok: bool,
    incident: WholeIncident,
}

#[derive(Serialize, ToSchema)]
struct WholeIncident {
    #[serde(flatten)]
    incident: ShownIncident,
    links: Vec<ShownLink>,
    /// The incident that goes on in its place.
    merged_into: Option<NamedIncident>,
}

/// Show an incident
#[utoipa::path(
    get,
    path = "/v1/incidents/{id}",
    tag = "incidents",
    params(("id" = String, Path, description = "The id or number of the incident"), OfTenant),
    responses((status = 200, body = OneIncident))
)]
pub(super) async fn show(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let (context, loaded) = viewed(&api, &call).await?;
    let links = relations::load(&context.rows, &loaded.incident.id).await?;
    let whole = WholeIncident {
        incident: ShownIncident::of(&loaded, &context.tenant),
        links: shown::links(&context, &links).await?,
        merged_into: merged_into(&context, &loaded).await?,
    };
    let body = OneIncident {
        ok: true,
        incident: whole,
    };
    Ok(reply::json(StatusCode::OK, &body))
}

async fn merged_into(
    context: &CallContext<'_>,
    loaded: &Loaded,
) -> Result<Option<NamedIncident>, ApiError> {
    let Some(id) = &loaded.incident.merged_into else {
        return Ok(None);
    };
    let other = rows::load_alone(&context.rows, id).await?;
    let other = other.filter(|other| context.sees(other));
    Ok(other.as_ref().map(NamedIncident::of))
}

/// The tasks of an incident, which has 200 at most.
#[derive(Serialize, ToSchema)]
struct TaskList {
    ok: bool,
    tasks: Vec<ShownTask>,
}

#[derive(Serialize, ToSchema)]
struct ShownTask {
    /// From 1 within the incident.
    n: u32,
    text: String,
    assignee: Option<UserId>,
    due_ms: Option<Timestamp>,
    done: bool,
}

/// List the tasks of an incident
#[utoipa::path(
    get,
    path = "/v1/incidents/{id}/tasks",
    tag = "incidents",
    params(("id" = String, Path, description = "The id or number of the incident"), OfTenant),
    responses((status = 200, body = TaskList))
)]
pub(super) async fn tasks(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let (context, loaded) = viewed(&api, &call).await?;
    let tasks = tasks::load_all(&context.rows, &loaded.incident.id).await?;
    let shown = tasks.iter().map(Task::view).map(|task| ShownTask {
        n: task.n,
        text: task.text,
        assignee: task.assignee,
        due_ms: task.due,
        done: task.done,
    });
    let list = TaskList {
        ok: true,
        tasks: shown.collect(),
    };
    Ok(reply::json(StatusCode::OK, &list))
}

/// What was sent about an incident: the latest fifty.
#[derive(Serialize, ToSchema)]
struct DeliveryList {
    ok: bool,
    deliveries: Vec<ShownDelivery>,
}

#[derive(Serialize, ToSchema)]
struct ShownDelivery {
    /// The event, or `public` for a text on the status page.
    news: String,
    /// The id of a channel or person, or `status page`.
    target: String,
    /// `pending`, `sent`, `failed` or `throttled`.
    state: String,
    attempts: i64,
    error: Option<String>,
    at_ms: Timestamp,
}

/// List what was sent about an incident
#[utoipa::path(
    get,
    path = "/v1/incidents/{id}/deliveries",
    tag = "incidents",
    params(("id" = String, Path, description = "The id or number of the incident"), OfTenant),
    responses((status = 200, body = DeliveryList))
)]
pub(super) async fn deliveries(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let (context, loaded) = viewed(&api, &call).await?;
    let deliveries = notification::list(&context.rows, &loaded.incident.id).await?;
    let shown = deliveries.into_iter().map(|delivery| ShownDelivery {
        news: delivery.news,
        target: delivery.target,
        state: delivery.state,
        attempts: delivery.attempts,
        error: delivery.error,
        at_ms: delivery.at,
    });
    let list = DeliveryList {
        ok: true,
        deliveries: shown.collect(),
    };
    Ok(reply::json(StatusCode::OK, &list))
}

/// The format in which a call asks for a text.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct InFormat {
    #[serde(default)]
    #[param(inline)]
    format: Format,
}

/// A draft of a post-mortem, or the published one.
#[derive(Serialize, ToSchema)]
struct ShownDraft {
    ok: bool,
    state: Review,
    /// The number of the draft, from 1.
    draft: u32,
    by: ShownActor,
    at_ms: Timestamp,
    markdown: String,
}

/// Show the post-mortem of an incident
#[utoipa::path(
    get,
    path = "/v1/incidents/{id}/postmortem",
    tag = "incidents",
    params(("id" = String, Path, description = "The id or number of the incident"), OfTenant, InFormat),
    responses((status = 200, content((ShownDraft = "application/json"), (String = "text/markdown"))))
)]
pub(super) async fn postmortem(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let InFormat { format } = call.query()?;
    let (context, loaded) = viewed(&api, &call).await?;
    let draft = review::load(&context.rows, &loaded.incident.id).await?;
    let draft = draft.ok_or_else(|| {
        ApiError::not_found("no post-mortem yet: `/incident postmortem` drafts one")
    })?;
    if format == Format::Markdown {
        return Ok(file("text/markdown; charset=utf-8", draft.markdown));
    }
    let shown = ShownDraft {
        ok: true,
        state: loaded.incident.review,
        draft: draft.n,
        by: ShownActor::of(&draft.by, &context.tenant),
        at_ms: draft.at,
        markdown: draft.markdown,
    };
    Ok(reply::json(StatusCode::OK, &shown))
}

/// The format of a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    #[default]
    Json,
    Markdown,
}

/// A response with status 200 and a text of that content type.
pub(super) fn file(content_type: &'static str, text: String) -> Response {
    let mut response = reply::text(StatusCode::OK, text);
    let value = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, value);
    response
}
