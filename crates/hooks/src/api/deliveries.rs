//! The routes that show deliveries.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use tidegate_api::{Api, ApiResult, Call, OfTenant, Paging, reply};
use tidegate_pipeline::table::{Cursor, Range};
use utoipa::ToSchema;

use super::shown::{HookAttempt, HookDelivery};
use super::submit::CallContext;
use crate::model::delivery::DELIVERY;
use crate::model::rows;
use crate::model::stored::readable;

/// The part of the list that a call asks for.
type Page = Paging<50, 200>;

/// One page of the deliveries of a hook, newest first.
#[derive(Serialize, ToSchema)]
struct HookDeliveryPage {
    ok: bool,
    deliveries: Vec<HookDelivery>,
    /// The `after` of the next page. Null on the last one.
    next: Option<String>,
}

/// A delivery with its latest attempts.
#[derive(Serialize, ToSchema)]
struct HookDeliveryDetail {
    ok: bool,
    delivery: HookDelivery,
    /// The latest attempts, at most 20, oldest first.
    attempts: Vec<HookAttempt>,
}

/// List the deliveries of a hook
#[utoipa::path(
    get,
    path = "/v1/hooks/{id}/deliveries",
    tag = "hooks",
    params(
        ("id" = String, Path, description = "The hook: `hook_…`"),
        OfTenant,
        Page,
    ),
    responses((status = 200, body = HookDeliveryPage))
)]
pub(super) async fn list(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let Page { limit, after } = call.paging()?;
    let context = CallContext::enter(&api, &call)?;
    let stored = context.hook().await?;
    let partition = rows::deliveries(&stored.id);
    let page = context
        .rows
        .query(&partition, Range::All, true, limit, after.as_ref());
    let page = page.await?;
    let mut deliveries = Vec::with_capacity(page.rows.len());
    for (_, row) in &page.rows {
        let delivery = readable(DELIVERY.read(row).map(Some))?;
        deliveries.extend(delivery.map(|delivery| HookDelivery::of(&delivery, &stored.hook)));
    }
    let page = HookDeliveryPage {
        ok: true,
        deliveries,
        next: page.next.as_ref().map(Cursor::encode),
    };
    Ok(reply::json(StatusCode::OK, &page))
}

/// Show a delivery with its attempts
#[utoipa::path(
    get,
    path = "/v1/hooks/{id}/deliveries/{delivery}",
    tag = "hooks",
    params(
        ("id" = String, Path, description = "The hook: `hook_…`"),
        ("delivery" = String, Path, description = "The delivery: `msg_…`"),
        OfTenant,
    ),
    responses((status = 200, body = HookDeliveryDetail))
)]
pub(super) async fn show(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let context = CallContext::enter(&api, &call)?;
    let stored = context.hook().await?;
    let delivery = context.delivery(&stored.id).await?.value;
    let detail = HookDeliveryDetail {
        ok: true,
        attempts: delivery.latest.iter().map(HookAttempt::of).collect(),
        delivery: HookDelivery::of(&delivery, &stored.hook),
    };
    Ok(reply::json(StatusCode::OK, &detail))
}
