//! Handles HTTP requests from an HTTP API or a Function URL, in payload format 2.0.
//!
//! The handler gets the raw bytes of the body, which the signature covers. A request that no client can have sent, such as a body
//! that is marked as base64 and is not, is answered with 400 and never reaches the handler.
//!
//! The event is parsed here and not by `lambda_http`, whose conversion copies the whole context and panics if the host makes an
//! invalid URL.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{COOKIE, Entry, SET_COOKIE};
use http::{HeaderName, Request, Response, StatusCode};
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_runtime::{LambdaEvent, service_fn};
use percent_encoding::percent_encode_byte;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Error;
use crate::telemetry;

/// Answers requests until Lambda ends the process. If a handler panics, the response is a 500 and the process goes on.
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

/// Answers one request, given as the JSON event.
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

/// The fields of an event that are used. The rest, a third of its size, is skipped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpEvent<'a> {
    raw_path: String,
    #[serde(borrow, default)]
    raw_query_string: Cow<'a, str>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The cookies, which are not among the headers.
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(borrow)]
    request_context: RequestContext<'a>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
struct RequestContext<'a> {
    #[serde(borrow)]
    http: RequestLine<'a>,
}

#[derive(Deserialize)]
struct RequestLine<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
}

fn request(event: &str) -> Option<Request<Bytes>> {
    let event: HttpEvent<'_> = serde_json::from_str(event).ok()?;
    let body = match event.body {
        Some(text) if event.is_base64_encoded => BASE64_STANDARD.decode(text).ok()?.into(),
        Some(text) => text.into(),
        None => Bytes::new(),
    };
    let mut target = encoded(&event.raw_path);
    if !event.raw_query_string.is_empty() {
        target = format!("{target}?{}", event.raw_query_string);
    }
    let mut request = Request::new(body);
    *request.uri_mut() = target.parse().ok()?;
    *request.method_mut() = event.request_context.http.method.parse().ok()?;
    for (name, value) in event.headers {
        let name: HeaderName = name.try_into().ok()?;
        request.headers_mut().append(name, value.try_into().ok()?);
    }
    if let Some(cookies) = event.cookies.filter(|cookies| !cookies.is_empty()) {
        let cookies = cookies.join("; ").try_into().ok()?;
        request.headers_mut().insert(COOKIE, cookies);
    }
    Some(request)
}

/// Encodes what cannot stand in the path of a URL. HTTP APIs deliver the path decoded, all but `%25`, so that a `#` in it would begin a
/// fragment. Function URLs deliver it encoded, and such a path stays as it is. What an HTTP API decodes to a `/` has become another
/// path, and at a decoded `?` AWS is reported to cut the path (github.com/middleapi/standard-server, pull request 93). So no id of
/// Tidegate's own has either.
fn encoded(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut encoded = String::with_capacity(path.len());
    for (place, byte) in bytes.iter().enumerate() {
        let is_literal = match byte {
            b'%' => bytes
                .get(place + 1..place + 3)
                .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
            byte => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(byte),
        };
        if is_literal {
            encoded.push(char::from(*byte));
        } else {
            encoded.push_str(percent_encode_byte(*byte));
        }
    }
    encoded
}

fn response(answer: Response<Bytes>) -> ApiGatewayV2httpResponse {
    let (mut head, body) = answer.into_parts();
    let mut response = ApiGatewayV2httpResponse::default();
    // The format has each header once, so several cookies have a separate field.
    if let Entry::Occupied(cookies) = head.headers.entry(SET_COOKIE) {
        let (_, cookies) = cookies.remove_entry_mult();
        let texts = cookies.filter_map(|cookie| cookie.to_str().map(str::to_owned).ok());
        response.cookies = texts.collect();
    }
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
