//! The HTTP responses that Slack gets.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;

/// A response with an empty body and no content type.
pub(crate) fn empty(status: StatusCode) -> Response<Bytes> {
    build(status, None, Bytes::new())
}

/// A response in plain text, UTF-8.
pub(crate) fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Bytes> {
    build(status, Some("text/plain; charset=utf-8"), text.into())
}

/// A response in JSON.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    // Every body here is a map with text keys, which always serializes.
    let body = serde_json::to_vec(body).unwrap_or_default();
    build(status, Some("application/json"), body.into())
}

fn build(status: StatusCode, content_type: Option<&'static str>, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    if let Some(content_type) = content_type {
        let content_type = HeaderValue::from_static(content_type);
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    response
}
