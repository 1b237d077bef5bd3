//! The route `POST /v1/operator/reseal`, which gives new keys to one page of workspaces.
//!
//! Each workspace gets a new data key under the newest master key. Its older data keys are wrapped under that master key too,
//! and its tokens are sealed again. The service keeps running, and an interrupted run can be repeated.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use thiserror::Error;
use tidegate_pipeline::audit::Actor;
use tidegate_pipeline::keyring::KeyError;
use tidegate_pipeline::table::{Cursor, TableError, Value, Write};
use tidegate_pipeline::tenants;
use tidegate_slack::ids::TenantId;

use super::grant::{self, Tokens};
use super::{Installs, grants};
use tidegate_api::reply;
use tidegate_api::{Access, Api, ApiError, ApiResult, Call, Paging, Routes};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    Routes::default().at(&Access::Operator, routes!(reseal))
}

/// The workspaces of one call. Each needs a few reads and writes, so a call ends well within Lambda's time limit.
type Page = Paging<20, 20>;

/// What became of one page of workspaces.
#[derive(Serialize, ToSchema)]
struct Resealed {
    /// False if one of them failed.
    ok: bool,
    renewed: usize,
    /// The workspaces that failed; the log says why.
    failed: Vec<String>,
    /// The `after` of the next page. Null on the last one.
    next: Option<String>,
}

/// The reason why a workspace could not be sealed again.
#[derive(Debug, Error)]
enum ResealError {
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Table(#[from] TableError),
    #[error("a token cannot be opened")]
    Damaged,
}

/// Seal one page of workspaces anew
#[utoipa::path(
    post,
    path = "/v1/operator/reseal",
    tag = "operator",
    params(Page),
    responses((status = 200, body = Resealed))
)]
async fn reseal(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let installs = api.domain::<Installs>()?;
    let Page { limit, after } = call.paging()?;
    let ours = |e: &dyn std::error::Error| ApiError::Internal(e.to_string());
    if after.is_none() {
        installs
            .keyring
            .renew_hash_key()
            .await
            .map_err(|e| ours(&e))?;
    }
    let system = installs.table.system();
    let (tenants, next) = tenants::page(system.rows(), limit, after.as_ref()).await?;
    let (mut renewed, mut failed) = (0, Vec::new());
    for tenant in &tenants {
        match installs.reseal(tenant).await {
            Ok(()) => renewed += 1,
            // The workspace is being erased.
            Err(ResealError::Keys(KeyError::Erased) | ResealError::Table(TableError::Erased)) => {}
            // One whose rows cannot be read holds up no other: the operator is told of it.
            Err(e) => {
                tracing::error!(%tenant, error = %e, "reseal.failed");
                failed.push(tenant.to_string());
            }
        }
    }
    let body = Resealed {
        ok: failed.is_empty(),
        renewed,
        failed,
        next: next.as_ref().map(Cursor::encode),
    };
    Ok(reply::json(StatusCode::OK, &body))
}

impl Installs {
    async fn reseal(&self, tenant: &TenantId) -> Result<(), ResealError> {
        self.keyring.renew(tenant).await?;
        let rows = self.table.tenant(tenant);
        for seen in grants(&rows).await? {
            let Some(Tokens {
                access, refresh, ..
            }) = &seen.tokens
            else {
                if seen.state == grant::State::Disconnected {
                    continue;
                }
                return Err(ResealError::Damaged);
            };
            // The generation stays the same: a refresh that is under way has the only copy of new tokens and expects it.
            let sealed = |s: &SecretString| Value::Sealed(s.expose_secret().as_bytes().to_vec());
            let expression = match refresh {
                Some(_) => "SET #access_token = :access_token, #refresh_token = :refresh_token",
                None => "SET #access_token = :access_token",
            };
            let mut again = Write::update(grant::key(&seen.holder), expression)
                .when("#generation = :seen")
                .value(":seen", seen.generation)
                .value(":access_token", sealed(access));
            if let Some(refresh) = refresh {
                again = again.value(":refresh_token", sealed(refresh));
            }
            match rows.write(again).await {
                // Newer tokens were stored in the meantime, so they are sealed under the new key already.
                Ok(_) | Err(TableError::Condition) => {}
                Err(e) => return Err(e.into()),
            }
        }
        self.note(tenant, &Actor::Operator, "keys.reseal", "").await;
        Ok(())
    }
}
