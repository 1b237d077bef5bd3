//! A refusal of settings names what the call sent: the field of the body or the part of the path, not the place where it would
//! have been stored.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_testing::product::{Answer, Product, TENANT, answer_of};

const PATH: &str = "/v1/incident-settings";

/// Sends settings that are wrong, and returns the field and the message of the refusal.
async fn refused(product: &Product, key: &str, path: &str, body: &Value) -> (String, String) {
    let request = product.http.put(format!("{}{PATH}{path}", product.url));
    let request = request.bearer_auth(key).json(body);
    let answer: Answer = answer_of(request.send().await.unwrap()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    let error = answer.json()["error"].clone();
    let text = |name: &str| error[name].as_str().unwrap().to_owned();
    (text("field"), text("message"))
}

#[tokio::test]
async fn the_fields_are_those_of_the_call() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &["incidents:admin"]).await.key;
    for (path, body, fields) in [
        (
            "/services/pay",
            json!({"service": {"owners": ["bob"]}}),
            &["service.owners[0]"][..],
        ),
        (
            "/services/pay",
            json!({"service": {"owners": "bob", "name": 1, "colour": 1}}),
            &["service.name", "service.owners", "service.colour"],
        ),
        ("/services/No%20Slug", json!({"service": {}}), &["slug"]),
        ("/services/pay", json!({"service": 1}), &["service"]),
        (
            "/templates/No%20Name",
            json!({"template": {"title": "x"}}),
            &["name"],
        ),
        (
            "/templates/pay",
            json!({"template": {"title": "x", "services": ["nope"]}}),
            &["template.services[0]"],
        ),
        (
            "/templates/pay",
            json!({"template": {"title": "x", "severity": "P9"}}),
            &["template.severity"],
        ),
        (
            "/templates/pay",
            json!({"template": {"title": ""}}),
            &["template.title"],
        ),
        (
            "",
            json!({"settings": {"foo": 1, "timers": {"soak_minutes": -1}, "admins": ["x"], "approval": ["P1", "p9"]}}),
            &[
                "settings.foo",
                "settings.timers.soak_minutes",
                "settings.admins[0]",
                "settings.approval[1]",
            ],
        ),
        (
            "",
            json!({"settings": {"services": {"api": {"owners": ["bob"]}}}}),
            &["settings.services.api.owners[0]"],
        ),
        ("", json!({"settings": []}), &["settings"]),
    ] {
        let (field, message) = refused(&product, &key, path, &body).await;
        assert!(fields.contains(&field.as_str()), "{path} {body}: {field}");
        for field in fields {
            assert!(message.contains(&format!("`{field}`")), "{message}");
        }
        let count = format!("{} problem", fields.len());
        assert!(message.starts_with(&count), "{message}");
        for word in ["invalid", "expected", "variant", "u32"] {
            assert!(!message.contains(word), "{message}");
        }
    }
}

/// The change of one part is refused for another one, which the call did not send: it is named as it is stored.
#[tokio::test]
async fn what_the_call_did_not_send_is_named_as_it_is_stored() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &["incidents:admin"]).await.key;
    let settings = json!({"settings": {
        "services": {"pay": {}}, "templates": {"down": {"title": "Down", "services": ["pay"]}},
    }});
    let request = product.http.put(format!("{}{PATH}", product.url));
    let stored = request.bearer_auth(&key).json(&settings).send().await;
    assert_eq!(stored.unwrap().status(), StatusCode::OK);
    let path = format!("{PATH}/services/pay");
    let in_use = product.ask(Method::DELETE, &path, &key).await;
    assert_eq!(in_use.status, StatusCode::CONFLICT, "{in_use:?}");
    let error = &in_use.json()["error"];
    assert!(error["field"].is_null(), "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("`templates.down.services[0]`"),
        "{message}"
    );
}
