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

/// A page for a person: a title in plain text and a body in HTML. Without scripts and styles, so that no policy has to be
/// loosened for it.
pub fn page(status: StatusCode, title: &str, body: &str) -> Response<Bytes> {
    let title = escaped(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    );
    build(status, Some("text/html; charset=utf-8"), html.into())
}

/// Text as it stands in a page, within an element or a quoted attribute.
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
