//! Bad input at every door, generated from the OpenAPI document: each value that does not fit is refused with its name.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};
use tidegate_app::api::{Access, Operation, Routes, Scope};
use tidegate_app::domains;
use tidegate_fake_slack::FakeConfig;
use tidegate_testing::product::{Answer, OPERATOR_KEY, Product, TENANT, answer_of};

use crate::described::{Described, kind};

/// A request of an operation, as the caller who may do it.
struct Caller<'a> {
    product: &'a Product,
    operation: &'a Operation,
    key: &'a str,
}

impl Caller<'_> {
    /// Sends a request with that query, headers and body.
    async fn send(&self, query: &str, headers: HeaderMap, body: Option<&Value>) -> Answer {
        // So that no call is one too many in its minute.
        self.product.clock.advance(Duration::from_mins(1));
        let parts = self.operation.path.split('/');
        let parts = parts.map(|part| if part.starts_with('{') { "x" } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        let url = format!("{}{path}?{query}", self.product.url);
        let method: Method = self.operation.method.clone();
        let request = self.product.http.request(method, url).headers(headers);
        let request = match self.operation.access {
            Access::Public => request,
            Access::Operator => request.bearer_auth(OPERATOR_KEY),
            _ => request.bearer_auth(self.key),
        };
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        answer_of(request.send().await.unwrap()).await
    }
}

#[track_caller]
fn refused(answer: &Answer, field: &str, what: &str) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{what} {answer:?}");
    let error = &answer.json()["error"];
    assert_eq!(error["code"], "bad_request", "{what} {answer:?}");
    // Other values of the example may be wrong as well: then the first one is named, and the message has all.
    assert!(error["field"].is_string(), "{what} {answer:?}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&format!("`{field}")), "{what} {message}");
}

/// Values of a query parameter that do not fit its schema.
fn wrong_texts(name: &str, schema: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    if kind(schema) == "integer" {
        wrong.extend(["x", "1.5", "99999999999999999999"].map(str::to_owned));
        let bounds = [
            (schema["minimum"].as_i64(), -1),
            (schema["maximum"].as_i64(), 1),
        ];
        let beyond = bounds
            .iter()
            .filter_map(|(bound, by)| Some(bound.as_ref()? + by));
        wrong.extend(beyond.map(|number| number.to_string()));
    }
    if schema["enum"].is_array() || schema["pattern"].is_string() || name == "after" {
        wrong.push("%21".to_owned());
    }
    wrong
}

/// The product with a key that may do everything in its workspace.
struct Doors {
    product: Product,
    routes: Routes,
    described: Described,
    key: String,
}

impl Doors {
    async fn open() -> Self {
        let product = Product::start_with_slack(FakeConfig::default()).await;
        let scopes: Vec<&str> = domains::scopes().map(Scope::as_str).collect();
        Self {
            routes: domains::routes(),
            described: Described::of(&product).await,
            key: product.make_key(TENANT, &scopes).await.key,
            product,
        }
    }

    /// A caller of each operation, with a body that fits.
    fn callers(&self) -> impl Iterator<Item = (Caller<'_>, Option<Value>)> {
        let operations = self.routes.operations().iter();
        operations.map(|operation| {
            let caller = Caller {
                product: &self.product,
                operation,
                key: &self.key,
            };
            (caller, self.described.body(operation))
        })
    }
}

#[tokio::test]
async fn what_does_not_fit_in_a_query_is_refused_with_its_name() {
    let doors = Doors::open().await;
    let mut tried = 0;
    for (caller, body) in doors.callers() {
        let operation = caller.operation;
        for (name, schema) in doors.described.query(operation) {
            for wrong in wrong_texts(name, schema) {
                let query = format!("{name}={wrong}");
                let answer = caller.send(&query, HeaderMap::new(), body.as_ref()).await;
                refused(&answer, name, &format!("{} {query}", operation.path));
                tried += 1;
            }
            let query = format!("{name}=1&{name}=1");
            let answer = caller.send(&query, HeaderMap::new(), body.as_ref()).await;
            if name != "tenant" {
                refused(&answer, name, &format!("{} {query}", operation.path));
            }
        }
    }
    assert!(tried > 40, "{tried}");
}

#[tokio::test]
async fn all_that_does_not_fit_in_a_query_is_named_at_once() {
    let doors = Doors::open().await;
    let mut tried = 0;
    for (caller, body) in doors.callers() {
        let operation = caller.operation;
        // A cursor is looked at once the values of the other parameters fit.
        let wrong = doors.described.query(operation).into_iter();
        let wrong = wrong.filter(|(name, _)| *name != "after");
        let wrong: Vec<(&str, String)> = wrong
            .filter_map(|(name, schema)| Some((name, wrong_texts(name, schema).pop()?)))
            .collect();
        if wrong.len() < 2 {
            continue;
        }
        let pairs = wrong.iter().map(|(name, text)| format!("{name}={text}"));
        let query = pairs.collect::<Vec<_>>().join("&");
        let answer = caller.send(&query, HeaderMap::new(), body.as_ref()).await;
        for (name, _) in &wrong {
            refused(&answer, name, &format!("{} {query}", operation.path));
        }
        tried += 1;
    }
    assert!(tried >= 3, "{tried}");
}

/// A public operation is open to browsers and to Slack, which may add parameters of their own.
#[tokio::test]
async fn a_parameter_that_there_is_none_of_is_refused_with_its_name() {
    let doors = Doors::open().await;
    for (caller, body) in doors.callers() {
        let operation = caller.operation;
        let query = "no_such_parameter=1";
        let answer = caller.send(query, HeaderMap::new(), body.as_ref()).await;
        if operation.access == Access::Public {
            assert!(!answer.body.contains("no_such_parameter"), "{answer:?}");
        } else {
            refused(&answer, "no_such_parameter", &operation.path);
        }
    }
}

#[tokio::test]
async fn what_does_not_fit_in_a_body_is_refused_with_its_name() {
    let doors = Doors::open().await;
    let mut tried = 0;
    for (caller, body) in doors.callers() {
        let operation = caller.operation;
        let Some(body) = body else {
            continue;
        };
        let mut misfits = doors.described.misfits(operation);
        if doors.described.takes_no_other_fields(operation) {
            misfits.push(("no_such_field".to_owned(), json!(1)));
        }
        for (name, wrong) in misfits {
            let mut body = body.clone();
            body[&name] = wrong;
            let answer = caller.send("", HeaderMap::new(), Some(&body)).await;
            refused(&answer, &name, &format!("{} {body}", operation.path));
            tried += 1;
        }
        for odd in [json!([]), json!(null), json!("x")] {
            let answer = caller.send("", HeaderMap::new(), Some(&odd)).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
        }
    }
    assert!(tried > 40, "{tried}");
}

#[tokio::test]
async fn an_idempotency_key_that_is_none_is_refused_everywhere() {
    let doors = Doors::open().await;
    for (caller, body) in doors.callers() {
        let operation = caller.operation;
        if operation.method != Method::POST {
            continue;
        }
        for wrong in ["", "k".repeat(201).as_str()] {
            let value = HeaderValue::from_str(wrong).unwrap();
            let headers = HeaderMap::from_iter([("idempotency-key".parse().unwrap(), value)]);
            let answer = caller.send("", headers, body.as_ref()).await;
            refused(&answer, "Idempotency-Key", &operation.path);
        }
    }
}
