//! The API under `/v1`: key, limits, faults, then the call itself, which is a function over the world.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::config::ErrorShape;
use crate::fake::FakeStatuspage;
use crate::records::Request;
use crate::world::World;

mod components;
mod incidents;
mod postmortems;
mod wanted;

/// A call that is carried out.
pub(crate) struct Call<'a> {
    now: Duration,
    query: BTreeMap<String, String>,
    body: &'a Value,
}

/// An answer: an HTTP status and a body, or a refusal.
type Answer = Result<(u16, Value), Refusal>;

/// An HTTP status and why.
#[derive(Debug, PartialEq)]
pub(crate) struct Refusal {
    status: u16,
    reasons: Vec<String>,
}

impl Refusal {
    fn new(status: u16, reason: &str) -> Self {
        Self {
            status,
            reasons: vec![reason.to_owned()],
        }
    }

    fn not_found() -> Self {
        Self::new(404, "Not found")
    }

    fn unprocessable(reason: &str) -> Self {
        Self::new(422, reason)
    }

    fn body(&self, shape: ErrorShape) -> Value {
        match shape {
            ErrorShape::Message => json!({"message": self.reasons.join(", ")}),
            ErrorShape::ErrorText => json!({"error": self.reasons.join(", ")}),
            ErrorShape::ErrorList => json!({"error": self.reasons}),
        }
    }
}

/// Any request below `/v1`.
pub(crate) async fn call(
    State(fake): State<FakeStatuspage>,
    method: Method,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now = fake.clock().now();
    let query = query.unwrap_or_default();
    let sent = serde_json::from_slice(&body);
    let path = path.trim_end_matches(".json");
    let number = fake.world().asked(Request {
        at: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
        method: method.to_string(),
        path: path.to_owned(),
        query: query.clone(),
        body: sent.as_ref().cloned().unwrap_or_default(),
        status: None,
        applied: false,
    });
    if !is_authorized(&headers, &fake.config().api_key) {
        let refusal = Refusal::new(401, "Could not authenticate");
        return answered(&fake, number, Err(refusal));
    }
    let pairs = form_urlencoded::parse(query.as_bytes());
    let query: BTreeMap<String, String> = pairs.into_owned().collect();
    let paged = query.contains_key("page") || query.contains_key("per_page");
    let whole_list = method == Method::GET && path.ends_with("/components") && !paged;
    if let Err(seconds) = admit(&fake, whole_list, now) {
        let refusal = Refusal::new(fake.config().limit_status, "Rate limited");
        let mut answer = answered(&fake, number, Err(refusal));
        let headers = answer.headers_mut();
        headers.insert(header::RETRY_AFTER, seconds.into());
        return answer;
    }
    let body = match sent {
        Ok(sent) => Some(sent),
        Err(_) => body.is_empty().then_some(Value::Null),
    };
    let work = |world: &mut World| match &body {
        Some(body) => dispatch(world, &method, path, &Call { now, query, body }),
        None => Err(Refusal::new(400, "The body is not JSON")),
    };
    let fault = fake.world().take_fault(method.as_str(), path);
    let Some(fault) = fault else {
        let answer = work(&mut fake.world());
        return answered(&fake, number, answer);
    };
    let applied = fault.takes_effect() && work(&mut fake.world()).is_ok();
    let limit_status = fake.config().limit_status;
    let status = fault.status(limit_status);
    fake.world().answered(number, status, applied);
    fault.answer(limit_status).await
}

/// Notes what is answered, and answers it.
fn answered(fake: &FakeStatuspage, number: usize, answer: Answer) -> Response {
    let applied = answer.is_ok();
    let (status, body) =
        answer.unwrap_or_else(|why| (why.status, why.body(fake.config().error_shape)));
    fake.world().answered(number, Some(status), applied);
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (code, Json(body)).into_response()
}

fn is_authorized(headers: &HeaderMap, key: &str) -> bool {
    let given = headers.get(header::AUTHORIZATION);
    let given = given.and_then(|value| value.to_str().ok());
    given.and_then(|value| value.strip_prefix("OAuth ")) == Some(key)
}

fn admit(fake: &FakeStatuspage, whole_list: bool, now: Duration) -> Result<(), u64> {
    let mut world = fake.world();
    if whole_list {
        world.whole_lists.admit(1, now)?;
    }
    world.calls.admit(fake.config().calls_per_minute, now)
}

fn dispatch(world: &mut World, method: &Method, path: &str, call: &Call<'_>) -> Answer {
    let parts: Vec<&str> = path.split('/').collect();
    let ["pages", page, rest @ ..] = parts.as_slice() else {
        return Err(Refusal::not_found());
    };
    if !world.is_page(page) {
        return Err(Refusal::not_found());
    }
    match (method.as_str(), rest) {
        ("GET", []) => Ok((200, world.page())),
        ("GET", ["components"]) => Ok((200, components::list(world, call))),
        ("GET", ["components", id]) => components::get(world, id),
        ("PATCH" | "PUT", ["components", id]) => components::set(world, call, id),
        ("GET", ["incidents"]) => Ok((200, incidents::list(world, call, false))),
        ("GET", ["incidents", "unresolved"]) => Ok((200, incidents::list(world, call, true))),
        ("POST", ["incidents"]) => incidents::create(world, call),
        ("GET", ["incidents", id]) => incidents::get(world, id),
        ("PATCH" | "PUT", ["incidents", id]) => incidents::update(world, call, id),
        ("DELETE", ["incidents", id]) => incidents::delete(world, id),
        ("GET", ["incidents", id, "postmortem"]) => postmortems::get(world, id),
        ("PUT", ["incidents", id, "postmortem"]) => postmortems::put(world, call, id),
        ("PUT", ["incidents", id, "postmortem", "publish"]) => {
            postmortems::publish(world, call, id)
        }
        _ => Err(Refusal::not_found()),
    }
}

impl Call<'_> {
    /// The items that `page` and `per_page` (or `limit`) ask for.
    fn cut(&self, items: Vec<Value>) -> Value {
        let number = |name: &str| self.query.get(name).and_then(|text| text.parse().ok());
        let page: usize = number("page").unwrap_or(1).max(1);
        let size = number("per_page").or_else(|| number("limit"));
        let size = size.unwrap_or(100).clamp(1, 100);
        let from = (page - 1).saturating_mul(size);
        items.into_iter().skip(from).take(size).collect()
    }
}
