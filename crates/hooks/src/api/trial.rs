//! The route that sends a receiver a test delivery.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde_json::json;
use tidegate_api::{Api, ApiResult, Call, OfTenant, reply};
use tidegate_pipeline::ledger::Decision;

use super::shown::HookDeliveryAnswer;
use super::submit::{CallContext, must_be_enabled};
use crate::decide::event;
use crate::model::{body, work};

/// The `type` of a test delivery.
const KIND: &str = "tidegate.test";

/// Send a test delivery
///
/// Its type is `tidegate.test`. It is sent and retried as any other.
#[utoipa::path(
    post,
    path = "/v1/hooks/{id}/test",
    tag = "hooks",
    params(
        ("id" = String, Path, description = "The hook: `hook_…`"),
        OfTenant,
    ),
    responses((status = 202, body = HookDeliveryAnswer))
)]
pub(super) async fn send(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let context = CallContext::enter(&api, &call)?;
    let stored = context.hook().await?;
    must_be_enabled(&stored)?;
    let expires_at = context.hooks()?.expires_at(context.now);
    let event_id = format!("test.{}", context.claim().id_of_new(32));
    let event = json!({"type": "test", "hook": stored.id.as_str()});
    let body = body::of_event(KIND, context.now, &context.tenant, &event_id, &event);
    let delivery = event::new(&stored, &event_id, KIND, context.now, expires_at);
    let mut writes = body::store(&event_id, &body, expires_at);
    writes.push(delivery.store(&stored.id, 0));
    let detail = format!("{} of {}", delivery.id, stored.id);
    let made = context
        .commit(&Decision {
            writes,
            posts: vec![work::asked(&stored.id, &delivery.id)],
            audit: Some(context.note("hooks.test", detail)),
        })
        .await?;
    made.must_be_now("named the delivery, which is in the list of the hook")?;
    let answer = HookDeliveryAnswer::of(&delivery, &stored.hook);
    Ok(reply::json(StatusCode::ACCEPTED, &answer))
}
