//! The route `POST /v1/operator/posts/{id}/resend`, which sends a parked post again.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use tidegate_pipeline::outbox::Settled;
use tidegate_pipeline::table::{Due, DueRow, TableError};
use tidegate_pipeline::worker::wake;
use utoipa::ToSchema;

use super::Operator;
use super::posts::message_id_of;
use crate::idempotency::Claim;
use crate::{Api, ApiError, ApiResult, Call, reply};

/// A post that goes back into its lane.
#[derive(Serialize, ToSchema)]
struct Resent {
    ok: bool,
    message_id: String,
    message: &'static str,
}

/// Send a parked post again
#[utoipa::path(
    post,
    path = "/v1/operator/posts/{id}/resend",
    tag = "operator",
    params(("id" = String, Path, description = "The post's message id")),
    responses((status = 200, body = Resent))
)]
pub(super) async fn resend(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let operator = Operator::of(&api, &call)?;
    let message_id = call.path("id");
    let claim = Claim::of(&call, &format!("resend {message_id}"));
    let system = operator.table.system();
    let is_done = async || claim.is_taken(system.rows()).await;
    if !is_done().await? {
        let requeued = operator.requeue(message_id, &claim).await;
        // The same call may have done it meanwhile.
        if requeued.is_err() && !is_done().await? {
            requeued?;
        }
    }
    let resent = Resent {
        ok: true,
        message_id: message_id.to_owned(),
        message: "queued again",
    };
    Ok(reply::json(StatusCode::OK, &resent))
}

impl Operator<'_> {
    /// Puts a parked post back into its lane, together with the claim of the call.
    async fn requeue(&self, message_id: &str, claim: &Claim) -> Result<(), ApiError> {
        let due = self.find_parked(message_id).await?.ok_or_else(gone)?;
        let rows = self.table.tenant(&due.tenant);
        let row = match rows.get(&due.key).await {
            Err(TableError::Erased) => None,
            Err(TableError::Invalid(_)) => {
                return Err(ApiError::conflict(
                    "the post's row is damaged, so it cannot be sent again",
                ));
            }
            row => row?,
        };
        let row = row.ok_or_else(gone)?;
        let post = Settled::parse(&due.key, &row).ok_or_else(gone)?;
        let now = self.api.clock.now();
        let requeue = post.requeue(&row, now).into();
        match rows
            .transact_with_system(requeue, vec![claim.write(now)])
            .await
        {
            Ok(()) => {}
            Err(TableError::Cancelled(_)) => return Err(gone()),
            Err(e) => return Err(e.into()),
        }
        let (queue, clock) = (&*self.api.wake_ups, &*self.api.clock);
        // The post is in the table already; if the wake-up is lost, the sweep finds it.
        if let Err(e) = wake(queue, &due.tenant, &post.lane, 0, clock).await {
            tracing::warn!(error = %e, lane = post.lane.as_str(), "wake-up not sent");
        }
        tracing::info!(message_id, tenant = %due.tenant, "post.resent by an operator");
        Ok(())
    }

    async fn find_parked(&self, message_id: &str) -> Result<Option<DueRow>, ApiError> {
        let system = self.table.system();
        let mut parked = system.due_list(Due::ParkedPost, None);
        while let Some(due) = parked.next().await? {
            if message_id_of(&due).as_deref() == Some(message_id) {
                return Ok(Some(due));
            }
        }
        Ok(None)
    }
}

fn gone() -> ApiError {
    ApiError::not_found("no parked post with that id; `tidegate posts list` shows which there are")
}
