//! The route that deletes a hook.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use tidegate_api::{Api, ApiResult, Call, OfTenant, reply};
use tidegate_pipeline::ledger::Decision;
use tidegate_pipeline::table::Write;
use tidegate_pipeline::timers::disarm;
use utoipa::ToSchema;

use super::submit::CallContext;
use crate::model::drains;
use crate::model::rows;

/// A hook that is deleted.
#[derive(Serialize, ToSchema)]
struct RemovedHook {
    ok: bool,
    id: String,
}

/// Delete a hook
///
/// Nothing more is sent to it, and its deliveries can no longer be seen.
#[utoipa::path(
    delete,
    path = "/v1/hooks/{id}",
    tag = "hooks",
    params(
        ("id" = String, Path, description = "The hook: `hook_…`"),
        OfTenant,
    ),
    responses((status = 200, body = RemovedHook))
)]
pub(super) async fn remove(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let context = CallContext::enter(&api, &call)?;
    let stored = context.hook().await?;
    let id = &stored.id;
    let detail = id.to_string();
    let mut writes = vec![
        Write::delete(rows::hook(id)).when("attribute_exists(#pk)"),
        Write::update(rows::count(), "ADD #n :less").value(":less", -1i64),
        Write::delete(rows::health(id)),
        disarm(rows::probe_timer(id)),
        disarm(rows::drain_timer(id)),
    ];
    writes.extend(drains::end_all(id));
    context
        .commit(&Decision {
            writes,
            audit: Some(context.note("hooks.delete", detail)),
            ..Decision::default()
        })
        .await?;
    let removed = RemovedHook {
        ok: true,
        id: id.to_string(),
    };
    Ok(reply::json(StatusCode::OK, &removed))
}
