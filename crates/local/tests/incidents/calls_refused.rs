//! Calls about incidents that are refused, in the words of the caller: by the names and values that it sent.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_testing::product::{Answer, Product, TENANT};

const INCIDENTS: &str = "/v1/incidents";
const ALL: [&str; 3] = ["incidents:read", "incidents:write", "incidents:admin"];

/// The field and the message of a refusal.
#[track_caller]
fn refused(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    let error = answer.json()["error"].clone();
    let text = |name: &str| error[name].as_str().unwrap().to_owned();
    (text("field"), text("message"))
}

#[tokio::test]
async fn every_refusal_is_in_plain_words() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &ALL).await.key;
    for (body, message) in [
        (json!({"services": []}), "1 problem: `title`: is needed"),
        (
            json!({"title": 5}),
            "1 problem: `title`: takes one line of at most 100 characters",
        ),
        (
            json!({"title": "x", "services": 1, "private": "yes"}),
            "2 problems: `private`: takes `true` or `false`; `services`: takes a list",
        ),
        (
            json!({"title": "Down", "template": "nope"}),
            "1 problem: `template`: there is no template `nope`; `GET /v1/incident-settings` shows which there are",
        ),
        (
            json!({"title": "Down", "services": ["api", "no-1", "No 2"]}),
            "2 problems: `services[1]`: there is no service `no-1`; `GET /v1/incident-settings` shows which there are; \
             `services[2]`: there is no service \"No 2\"; `GET /v1/incident-settings` shows which there are",
        ),
    ] {
        let answer = product.tell(INCIDENTS, &key, &body).await;
        assert_eq!(refused(&answer).1, message);
    }
    let many: Vec<String> = (0..6).map(|n| format!("s{n}")).collect();
    let answer = product
        .tell(INCIDENTS, &key, &json!({"services": many}))
        .await;
    let (_, message) = refused(&answer);
    for part in [
        "8 problems",
        "`title`: is needed",
        "`services`: takes 5 at most",
        "`s5`",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    for (query, message) in [
        ("status=al", "`status` takes `open` or `all`"),
        ("limit=-1", "`limit` takes a whole number from 1 to 200"),
        ("stauts=all", "`stauts` is no parameter of this operation"),
        (
            "status=al&limit=0&month=x",
            "3 problems: `status`: takes `open` or `all`; `limit`: takes a whole number from 1 to 200; \
             `month`: takes a month such as `2026-11`",
        ),
    ] {
        let answer = product
            .ask(Method::GET, &format!("{INCIDENTS}?{query}"), &key)
            .await;
        assert_eq!(refused(&answer).1, message);
    }
}

#[tokio::test]
async fn a_title_is_one_line() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &ALL).await.key;
    for title in [
        "Down\nINC-2  P4  resolved",
        "\u{1b}[2J",
        "a\rb",
        "a\u{2028}b",
    ] {
        for field in ["title", "template"] {
            let body = json!({"title": "x", field: title});
            let answer = product.tell(INCIDENTS, &key, &body).await;
            let (named, message) = refused(&answer);
            assert_eq!(named, field, "{message}");
            assert!(
                message.ends_with("takes one line without control characters"),
                "{message}"
            );
        }
    }
    let body = json!({"title": "Down", "services": ["api"], "description": "It is\ndown."});
    let declared = product.tell(INCIDENTS, &key, &body).await;
    assert_eq!(declared.status, StatusCode::CREATED, "{declared:?}");
}

#[tokio::test]
async fn a_list_takes_the_cursors_of_no_other_list() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &ALL).await.key;
    for title in ["One", "Two"] {
        let body = json!({"title": title, "services": ["api"]});
        let declared = product.tell(INCIDENTS, &key, &body).await;
        assert_eq!(declared.status, StatusCode::CREATED, "{declared:?}");
    }
    let lists = [
        "",
        "status=all",
        "service=api",
        "severity=P2",
        "status=all&service=api",
    ];
    for of in lists {
        let path = format!("{INCIDENTS}?limit=1&{of}");
        let page = product.ask(Method::GET, &path, &key).await.json();
        let next = page["next"].as_str().unwrap();
        for to in lists {
            let path = format!("{INCIDENTS}?limit=1&after={next}&{to}");
            let answer = product.ask(Method::GET, &path, &key).await;
            if of == to {
                assert_eq!(answer.status, StatusCode::OK, "{of} {to} {answer:?}");
            } else {
                assert_eq!(refused(&answer).0, "after", "{of} {to}");
            }
        }
    }
}

#[tokio::test]
async fn a_record_in_markdown_has_no_pages() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &ALL).await.key;
    let body = json!({"title": "Down", "services": ["api"]});
    product.tell(INCIDENTS, &key, &body).await;
    let path = "/v1/incidents/INC-1/export?format=markdown";
    let whole = product.ask(Method::GET, path, &key).await;
    assert_eq!(whole.status, StatusCode::OK, "{whole:?}");
    let page = product
        .ask(Method::GET, &format!("{path}&after=5"), &key)
        .await;
    assert_eq!(refused(&page).0, "after");
}

#[tokio::test]
async fn a_key_has_one_id_everywhere() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &ALL).await.key;
    let me = product.ask(Method::GET, "/v1/me", &key).await.json();
    let body = json!({"title": "Down", "services": ["api"]});
    let declared = product.tell(INCIDENTS, &key, &body).await.json();
    let expected: Value = json!({"app": me["key"]});
    assert_eq!(declared["incident"]["reporter"], expected);
    let path = "/v1/incidents/INC-1/timeline";
    let timeline = product.ask(Method::GET, path, &key).await.json();
    let first = timeline["entries"].as_array().unwrap().last().unwrap();
    assert_eq!(first["actor"], expected);
}

#[tokio::test]
async fn a_change_that_needs_no_words_is_described_without_a_body() {
    let product = Product::start().await;
    let document = product
        .ask(Method::GET, "/v1/openapi.json", "")
        .await
        .json();
    for (name, needs_a_body) in [
        ("close", false),
        ("accept", false),
        ("resolve", false),
        ("cancel", true),
        ("timeline", true),
    ] {
        let path = format!("/v1/incidents/{{id}}/{name}");
        let body = &document["paths"][path]["post"]["requestBody"];
        assert_eq!(body["required"] == true, needs_a_body, "{name}: {body}");
    }
}
