//! HTTP answers: the few shapes that Slack and operators get.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

/// An empty body.
pub fn empty(status: StatusCode) -> Response<Bytes> {
    build(status, None, Bytes::new())
}

/// Plain text.
pub fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Bytes> {
    build(status, Some("text/plain; charset=utf-8"), text.into())
}

/// A page.
pub fn html(status: StatusCode, html: impl Into<Bytes>) -> Response<Bytes> {
    build(status, Some("text/html; charset=utf-8"), html.into())
}

/// JSON.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    // Every body here is made of maps with text keys, which always serialise.
    let body = serde_json::to_vec(body).unwrap_or_default();
    build(status, Some("application/json"), body.into())
}

/// 200 with that JSON.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it stands in `.map(reply::ok)`"
)]
pub fn ok(body: Value) -> Response<Bytes> {
    json(StatusCode::OK, &body)
}

/// An error for a program: `ok:false`, a code to act on, a sentence to read and the id to find it in the log.
pub fn error(status: StatusCode, code: &str, message: &str, request_id: &str) -> Response<Bytes> {
    let error = json!({"code": code, "message": message, "request_id": request_id});
    json(status, &json!({"ok": false, "error": error}))
}

fn build(status: StatusCode, content_type: Option<&'static str>, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    if let Some(content_type) = content_type {
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    response
}
