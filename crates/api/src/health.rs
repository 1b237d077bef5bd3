//! The route `GET /health`, which reads one page of the table.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use tidegate_pipeline::tenants;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Access, Api, ApiResult, Routes};
use crate::reply;

pub(super) fn routes() -> Routes {
    Routes::default().at(&Access::Public, routes!(health))
}

/// Whether Tidegate works.
#[derive(Serialize, ToSchema)]
struct Health {
    ok: bool,
    /// `healthy` or `unhealthy`.
    status: &'static str,
    service: &'static str,
    version: &'static str,
    checks: Checks,
}

#[derive(Serialize, ToSchema)]
struct Checks {
    /// `ok` or `unavailable`.
    table: &'static str,
}

/// Tell whether the table answers
#[utoipa::path(
    get,
    path = "/health",
    tag = "health",
    responses((status = 200, body = Health), (status = 503, body = Health))
)]
async fn health(State(api): State<Arc<Api>>) -> ApiResult {
    let probe = tenants::page(api.table.unrestricted().system().rows(), 1, None).await;
    let (code, table) = match probe {
        Ok(_) => (StatusCode::OK, "ok"),
        Err(e) => {
            tracing::error!(error = %e, "health: the table does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
        }
    };
    let ok = code == StatusCode::OK;
    let health = Health {
        ok,
        status: if ok { "healthy" } else { "unhealthy" },
        service: "tidegate",
        version: env!("CARGO_PKG_VERSION"),
        checks: Checks { table },
    };
    Ok(reply::json(code, &health))
}
