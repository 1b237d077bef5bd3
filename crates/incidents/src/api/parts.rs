//! Operations: show one incident, and its parts: timeline, tasks, deliveries, post-mortem, and its whole record as a file.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use futures_util::future::try_join;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};
use tidegate_pipeline::table::Range;

use super::call_context::CallContext;
use super::shown;
use crate::decide::read::whole_timeline;
use crate::decide::tasks::{self, Task};
use crate::decide::{relations, review};
use crate::model::notification;
use crate::model::permissions::Action;
use crate::model::rows::{self, Loaded};
use crate::model::timeline::Entry;
use crate::render::export::{self, Export, Names};
use tidegate_api::reply;
use tidegate_api::{Api, ApiError, ApiResult, Call};

/// Entries of the timeline in one answer by default; the next constant is the most that a caller can ask for.
const LIMIT: usize = 100;
const MOST: usize = 250;

/// The context of a call, and the incident that it names. Fails if the caller may not see the incident.
async fn viewed<'a>(api: &'a Api, call: &'a Call) -> Result<(CallContext<'a>, Loaded), ApiError> {
    let context = CallContext::enter(api, call, None).await?;
    let loaded = context.find(call.path("id")).await?;
    context.must(Action::View, Some(&loaded))?;
    Ok((context, loaded))
}

/// Show an incident
#[utoipa::path(
    get,
    path = "/v1/incidents/{id}",
    tag = "incidents",
    params(
        ("id" = String, Path, description = "The id or number of the incident"),
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
    ),
    responses((status = 200, body = Value))
)]
pub(super) async fn show(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let (context, loaded) = viewed(&api, &call).await?;
    let mut shown = shown::incident(&loaded);
    let links = relations::load(&context.rows, &loaded.incident.id).await?;
    shown["links"] = shown::links(&context, &links).await?.into();
    shown["merged_into"] = merged_into(&context, &loaded).await?;
    Ok(reply::ok(json!({"ok": true, "incident": shown})))
}

async fn merged_into(context: &CallContext<'_>, loaded: &Loaded) -> Result<Value, ApiError> {
    let Some(id) = &loaded.incident.merged_into else {
        return Ok(Value::Null);
    };
    let other = rows::load_alone(&context.rows, id).await?;
    let other = other.filter(|other| context.sees(other));
    Ok(other.map_or(
        Value::Null,
        |other| json!({"id": other.id, "name": other.name()}),
    ))
}

/// List the timeline of an incident
///
/// The latest entries come first.
#[utoipa::path(
    get,
    path = "/v1/incidents/{id}/timeline",
    tag = "incidents",
    params(
        ("id" = String, Path, description = "The id or number of the incident"),
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 250, description = "The most entries of a page"),
        ("before" = Option<u64>, Query, description = "The `next` of the page before"),
    ),
    responses((status = 200, body = Value))
)]
pub(super) async fn timeline(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let (context, loaded) = viewed(&api, &call).await?;
    let limit = call.query.limit(LIMIT, MOST)?;
    let last = match call.query.number("before")?.map(u64::try_from) {
        None => loaded.incident.seq,
        Some(Ok(before)) => loaded.incident.seq.min(before.saturating_sub(1)),
        Some(Err(_)) => return Err(ApiError::bad("`before` takes the `next` of a page")),
    };
    let (from, to) = (format!("{:08}", 0), format!("{last:08}"));
    let (from, to) = (["entry", from.as_str()], ["entry", to.as_str()]);
    let partition = rows::partition(&loaded.incident.id);
    let range = Range::Between(&from, &to);
    let page = context
        .rows
        .query(&partition, range, true, limit, None)
        .await?;
    let read = page.rows.iter();
    let entries: Vec<Entry> = read
        .filter_map(|(_, item)| rows::ENTRY.read(item).ok())
        .collect();
    let next = entries.last().map(|entry| entry.seq).filter(|seq| *seq > 1);
    let entries: Vec<Value> = entries.iter().map(shown::entry).collect();
    Ok(reply::ok(
        json!({"ok": true, "entries": entries, "next": next}),
    ))
}

/// List the tasks of an incident
#[utoipa::path(
    get,
    path = "/v1/incidents/{id}/tasks",
    tag = "incidents",
    params(
        ("id" = String, Path, description = "The id or number of the incident"),
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
    ),
    responses((status = 200, body = Value))
)]
pub(super) async fn tasks(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let (context, loaded) = viewed(&api, &call).await?;
    let tasks = tasks::load_all(&context.rows, &loaded.incident.id).await?;
    let tasks: Vec<Value> = tasks.iter().map(task).collect();
    Ok(reply::ok(json!({"ok": true, "tasks": tasks})))
}

