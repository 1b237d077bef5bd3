//! The route `GET /health`, which reads one page of the table.

use http::StatusCode;
use serde_json::json;
use tidegate_pipeline::tenants;

use super::{Access, Api, ApiResult, Route};
use crate::reply;

pub(super) const ROUTES: &[Route] = &[Route::get("/health", Access::Public, |api, _| {
    Box::pin(health(api))
})];

async fn health(api: &Api) -> ApiResult {
    let probe = tenants::page(api.table.unrestricted().system().rows(), 1, None).await;
    let (status, table) = match probe {
        Ok(_) => (StatusCode::OK, "ok"),
        Err(e) => {
            tracing::error!(error = %e, "health: the table does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
        }
    };
    let version = env!("CARGO_PKG_VERSION");
    let ok = status == StatusCode::OK;
    let words = if ok { "healthy" } else { "unhealthy" };
    let body = json!({
        "ok": ok, "status": words, "service": "tidegate", "version": version,
        "checks": {"table": table},
    });
    Ok(reply::json(status, &body))
}
