//! Where a key needs more than the scope that admits a call, the document and the documentation say so.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_testing::product::{Product, TENANT};

const PAGE: &str = include_str!("../../../../docs/api.md");

/// Operations on one incident: what a key without `incidents:admin` may send to each.
const OPERATIONS: [(&str, &str, &str); 9] = [
    ("post", "updates", r#"{"text": "x"}"#),
    ("post", "severity", r#"{"severity": "P1"}"#),
    ("post", "timeline", r#"{"text": "x"}"#),
    ("post", "accept", "{}"),
    ("post", "close", "{}"),
    ("post", "cancel", r#"{"why": "x"}"#),
    ("post", "reopen", r#"{"why": "x"}"#),
    ("post", "resolve", "{}"),
    ("get", "export", ""),
];

#[tokio::test]
async fn the_document_says_where_a_key_needs_the_scope_of_admins() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &["incidents:read", "incidents:write"]);
    let key = key.await.key;
    let wanted = json!({"title": "Down", "services": ["api"]});
    let declared = product.tell("/v1/incidents", &key, &wanted).await;
    assert_eq!(declared.status, StatusCode::CREATED, "{declared:?}");
    let document = product
        .ask(Method::GET, "/v1/openapi.json", "")
        .await
        .json();
    let section = PAGE.split("| scope | opens |").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let more = section
        .lines()
        .skip_while(|line| line.is_empty() || line.starts_with('|'));
    let more: Vec<&str> = more.collect();
    let more = more.join(" ");
    let mut refused = 0;
    for (method, name, body) in OPERATIONS {
        let path = format!("/v1/incidents/INC-1/{name}");
        let answer = if method == "get" {
            product.ask(Method::GET, &path, &key).await
        } else {
            let body: Value = serde_json::from_str(body).unwrap();
            product.tell(&path, &key, &body).await
        };
        let needs_more = answer.status == StatusCode::FORBIDDEN;
        refused += u32::from(needs_more);
        let described = &document["paths"][format!("/v1/incidents/{{id}}/{name}")][method];
        let description = described["description"].as_str().unwrap_or_default();
        let says = description.contains("`incidents:admin`");
        assert_eq!(says, needs_more, "{name}: {description} {answer:?}");
        let says = more.contains(&format!("`/v1/incidents/{{id}}/{name}`"));
        assert_eq!(says, needs_more, "{name} in docs/api.md: {more}");
    }
    assert_eq!(refused, 5);
}
