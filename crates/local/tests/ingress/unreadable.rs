//! Requests that Slack signed and nobody can read: taken, kept as they came, set aside, and not tried for ever.

use http::StatusCode;
use serde_json::{Value, json};
use tidegate_ingress::{BODY_LIMIT, request_id};
use tidegate_testing::product::{FORM, Product, TENANT, form, id, signed, unique};

const JSON: &str = "application/json";

#[tokio::test]
async fn what_is_no_json_is_parked_with_a_reason() {
    let product = Product::start().await;
    let deep = "[".repeat(100_000);
    let deep_object = "{\"a\":".repeat(100_000);
    let bodies: [(&[u8], &str); 12] = [
        (b"", "the JSON ends early"),
        (b"{\"type\": ", "the JSON ends early"),
        (b"hello", "this is not JSON"),
        (b"\0\0\0", "this is not JSON"),
        (b"{\"type\":\"event_callback\",}", "this is not JSON"),
        (b"{\"type\":\"\xff\xfe\"}", "this is not JSON"),
        (b"\xef\xbb\xbf{}", "this is not JSON"),
        (b"null", "not an object"),
        (b"[]", "not an object"),
        (b"17", "not an object"),
        (deep.as_bytes(), "the JSON is too deep"),
        (deep_object.as_bytes(), "the JSON is too deep"),
    ];
    for (body, reason) in bodies {
        let start = String::from_utf8_lossy(&body[..body.len().min(20)]).into_owned();
        let shown = parked(&product, "/slack/events", JSON, body).await;
        assert_eq!(shown["tenant"], "unreadable", "{start:?}");
        let told = shown["reason"].as_str().unwrap();
        assert!(told.contains(reason), "{start:?}: {told}");
    }
}

/// Ingress looks at the outermost fields only, so it knows whose this is; the worker cannot read it all the same.
#[tokio::test]
async fn what_is_absurdly_deep_is_parked_for_its_tenant() {
    let product = Product::start().await;
    let event_id = unique("Ev");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = format!(r#"{{"event_id":"{event_id}","team_id":"{TENANT}","event":{deep}}}"#);
    let answer = product
        .send(
            "/slack/events",
            signed(JSON, body.as_bytes()),
            body.clone().into_bytes(),
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let shown = product.settled(&event_id).await;
    assert_eq!(
        (&shown["tenant"], &shown["state"]),
        (&json!(TENANT), &json!("parked"))
    );
    assert!(
        shown["reason"].as_str().unwrap().contains("too deep"),
        "{shown}"
    );
    assert_eq!(product.archived_body(&shown).await, body.as_bytes());
}

#[tokio::test]
async fn a_form_without_what_it_must_hold_is_parked() {
    let product = Product::start().await;
    let deep = form(&[("payload", &"[".repeat(100_000))]);
    let requests: [(&str, &[u8]); 8] = [
        ("/slack/interactions", b""),
        ("/slack/interactions", b"payload="),
        ("/slack/interactions", b"payload=%7B%22type%22"),
        ("/slack/interactions", b"payload=%FF%FE"),
        ("/slack/interactions", &deep),
        ("/slack/commands", b"text=ping&team_id=T0TESTS0001"),
        ("/slack/commands", b"command=tidegate&team_id=T0TESTS0001"),
        (
            "/slack/commands",
            b"command=%2Ftidegate&team_id=T0TESTS0001&text=ping",
        ),
    ];
    for (path, body) in requests {
        parked(&product, path, FORM, body).await;
    }
}

#[tokio::test]
async fn as_many_keys_as_fit_are_taken_and_a_million_are_too_large() {
    let product = Product::start().await;
    let keys = |count: usize| {
        let keys: Vec<String> = (0..count).map(|n| format!("\"{n:x}\":0")).collect();
        format!(
            "{{\"team_id\":\"{TENANT}\",\"event_id\":\"Ev{count}\",{}}}",
            keys.join(",")
        )
    };
    let million = keys(1_000_000).into_bytes();
    let answer = product
        .send("/slack/events", signed(JSON, &million), million)
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);

    let many = keys(72_000).into_bytes();
    assert!(
        many.len() < BODY_LIMIT && many.len() > BODY_LIMIT * 8 / 10,
        "{}",
        many.len()
    );
    let answer = product
        .send("/slack/events", signed(JSON, &many), many.clone())
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let shown = product.settled("Ev72000").await;
    assert_eq!(shown["state"], "done");
    assert_eq!(product.archived_body(&shown).await, many);
}

/// Sends it: 200, archived to the byte, parked at the first attempt, and listed as parked.
async fn parked(product: &Product, path: &str, content_type: &str, body: &[u8]) -> Value {
    let headers = signed(content_type, body);
    let request = request_id(&headers);
    let answer = product.send(path, headers, body.to_vec()).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::OK, ""),
        "{path}"
    );
    let shown = product.settled(&request).await;
    assert_eq!(
        (&shown["state"], &shown["attempts"]),
        (&json!("parked"), &json!(1)),
        "{shown}"
    );
    assert_ne!(shown["reason"].as_str().unwrap_or_default(), "");
    assert_eq!(product.archived_body(&shown).await, body);
    product.drained().await;
    let parked = product
        .operator(http::Method::GET, "/v1/operator/events?state=parked")
        .await
        .json();
    let listed = parked["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| id(e) == request);
    assert_eq!(listed.count(), 1);
    shown
}
