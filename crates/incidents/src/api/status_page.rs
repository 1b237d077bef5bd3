//! Routes: a workspace's built-in status page, for everyone
//!
//! ```text
//! GET /status/{tenant}               the page
//! GET /status/{tenant}/summary.json  the same for programs
//! ```
//!
//! The page shows published texts only, so caches may keep it for half a minute.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use tidegate_pipeline::table::TableError;
use tidegate_slack::tenant::is_id;

use crate::render::public_page::{self, PublicPage, PublicPageView};
use crate::service::Incidents;
use crate::status_pages::built_in::Document;
use tidegate_api::reply;
use tidegate_api::{Access, Api, ApiError, ApiResult, Call, Routes};
use utoipa_axum::routes;

pub(super) fn routes() -> Routes {
    Routes::default()
        .at(&Access::Public, routes!(page))
        .at(&Access::Public, routes!(summary))
}

const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=30");

/// The page has one style sheet, within itself, and loads nothing.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Show the status page of a workspace
#[utoipa::path(
    get,
    path = "/status/{tenant}",
    tag = "status page",
    params(
        ("tenant" = String, Path, description = "The workspace's id"),
    ),
    responses((status = 200, body = String, content_type = "text/html"))
)]
async fn page(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let view = view(&api, &call).await?;
    let mut response = Response::new(Body::from(public_page::html(&view)));
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, html);
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, POLICY);
    response.headers_mut().insert(CACHE_CONTROL, KEPT);
    Ok(response)
}

/// Show the status page for programs
#[utoipa::path(
    get,
    path = "/status/{tenant}/summary.json",
    tag = "status page",
    params(
        ("tenant" = String, Path, description = "The workspace's id"),
    ),
    responses((status = 200, body = PublicPage))
)]
async fn summary(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let view = view(&api, &call).await?;
    let mut response = reply::json(StatusCode::OK, &PublicPage::from(view));
    response.headers_mut().insert(CACHE_CONTROL, KEPT);
    Ok(response)
}

async fn view(api: &Api, call: &Call) -> Result<PublicPageView, ApiError> {
    let missing = || ApiError::not_found("no such status page");
    let tenant = call.path("tenant");
    if !is_id(tenant) {
        return Err(missing());
    }
    let rows = api.table.published(call, &tenant.into())?;
    let document = match Document::load(&rows, &api.domain::<Incidents>()?.defaults).await {
        Err(TableError::Erased) => None,
        read => read?,
    };
    Ok(document.ok_or_else(missing)?.view(api.clock.now()))
}
