//! The readable page of the OpenAPI document, at `/v1/docs`: Swagger UI, which is bundled at build time. It loads nothing from
//! elsewhere, and it sends no calls: a page that anyone can open is no place to type a key into.

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION};
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, serve};

use crate::{Access, ApiError, ApiResult, Call, Routes, reply};

/// Where the page is.
const INDEX: HeaderValue = HeaderValue::from_static("/v1/docs/index.html");

/// Swagger UI has its scripts in files, and sets styles on elements; its icons are in its style sheet.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The files are the same for everybody, until the next deployment.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=3600");

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::from("/v1/openapi.json")
        .supported_submit_methods(Vec::<String>::new())
        .doc_expansion("none")
        .use_base_layout();
    Arc::new(config)
});

pub(super) fn routes() -> Routes {
    Routes::default()
        .at(&Access::Public, routes!(open))
        .at(&Access::Public, routes!(file))
}

/// Go to the readable page of this document
#[utoipa::path(
    get,
    path = "/v1/docs",
    tag = "openapi",
    responses((status = 303, description = "The page"))
)]
async fn open() -> ApiResult {
    let mut response = reply::empty(StatusCode::SEE_OTHER);
    response.headers_mut().insert(LOCATION, INDEX);
    Ok(response)
}

/// Show the readable page of this document
#[utoipa::path(
    get,
    path = "/v1/docs/{file}",
    tag = "openapi",
    params(("file" = String, Path, description = "`index.html`, or a file that it loads")),
    responses((status = 200, content(
        (String = "text/html"),
        (String = "text/javascript"),
        (String = "text/css"),
        (String = "image/png"),
    )))
)]
async fn file(call: Call) -> ApiResult {
    let found = serve(call.path("file"), Arc::clone(&CONFIG));
    let found = found.map_err(|e| ApiError::Internal(e.to_string()))?;
    let found = found.ok_or_else(|| ApiError::not_found("the page has no such file"))?;
    let content_type = HeaderValue::from_str(&found.content_type);
    let content_type = content_type.map_err(|e| ApiError::Internal(e.to_string()))?;
    let mut response = Response::new(Body::from(found.bytes.into_owned()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(CACHE_CONTROL, KEPT);
    Ok(response)
}
