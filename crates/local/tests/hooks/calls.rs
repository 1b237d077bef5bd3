//! The API of hooks: who may call it, what it refuses, and what the audit trail says.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_testing::product::{OPERATOR_KEY, Product, TENANT, answer_of};

use crate::setting::{call, make, must, product, shown};

const URL: &str = "https://example.com/slack";

/// What the API says about a hook with these fields.
async fn refusal(product: &Product, fields: Value) -> String {
    let mut wanted = json!({"url": URL, "events": ["app_mention"]});
    for (name, value) in fields.as_object().unwrap() {
        wanted[name] = value.clone();
    }
    let answer = call(product, Method::POST, "/v1/hooks", Some(&wanted)).await;
    assert_eq!(
        answer.status,
        StatusCode::BAD_REQUEST,
        "{fields} {answer:?}"
    );
    answer.json()["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn what_is_wrong_with_a_hook_is_said_in_words_and_all_at_once() {
    let product = Product::start().await;
    for (fields, words) in [
        (
            json!({"url": "http://example.com"}),
            "`url`: must begin with https://",
        ),
        (json!({"url": "https://169.254.169.254/"}), "not public"),
        (json!({"url": "https://[::ffff:10.0.0.1]/"}), "not public"),
        (
            json!({"url": "https://me:secret@example.com/"}),
            "must not contain a user name or password",
        ),
        (
            json!({"url": "https://example.com:25/"}),
            "must have the port 443",
        ),
        (
            json!({"events": []}),
            "`events`: takes one or more of: app_mention",
        ),
        (json!({"events": ["app_uninstalled"]}), "`events`: takes"),
        (json!({"channels": ["general"]}), "`channels`: takes"),
        (json!({"channels": vec!["C1"; 101]}), "at most 100"),
        (json!({"notify": "everybody"}), "`notify`: takes"),
    ] {
        let said = refusal(&product, fields.clone()).await;
        assert!(said.contains(words), "{fields}: {said}");
        assert!(!said.contains("secret@"), "{said}");
    }
    let both = refusal(&product, json!({"url": "nowhere", "events": ["nothing"]})).await;
    assert!(both.starts_with("2 problems: "), "{both}");
    let path = format!("/v1/hooks?tenant={TENANT}");
    let list = product.operator(Method::GET, &path).await.json();
    assert_eq!(list["hooks"], json!([]));
}

#[tokio::test]
async fn a_replay_from_nowhere_is_refused_with_the_field() {
    let product = product().await;
    let hook = make(&product, URL, json!({})).await;
    let path = format!("/v1/hooks/{}/replay", hook.id);
    let body = json!({"since": 1, "after": "!"});
    let answer = call(&product, Method::POST, &path, Some(&body)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    assert_eq!(answer.json()["error"]["field"], "after", "{answer:?}");
}

#[tokio::test]
async fn a_call_with_an_idempotency_key_is_done_once() {
    let product = product().await;
    let send = async |path: &str, body: &Value| {
        let request = product.http.post(format!("{}{path}", product.url));
        let request = request.query(&[("tenant", TENANT)]).json(body);
        let request = request.header("Idempotency-Key", "k1");
        answer_of(request.bearer_auth(OPERATOR_KEY).send().await.unwrap()).await
    };
    let wanted = json!({"url": URL, "events": ["app_mention"]});
    let made = send("/v1/hooks", &wanted).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let again = send("/v1/hooks", &wanted).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{again:?}");
    let list = must(&product, Method::GET, "/v1/hooks", None, StatusCode::OK).await;
    assert_eq!(list["hooks"].as_array().unwrap().len(), 1);
    let test = format!(
        "/v1/hooks/{}/test",
        made.json()["hook"]["id"].as_str().unwrap()
    );
    let statuses = [
        send(&test, &json!({})).await.status,
        send(&test, &json!({})).await.status,
    ];
    assert_eq!(statuses, [StatusCode::ACCEPTED, StatusCode::CONFLICT]);
}

/// A key counts for a POST only. Otherwise the second change would be answered with 200 and not made.
#[tokio::test]
async fn a_change_is_made_whatever_idempotency_key_it_carries() {
    let product = product().await;
    let hook = make(&product, URL, json!({})).await;
    for enabled in [false, true, false] {
        let request = product
            .http
            .patch(format!("{}/v1/hooks/{}", product.url, hook.id));
        let request = request
            .query(&[("tenant", TENANT)])
            .json(&json!({"enabled": enabled}));
        let request = request
            .header("Idempotency-Key", "k1")
            .bearer_auth(OPERATOR_KEY);
        let answer = answer_of(request.send().await.unwrap()).await;
        assert_eq!(answer.json()["hook"]["enabled"], enabled, "{answer:?}");
        assert_eq!(shown(&product, &hook.id).await["enabled"], enabled);
    }
}

#[tokio::test]
async fn whom_to_tell_and_the_channels_can_be_taken_back() {
    let product = product().await;
    let fields = json!({"channels": ["C1"], "notify": "U0ALICE0001"});
    let hook = make(&product, URL, fields).await;
    let path = format!("/v1/hooks/{}", hook.id);
    let change = async |change: Value| {
        let changed = must(
            &product,
            Method::PATCH,
            &path,
            Some(&change),
            StatusCode::OK,
        )
        .await;
        changed["hook"].clone()
    };
    let changed = change(json!({"channels": []})).await;
    assert_eq!(
        (&changed["channels"], &changed["notify"]),
        (&json!([]), &json!("U0ALICE0001"))
    );
    let changed = change(json!({"notify": null})).await;
    assert_eq!(changed["notify"], Value::Null);
}

#[tokio::test]
async fn a_workspace_has_at_most_twenty_hooks() {
    let product = Product::start().await;
    for _ in 0..20 {
        make(&product, URL, json!({})).await;
    }
    let wanted = json!({"url": URL, "events": ["app_mention"]});
    let answer = call(&product, Method::POST, "/v1/hooks", Some(&wanted)).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{answer:?}");
    let list = must(&product, Method::GET, "/v1/hooks", None, StatusCode::OK).await;
    assert_eq!(list["hooks"].as_array().unwrap().len(), 20);
}

/// The notes of the audit trail, with `ID` for the hook.
async fn trail(product: &Product, hook: &str) -> Vec<String> {
    let path = format!("/v1/audit?tenant={TENANT}");
    let trail = product.operator(Method::GET, &path).await.json();
    let entries = trail["entries"].as_array().unwrap().iter();
    let notes = entries.map(|entry| {
        let text = |name: &str| entry[name].as_str().unwrap().to_owned();
        format!("{} {}", text("action"), text("detail").replace(hook, "ID"))
    });
    notes.collect()
}

#[tokio::test]
async fn the_secret_is_shown_once_and_every_change_is_in_the_trail() {
    let product = product().await;
    let hook = make(&product, URL, json!({})).await;
    let path = format!("/v1/hooks/{}", hook.id);
    let change = json!({"events": ["message", "pin_added"], "channels": ["C1"]});
    must(
        &product,
        Method::PATCH,
        &path,
        Some(&change),
        StatusCode::OK,
    )
    .await;
    // Nothing changes, so nothing is written.
    must(
        &product,
        Method::PATCH,
        &path,
        Some(&change),
        StatusCode::OK,
    )
    .await;
    let seen = shown(&product, &hook.id).await;
    assert_eq!(
        (&seen["events"], &seen["channels"]),
        (&change["events"], &change["channels"])
    );
    assert!(!seen.to_string().contains("whsec_"));
    for enabled in [false, true] {
        let body = json!({"enabled": enabled});
        must(&product, Method::PATCH, &path, Some(&body), StatusCode::OK).await;
    }
    let secret = format!("{path}/secret");
    must(&product, Method::POST, &secret, None, StatusCode::OK).await;
    must(&product, Method::DELETE, &path, None, StatusCode::OK).await;
    let mut noted = trail(&product, &hook.id).await;
    // The trail is ordered by the second.
    noted.sort_unstable();
    assert_eq!(
        noted,
        [
            "hooks.change ID: disabled",
            "hooks.change ID: enabled",
            "hooks.change ID: events, channels",
            "hooks.create ID",
            "hooks.delete ID",
            "hooks.secret ID",
        ]
    );
}

#[tokio::test]
async fn a_key_needs_the_scope_and_sees_its_own_workspace_only() {
    let product = product().await;
    let hook = make(&product, URL, json!({})).await;
    let reads = product.make_key(TENANT, &["hooks:read"]).await;
    let other = product
        .make_key("T0OTHER0001", &["hooks:read", "hooks:write"])
        .await;
    let none = product.make_key(TENANT, &["workspace:read"]).await;
    let ask = async |method: Method, path: &str, key: &str| {
        let request = product
            .http
            .request(method, format!("{}{path}", product.url));
        answer_of(request.bearer_auth(key).send().await.unwrap())
            .await
            .status
    };
    let path = format!("/v1/hooks/{}", hook.id);
    assert_eq!(ask(Method::GET, &path, &reads.key).await, StatusCode::OK);
    assert_eq!(
        ask(Method::DELETE, &path, &reads.key).await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        ask(Method::GET, &path, &none.key).await,
        StatusCode::FORBIDDEN
    );
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(ask(method, &path, &other.key).await, StatusCode::NOT_FOUND);
    }
    for path in [
        "",
        "/deliveries",
        "/deliveries/msg_1",
        "/deliveries/msg_0123456789abcdef0123456789ab",
    ] {
        let path = format!("/v1/hooks/hook_0123456789abcdef{path}");
        assert_eq!(
            ask(Method::GET, &path, &reads.key).await,
            StatusCode::NOT_FOUND
        );
    }
}
