//! The routes that show hooks.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use tidegate_api::{Api, ApiResult, Call, OfTenant, reply};
use utoipa::ToSchema;

use super::shown::{HookAnswer, HookLine};
use super::submit::CallContext;
use crate::model::stored::load_all;

/// The hooks of a workspace, at most 20.
#[derive(Serialize, ToSchema)]
struct HookList {
    ok: bool,
    hooks: Vec<HookLine>,
}

/// List the hooks of a workspace
#[utoipa::path(
    get,
    path = "/v1/hooks",
    tag = "hooks",
    params(OfTenant),
    responses((status = 200, body = HookList))
)]
pub(super) async fn list(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let context = CallContext::enter(&api, &call)?;
    let mut hooks = load_all(&context.rows).await?;
    hooks.sort_by_key(|stored| stored.hook.created_at);
    let list = HookList {
        ok: true,
        hooks: hooks.iter().map(HookLine::of).collect(),
    };
    Ok(reply::json(StatusCode::OK, &list))
}

/// Show a hook
#[utoipa::path(
    get,
    path = "/v1/hooks/{id}",
    tag = "hooks",
    params(
        ("id" = String, Path, description = "The hook: `hook_…`"),
        OfTenant,
    ),
    responses((status = 200, body = HookAnswer))
)]
pub(super) async fn show(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let context = CallContext::enter(&api, &call)?;
    let stored = context.hook().await?;
    Ok(reply::json(StatusCode::OK, &HookAnswer::of(&stored)))
}
