//! What the tests of hooks share: a product that may call loopback, and hooks made by the operator.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_pipeline::clock::Clock;
use tidegate_testing::product::{
    Answer, OPERATOR_KEY, Product, TENANT, answer_of, signed_at, until,
};

/// Lets receivers be on loopback.
pub(crate) const ALLOW_PRIVATE: (&str, &str) = ("TIDEGATE_HOOKS_ALLOW_PRIVATE", "on");

/// The channel of the events.
pub(crate) const CHANNEL: &str = "C0GENERAL01";

/// A hook that was made.
pub(crate) struct Made {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// A product whose receivers may be on loopback.
pub(crate) async fn product() -> Product {
    Product::start_with(&[ALLOW_PRIVATE]).await
}

/// Calls the API as the operator, for the workspace of the tests.
pub(crate) async fn call(
    product: &Product,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Answer {
    let url = format!("{}{path}", product.url);
    let request = product.http.request(method, url).bearer_auth(OPERATOR_KEY);
    let request = request.query(&[("tenant", TENANT)]);
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    answer_of(request.send().await.unwrap()).await
}

/// Calls the API, which has to answer with that status.
pub(crate) async fn must(
    product: &Product,
    method: Method,
    path: &str,
    body: Option<&Value>,
    status: StatusCode,
) -> Value {
    let answer = call(product, method, path, body).await;
    assert_eq!(answer.status, status, "{path} {answer:?}");
    answer.json()
}

/// Makes a hook for mentions, with these fields on top.
pub(crate) async fn make(product: &Product, url: &str, fields: Value) -> Made {
    let mut wanted = json!({"url": url, "events": ["app_mention"], "notify": "C0GENERAL01"});
    for (name, value) in fields.as_object().unwrap() {
        wanted[name] = value.clone();
    }
    let made = must(
        product,
        Method::POST,
        "/v1/hooks",
        Some(&wanted),
        StatusCode::CREATED,
    )
    .await;
    Made {
        id: made["hook"]["id"].as_str().unwrap().to_owned(),
        secret: made["secret"].as_str().unwrap().to_owned(),
    }
}

/// The hook as the API shows it.
pub(crate) async fn shown(product: &Product, hook: &str) -> Value {
    let path = format!("/v1/hooks/{hook}");
    let answer = must(product, Method::GET, &path, None, StatusCode::OK).await;
    answer["hook"].clone()
}

/// The deliveries of a hook, newest first.
pub(crate) async fn deliveries(product: &Product, hook: &str) -> Vec<Value> {
    let path = format!("/v1/hooks/{hook}/deliveries");
    let answer = must(product, Method::GET, &path, None, StatusCode::OK).await;
    answer["deliveries"].as_array().unwrap().clone()
}

/// Waits until the hook has so many deliveries of that state.
pub(crate) async fn settled(
    product: &Product,
    hook: &str,
    state: &str,
    count: usize,
) -> Vec<Value> {
    until(&format!("{count} deliveries {state}"), async || {
        let all = deliveries(product, hook).await;
        let found = all.iter().filter(|delivery| delivery["state"] == state);
        (found.count() >= count).then_some(all)
    })
    .await
}

/// The attempts at a delivery, oldest first.
pub(crate) async fn attempts(product: &Product, hook: &str, delivery: &Value) -> Vec<Value> {
    let id = delivery["id"].as_str().unwrap();
    let path = format!("/v1/hooks/{hook}/deliveries/{id}");
    let answer = must(product, Method::GET, &path, None, StatusCode::OK).await;
    answer["attempts"].as_array().unwrap().clone()
}

/// The product's time in Unix seconds.
pub(crate) fn seconds(product: &Product) -> i64 {
    product.clock.now().seconds()
}

/// Sends an event that Slack signs by the product's clock.
pub(crate) async fn send_now(product: &Product, event: &Value) {
    let body = event.to_string().into_bytes();
    let headers = signed_at(seconds(product), "application/json", &body);
    let answer = product.send("/slack/events", headers, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}
