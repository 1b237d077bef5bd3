//! The route `GET /v1/operator/events/{id}`, which shows one event.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use tidegate_pipeline::outbox::PostState;
use utoipa::ToSchema;

use super::events::EventLine;
use super::posts::PostLine;
use super::{Operator, redaction};
use crate::{Api, ApiResult, Call, OnlyOf, reply};

/// An event, its request and its posts.
#[derive(Serialize, ToSchema)]
struct ShownEvent {
    ok: bool,
    #[serde(flatten)]
    line: EventLine,
    /// The kind of job, such as `slack.event`.
    kind: String,
    /// Unix time in milliseconds, as `finished_at_ms`.
    received_at_ms: i64,
    finished_at_ms: Option<i64>,
    retry: Option<SlackRetry>,
    /// The posts that it caused and that are not settled yet.
    posts_waiting: usize,
    /// The posts that are settled.
    posts: Vec<PostLine>,
    /// The request, without its credentials.
    body: Value,
}

/// Slack's own repeat of the event.
#[derive(Serialize, ToSchema)]
struct SlackRetry {
    /// The number of the try, from 1.
    num: u32,
    reason: String,
}

/// Show an event
#[utoipa::path(
    get,
    path = "/v1/operator/events/{id}",
    tag = "operator",
    params(("id" = String, Path, description = "The event's id"), OnlyOf),
    responses((status = 200, body = ShownEvent))
)]
pub(super) async fn show(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let operator = Operator::of(&api, &call)?;
    let id = call.path("id");
    let (tenant, entry, archived) = operator.find(id).await?;
    let found = operator.with_shares(&tenant, id, entry).await?;
    let posts = operator.ledger(&tenant).posts_of(id).await?;
    let second = archived.address.second();
    let job = &archived.job;
    let caused = usize::try_from(found.posts()).unwrap_or(0);
    let settled = posts
        .iter()
        .filter(|post| post.state != PostState::Requeued)
        .count();
    let finished_at = found.entry.as_ref().map(|entry| entry.finished_at.millis());
    let shown = ShownEvent {
        ok: true,
        line: EventLine::new(id, &tenant, &archived.name, second, &found),
        kind: job.kind.clone(),
        received_at_ms: job.received_at.millis(),
        finished_at_ms: finished_at,
        retry: job.retry.as_ref().map(|retry| SlackRetry {
            num: retry.num,
            reason: retry.reason.clone(),
        }),
        posts_waiting: caused.saturating_sub(settled),
        posts: posts.iter().map(PostLine::of).collect(),
        body: redaction::body(job.kind.as_str(), &job.body),
    };
    Ok(reply::json(StatusCode::OK, &shown))
}
