//! What Slack is told in the response itself, on which paths, and what is made of its retry headers.

use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use tidegate_testing::product::{
    FORM, Product, TENANT, envelope, form, id, mention, signed, unique, unique_ts,
};

#[tokio::test]
async fn retry_headers_are_recorded_and_drop_nothing() {
    let product = Product::start().await;
    for (num, reason, recorded) in [
        (
            "1",
            "http_timeout",
            json!({"num": 1, "reason": "http_timeout"}),
        ),
        ("3", "http_error", json!({"num": 3, "reason": "http_error"})),
        ("2", "made up", json!({"num": 2, "reason": "unknown_error"})),
        ("many", "http_timeout", Value::Null),
    ] {
        let event = mention("C0RETRIES01", "are you there?");
        let body = event.to_string().into_bytes();
        let mut headers = signed("application/json", &body);
        headers.insert("x-slack-retry-num", HeaderValue::from_static(num));
        headers.insert("x-slack-retry-reason", HeaderValue::from_static(reason));
        let answer = product.send("/slack/events", headers, body).await;
        assert_eq!(answer.status, StatusCode::OK);
        let shown = product.settled(id(&event)).await;
        assert_eq!(
            (&shown["state"], &shown["retry"]),
            (&json!("done"), &recorded)
        );
    }
    assert_eq!(product.replies("C0RETRIES01").len(), 4);
}

#[tokio::test]
async fn what_slack_wants_in_the_response_is_answered_there() {
    let product = Product::start().await;
    let challenge =
        json!({"type": "url_verification", "token": "retired", "challenge": "3eZbrw1aB"});
    let answer = product.event(&challenge).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::OK, "3eZbrw1aB")
    );
    let content_type = answer.headers["content-type"].to_str().unwrap();
    assert!(content_type.starts_with("text/plain"), "{content_type}");

    let limits = json!({"limits": {"title": {"required": true, "max": 5}}}).to_string();
    let submitted = |title: &str| {
        json!({"type": "view_submission", "team": {"id": TENANT}, "trigger_id": unique("t"), "view": {
            "private_metadata": limits, "state": {"values": {"title": {"text": {"value": title}}}}}})
    };
    for (path, title) in [
        ("/slack/interactions", ""),
        ("/api/integrations/slack/interactive", "much too long"),
    ] {
        let payload = submitted(title).to_string();
        let answer = product.form(path, &[("payload", &payload)]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json()["response_action"], "errors");
        assert!(answer.json()["errors"]["title"].is_string(), "{answer:?}");
    }
    assert_eq!(product.queued(), 0);

    let body = form(&[("payload", &submitted("fine").to_string())]);
    let headers = signed(FORM, &body);
    let id = tidegate_ingress::request_id(&headers);
    let answer = product.send("/slack/interactions", headers, body).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    let shown = product.settled(&id).await;
    assert_eq!(
        (&shown["type"], &shown["tenant"]),
        (&json!("view_submission"), &json!(TENANT))
    );
}

#[tokio::test]
async fn the_older_paths_work_and_others_do_not() {
    let product = Product::start().await;
    let event = envelope(
        &json!({"type": "message", "channel": "C0GENERAL01", "ts": unique_ts(), "text": "old"}),
    );
    let body = event.to_string().into_bytes();
    let headers = signed("application/json", &body);
    let answer = product
        .send(
            "/api/integrations/slack/events",
            headers.clone(),
            body.clone(),
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(product.settled(id(&event)).await["state"], "done");
    let answer = product
        .send("/slack/elsewhere", headers.clone(), body)
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let request = product
        .http
        .get(format!("{}/slack/events", product.url))
        .headers(headers);
    assert_eq!(
        request.send().await.unwrap().status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
}