fn task(task: &Task) -> Value {
    let view = task.view();
    json!({
        "n": view.n,
        "text": view.text,
        "assignee": view.assignee,
        "due_ms": view.due,
        "done": view.done,
    })
}

/// List what was sent about an incident
#[utoipa::path(
    get,
    path = "/v1/incidents/{id}/deliveries",
    tag = "incidents",
    params(
        ("id" = String, Path, description = "The id or number of the incident"),
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
    ),
    responses((status = 200, body = Value))
)]
pub(super) async fn deliveries(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let (context, loaded) = viewed(&api, &call).await?;
    let deliveries = notification::list(&context.rows, &loaded.incident.id).await?;
    let deliveries = deliveries.iter().map(|delivery| {
        json!({
            "news": delivery.news,
            "target": delivery.target,
            "state": delivery.state,
            "attempts": delivery.attempts,
            "error": delivery.error,
            "at_ms": delivery.at,
        })
    });
    let deliveries: Vec<Value> = deliveries.collect();
    Ok(reply::ok(json!({"ok": true, "deliveries": deliveries})))
}

/// Show the post-mortem of an incident
#[utoipa::path(
    get,
    path = "/v1/incidents/{id}/postmortem",
    tag = "incidents",
    params(
        ("id" = String, Path, description = "The id or number of the incident"),
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
        ("format" = Option<String>, Query, description = "`json` or `markdown`"),
    ),
    responses((status = 200, content((Value = "application/json"), (String = "text/markdown"))))
)]
pub(super) async fn postmortem(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let format = Format::of(&call)?;
    let (context, loaded) = viewed(&api, &call).await?;
    let draft = review::load(&context.rows, &loaded.incident.id).await?;
    let draft = draft.ok_or_else(|| {
        ApiError::not_found("no post-mortem yet: `/incident postmortem` drafts one")
    })?;
    if format == Format::Markdown {
        return Ok(file("text/markdown; charset=utf-8", draft.markdown));
    }
    Ok(reply::ok(json!({
        "ok": true,
        "state": loaded.incident.review,
        "draft": draft.n,
        "by": draft.by,
        "at_ms": draft.at,
        "markdown": draft.markdown,
    })))
}

/// Export the whole record of an incident
#[utoipa::path(
    get,
    path = "/v1/incidents/{id}/export",
    tag = "incidents",
    params(
        ("id" = String, Path, description = "The id or number of the incident"),
        ("tenant" = Option<String>, Query, description = "The workspace. Only the operator key needs it"),
        ("format" = Option<String>, Query, description = "`json` or `markdown`"),
    ),
    responses((status = 200, content((Value = "application/json"), (String = "text/markdown"))))
)]
pub(super) async fn export(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let format = Format::of(&call)?;
    let (context, loaded) = viewed(&api, &call).await?;
    context.must(Action::Export, Some(&loaded))?;
    let (rows, incident) = (&context.rows, &loaded.incident);
    let record = try_join(
        whole_timeline(rows, &incident.id),
        tasks::load_all(rows, &incident.id),
    );
    let (entries, tasks) = record.await?;
    let tasks: Vec<_> = tasks.iter().map(Task::view).collect();
    let export = Export {
        incident,
        entries: &entries,
        tasks: &tasks,
        names: &Names::new(),
    };
    match format {
        Format::Markdown => {
            let markdown = export::markdown(&export);
            Ok(file("text/markdown; charset=utf-8", markdown))
        }
        Format::Json => {
            let mut whole = export::json(&export);
            whole["ok"] = true.into();
            Ok(reply::ok(whole))
        }
    }
}

/// The format of an exported record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Markdown,
}

impl Format {
    fn of(call: &Call) -> Result<Self, ApiError> {
        match call.query.get("format") {
            None | Some("json") => Ok(Self::Json),
            Some("markdown") => Ok(Self::Markdown),
            Some(_) => Err(ApiError::bad("`format` takes `json` or `markdown`")),
        }
    }
}

/// A response with status 200 and a text of that content type.
pub(super) fn file(content_type: &'static str, text: String) -> Response {
    let mut response = reply::text(StatusCode::OK, text);
    let value = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, value);
    response
}
