//! The OpenAPI document: every operation is in it, says who is admitted, and describes its errors.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_app::api::Access;
use tidegate_app::domains;
use tidegate_testing::product::Product;

use crate::described::Described;

#[tokio::test]
async fn every_operation_says_who_is_admitted_and_how_it_fails() {
    let product = Product::start().await;
    let described = Described::of(&product).await;
    let document = described.document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    let mut described = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let what = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{what}: {id} is there twice");
            let error = json!({"$ref": "#/components/responses/Error"});
            assert_eq!(operation["responses"]["default"], error, "{what}");
            assert!(operation["security"].is_array(), "{what}");
            assert!(operation["summary"].is_string(), "{what}");
            described += 1;
        }
    }
    let routes = domains::routes();
    assert_eq!(described, routes.operations().len());
    for operation in routes.operations() {
        let method = operation.method.as_str().to_ascii_lowercase();
        let security = &document["paths"][&operation.path][&method]["security"];
        let schemes = security.as_array().unwrap().iter();
        let schemes = schemes.flat_map(|one| one.as_object().unwrap().keys());
        let schemes: BTreeSet<&str> = schemes.map(String::as_str).collect();
        let expected: &[&str] = match operation.access {
            Access::Public => &[],
            Access::Operator => &["operatorKey"],
            Access::Tenant(_) | Access::Member => &["apiKey", "session"],
            Access::TenantOrOperator(_) => &["apiKey", "operatorKey", "session"],
        };
        let expected: BTreeSet<&str> = expected.iter().copied().collect();
        assert_eq!(schemes, expected, "{method} {}", operation.path);
    }
}

/// What a program has to send and what it gets besides bodies.
#[tokio::test]
async fn headers_are_described() {
    let product = Product::start().await;
    let described = Described::of(&product).await;
    let document = described.document();
    for operation in domains::routes().operations() {
        let method = operation.method.as_str().to_ascii_lowercase();
        let parameters = &document["paths"][&operation.path][&method]["parameters"];
        let mut parameters = parameters.as_array().into_iter().flatten();
        let token = parameters.find(|parameter| parameter["name"] == "X-CSRF-Token");
        let takes_sessions = !matches!(operation.access, Access::Public | Access::Operator);
        let needs_it = takes_sessions && operation.method != Method::GET;
        assert_eq!(token.is_some(), needs_it, "{method} {}", operation.path);
        assert!(token.is_none_or(|token| token["in"] == "header" && token["required"] != true));
    }
    let headers = &document["components"]["responses"]["Error"]["headers"];
    for name in [
        "Retry-After",
        "X-RateLimit-Limit",
        "X-RateLimit-Remaining",
        "X-RateLimit-Reset",
    ] {
        assert_eq!(headers[name]["schema"]["type"], "integer", "{name}");
    }
}

/// A caller knows nothing of the source.
#[tokio::test]
async fn the_descriptions_speak_of_no_source() {
    fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(text) if name == "description" || name == "summary" => {
                            found.push(text);
                        }
                        value => texts(value, found),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
            _ => {}
        }
    }
    let product = Product::start().await;
    let described = Described::of(&product).await;
    let mut found = Vec::new();
    texts(described.document(), &mut found);
    assert!(found.len() > 100);
    let words = [
        "`None`",
        "`Some",
        "[`",
        "::",
        "old documents",
        "the row",
        " rows",
        "a row",
        "`Vec",
        "struct ",
        "serde",
    ];
    let wrong = found
        .iter()
        .filter(|text| words.iter().any(|word| text.contains(word)));
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is referred to is there.
#[tokio::test]
async fn every_reference_leads_somewhere() {
    let product = Product::start().await;
    let described = Described::of(&product).await;
    let document = described.document();
    let text = document.to_string();
    let references = text.split("\"$ref\":\"#").skip(1);
    let references: BTreeSet<&str> = references
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(references.len() > 5, "{references:?}");
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

/// The page is whole without anything from elsewhere.
#[tokio::test]
async fn the_page_of_the_document_loads_its_own_files_only() {
    let product = Product::start().await;
    let file = async |name: &str| {
        let path = format!("/v1/docs/{name}");
        let answer = product.ask(Method::GET, &path, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{name}");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"));
        answer
    };
    let page = file("index.html").await;
    assert!(
        page.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert!(!page.body.contains("://"), "{}", page.body);
    let loaded = page
        .body
        .split(['"', '\''])
        .filter_map(|part| part.strip_prefix("./"));
    let loaded: BTreeSet<&str> = loaded.collect();
    assert!(loaded.contains("swagger-ui-bundle.js"), "{loaded:?}");
    for name in loaded {
        file(name).await;
    }
    let start = file("swagger-initializer.js").await;
    assert!(start.body.contains("/v1/openapi.json"), "{}", start.body);
    let sent = product.ask(Method::GET, "/v1/docs", "").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{sent:?}");
    let missing = product
        .ask(Method::GET, "/v1/docs/..%2fCargo.toml", "")
        .await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND, "{missing:?}");
}
