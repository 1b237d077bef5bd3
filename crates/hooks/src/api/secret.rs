//! The route that gives a hook a new secret. The old one signs beside it for a day.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use tidegate_api::{Api, ApiResult, Call, OfTenant, reply};
use tidegate_pipeline::ledger::Decision;
use utoipa::ToSchema;

use super::submit::CallContext;
use crate::model::hook::{Hook, OLD_SECRET_FOR, OldSecret};
use crate::model::secret::Secret;

/// A new secret.
#[derive(Serialize, ToSchema)]
struct NewHookSecret {
    ok: bool,
    /// The secret that signs from now on: `whsec_…`. It is shown only once.
    secret: String,
    /// Unix time in milliseconds until which the old secret signs too.
    old_secret_until_ms: i64,
}

/// Give a hook a new secret
///
/// For 24 hours, deliveries carry a signature of the old secret too. The secret before that one signs no more.
#[utoipa::path(
    post,
    path = "/v1/hooks/{id}/secret",
    tag = "hooks",
    params(
        ("id" = String, Path, description = "The hook: `hook_…`"),
        OfTenant,
    ),
    responses((status = 200, body = NewHookSecret))
)]
pub(super) async fn rotate(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let context = CallContext::enter(&api, &call)?;
    let stored = context.hook().await?;
    let until = context.now.plus(OLD_SECRET_FOR);
    let secret = Secret::random()?;
    let hook = Hook {
        old_secret: Some(OldSecret {
            secret: stored.hook.secret.clone(),
            until,
        }),
        secret: secret.clone(),
        ..stored.hook.clone()
    };
    let made = context
        .commit(&Decision {
            writes: vec![stored.replace(&hook)],
            audit: Some(context.note("hooks.secret", stored.id.to_string())),
            ..Decision::default()
        })
        .await?;
    made.must_be_now("showed the secret. If that answer is lost, make another secret")?;
    let answer = NewHookSecret {
        ok: true,
        secret: secret.expose().to_owned(),
        old_secret_until_ms: until.millis(),
    };
    Ok(reply::json(StatusCode::OK, &answer))
}
