//! The routes under `/v1/operator`, for the engineer on call. `tidegate events` and `tidegate posts` are clients of them, in
//! local mode and against a deployment.

mod events;
mod find;
mod found;
mod posts;
mod redaction;
mod replay;
mod unreadable;

use std::sync::Arc;

use axum::extract::State;
use tidegate_pipeline::table::Table;
use utoipa_axum::routes;

use crate::reply;
use crate::{Access, Api, ApiError, ApiResult, Call, Routes};

pub(crate) fn routes() -> Routes {
    let access = &Access::Operator;
    Routes::default()
        .at(access, routes!(list_events))
        .at(access, routes!(show_event))
        .at(access, routes!(replay_event))
        .at(access, routes!(list_posts))
        .at(access, routes!(resend_post))
}

/// List events
#[utoipa::path(
    get,
    path = "/v1/operator/events",
    tag = "operator",
    params(
        ("tenant" = Option<String>, Query, description = "Only this workspace's"),
        ("state" = Option<String>, Query, description = "`all`, `parked` or `waiting`"),
        ("since" = Option<i64>, Query, minimum = 0, maximum = 253_402_300_799_i64, description = "Unix time in seconds"),
        ("until" = Option<i64>, Query, minimum = 0, maximum = 253_402_300_799_i64, description = "Unix time in seconds"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "The most events"),
    ),
    responses((status = 200, body = Value))
)]
async fn list_events(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let listed = Operator::of(&api, &call)?.list_events().await;
    listed.map(reply::ok)
}

/// Show an event
#[utoipa::path(
    get,
    path = "/v1/operator/events/{id}",
    tag = "operator",
    params(
        ("id" = String, Path, description = "The event's id"),
        ("tenant" = Option<String>, Query, description = "Its workspace"),
    ),
    responses((status = 200, body = Value))
)]
async fn show_event(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let shown = Operator::of(&api, &call)?.show_event().await;
    shown.map(reply::ok)
}

/// Replay an event
#[utoipa::path(
    post,
    path = "/v1/operator/events/{id}/replay",
    tag = "operator",
    params(
        ("id" = String, Path, description = "The event's id"),
        ("tenant" = Option<String>, Query, description = "Its workspace"),
        ("domain" = Option<String>, Query, description = "Only the share of this domain"),
    ),
    responses((status = 200, body = Value))
)]
async fn replay_event(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let replayed = Operator::of(&api, &call)?.replay_event().await;
    replayed.map(reply::ok)
}

/// List parked posts
#[utoipa::path(
    get,
    path = "/v1/operator/posts",
    tag = "operator",
    params(
        ("tenant" = Option<String>, Query, description = "Only this workspace's"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "The most posts"),
    ),
    responses((status = 200, body = Value))
)]
async fn list_posts(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let listed = Operator::of(&api, &call)?.list_posts().await;
    listed.map(reply::ok)
}

/// Send a parked post again
#[utoipa::path(
    post,
    path = "/v1/operator/posts/{id}/resend",
    tag = "operator",
    params(("id" = String, Path, description = "The post's message id")),
    responses((status = 200, body = Value))
)]
async fn resend_post(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let resent = Operator::of(&api, &call)?.resend_post().await;
    resent.map(reply::ok)
}

/// A call that the operator key admitted.
struct Operator<'a> {
    api: &'a Api,
    call: &'a Call,
    /// The rows of all tenants.
    table: &'a Table,
}

impl<'a> Operator<'a> {
    fn of(api: &'a Api, call: &'a Call) -> Result<Self, ApiError> {
        let table = api.table.all(call)?;
        Ok(Self { api, call, table })
    }
}
