//! HTTP requests of an HTTP API or a Function URL, payload format 2.0.
//!
//! The handler gets the body's raw bytes: the signature is over them. What no client can have sent, such as a body
//! that is marked as base64 and is not, is answered with 400 and never reaches the handler.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_http::request::LambdaRequest;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;

use super::Error;
use crate::telemetry;

/// Answers requests until Lambda ends the process. A handler that panics is a 500, and the next request finds the
/// process alive.
pub async fn run_http<H, F>(handler: H) -> Result<(), Error>
where
    H: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Bytes>> + Send + 'static,
{
    let handler = &Arc::new(handler);
    lambda_runtime::run(service_fn(
        move |event: LambdaEvent<Box<RawValue>>| async move {
            let response = answer_http(handler, event.payload.get()).await;
            telemetry::flush();
            Ok::<_, Error>(response)
        },
    ))
    .await
}

/// Answers one request.
pub async fn answer_http<H, F>(handler: &Arc<H>, event: &str) -> ApiGatewayV2httpResponse
where
    H: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Bytes>> + Send + 'static,
{
    let Some(request) = request(event) else {
        tracing::warn!("http.unreadable_event");
        return response(plain(
            StatusCode::BAD_REQUEST,
            "the request cannot be read\n",
        ));
    };
    let handler = Arc::clone(handler);
    let answer = tokio::spawn(async move { handler(request).await }).await;
    response(answer.unwrap_or_else(|_| {
        tracing::error!("http.panicked");
        plain(StatusCode::INTERNAL_SERVER_ERROR, "internal error\n")
    }))
}

fn request(event: &str) -> Option<Request<Bytes>> {
    let mut event: ApiGatewayV2httpRequest = serde_json::from_str(event).ok()?;
    let body = match event.body.take() {
        Some(text) if event.is_base64_encoded => BASE64_STANDARD.decode(text).ok()?.into(),
        Some(text) => text.into(),
        None => Bytes::new(),
    };
    // The conversion panics on a host or path that makes no URL.
    let event = AssertUnwindSafe(LambdaRequest::ApiGatewayV2(event));
    let request: Request<Body> = catch_unwind(move || event.0.into()).ok()?;
    Some(request.map(|_| body))
}

fn response(answer: Response<Bytes>) -> ApiGatewayV2httpResponse {
    let (head, body) = answer.into_parts();
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = i64::from(head.status.as_u16());
    response.headers = head.headers;
    let body = String::from_utf8(body.into()).map_err(std::string::FromUtf8Error::into_bytes);
    response.is_base64_encoded = body.is_err();
    response.body = Some(body.map_or_else(Body::Binary, Body::Text));
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    *response.status_mut() = status;
    let plain = http::HeaderValue::from_static("text/plain; charset=utf-8");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, plain);
    response
}
