//! HTTP responses: the few shapes that programs, browsers and operators get.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use serde_json::{Value, json};

/// A response with an empty body and no content type.
pub fn empty(status: StatusCode) -> Response {
    build(status, None, Bytes::new())
}

/// A response in plain text, UTF-8.
pub fn text(status: StatusCode, text: impl Into<Bytes>) -> Response {
    build(status, Some("text/plain; charset=utf-8"), text.into())
}

/// A response in JSON.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    // Every body here is made of maps with text keys, which always serialize.
    json_bytes(status, serde_json::to_vec(body).unwrap_or_default().into())
}

/// A response in JSON that is serialized already.
pub(crate) fn json_bytes(status: StatusCode, body: Bytes) -> Response {
    build(status, Some("application/json"), body)
}

/// A response with status 200 and that JSON.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it stands in `.map(reply::ok)`"
)]
pub fn ok(body: Value) -> Response {
    json(StatusCode::OK, &body)
}

/// An error for a program: `ok:false`, a stable code, a sentence for people, and the id under which the log has the call.
pub fn error(status: StatusCode, code: &str, message: &str, request_id: &str) -> Response {
    let error = json!({"code": code, "message": message, "request_id": request_id});
    json(status, &json!({"ok": false, "error": error}))
}

/// A page for a person: a title in plain text and a body in HTML. It has no scripts or styles, so it needs no exception from
/// the content security policy.
pub fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escaped(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    );
    build(status, Some("text/html; charset=utf-8"), html.into())
}

/// Escapes text for HTML, inside an element or a quoted attribute.
pub fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
        out
    })
}

fn build(status: StatusCode, content_type: Option<&'static str>, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    if let Some(content_type) = content_type {
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    response
}
