//! The router: every operation behind the layers that all calls go through.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{Method, StatusCode};
use tidegate_pipeline::entropy::random_hex;
use tower::ServiceExt as _;

use super::error::wants_page;
use super::guard::{self, Guard};
use super::openapi::Document;
use super::{Api, ApiError, headers, reply};

/// The header of every response that names the call in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a call in the log and in error bodies. The process that takes the request may set it in the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// The API as a service.
#[derive(Clone)]
pub struct Service(Router);

impl Service {
    pub(super) fn new(api: Api) -> Self {
        let api = Arc::new(api);
        let all = api.routes();
        let guard = Guard::new(Arc::clone(&api), all.operations());
        let document = Document::of(&all);
        let router = all
            .into_router()
            .layer(Extension(document))
            .route_layer(from_fn_with_state(Arc::new(guard), guard::admit))
            .fallback(async || ApiError::not_found("no such path"))
            .layer(from_fn(render_errors))
            .layer(api.site.cors());
        Self(headers::add(router).with_state(api))
    }

    /// Answers a request whose body arrives meanwhile.
    pub async fn call(&self, request: Request) -> Response {
        match self.0.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// Answers a request whose body is there, with a body that is there.
    pub async fn answer(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        let (head, body) = self.call(request.map(Body::from)).await.into_parts();
        match to_bytes(body, usize::MAX).await {
            Ok(body) => http::Response::from_parts(head, body),
            Err(e) => {
                tracing::error!(error = %e, "a body broke off");
                let mut failed = http::Response::new(Bytes::new());
                *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                failed
            }
        }
    }
}

/// Gives the call its id, and turns an error into a response: a page for a person, JSON for a program.
async fn render_errors(mut request: Request, next: Next) -> Response {
    let id = match request.extensions().get::<RequestId>() {
        Some(id) => id.clone(),
        None => match random_hex(8) {
            Ok(id) => RequestId(id),
            Err(e) => return ApiError::from(e).render("", false),
        },
    };
    request.extensions_mut().insert(id.clone());
    let as_page = wants_page(request.headers());
    let is_head = request.method() == Method::HEAD;
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<Arc<ApiError>>() {
        let mut rendered = error.render(&id.0, as_page);
        for (name, value) in response.headers() {
            rendered.headers_mut().insert(name.clone(), value.clone());
        }
        response = rendered;
        if is_head {
            *response.body_mut() = Body::empty();
        }
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

impl IntoResponse for ApiError {
    /// Makes a response without a body, which the layer of errors replaces.
    fn into_response(self) -> Response {
        let mut response = reply::empty(self.status());
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
