//! Each kind of fault: what the caller sees, and whether the call took effect.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fakes::{Sandbox, sandbox};

async fn with_fault(fault: Value) -> Sandbox {
    let sandbox = sandbox().await;
    let answer = sandbox.control("faults", fault).await;
    assert_eq!(answer.status(), 204);
    sandbox
}

async fn post(sandbox: &Sandbox) -> Result<reqwest::Response, reqwest::Error> {
    request(sandbox).send().await
}

fn request(sandbox: &Sandbox) -> reqwest::RequestBuilder {
    let args = json!({ "channel": "C0GENERAL01", "text": "x" });
    sandbox.request("chat.postMessage", &args)
}

fn outcome(sandbox: &Sandbox) -> (usize, String) {
    (
        sandbox.fake.messages("C0GENERAL01").len(),
        sandbox.fake.calls().last().unwrap().outcome.clone(),
    )
}

#[tokio::test]
async fn a_rate_limit_carries_what_it_was_told() {
    for (retry_after, header) in [
        (json!(30), Some("30")),
        (json!("soon"), Some("soon")),
        (Value::Null, None),
    ] {
        let fault = json!({ "method": "chat.postMessage", "kind": "rate_limited", "retry_after": retry_after });
        let sandbox = with_fault(fault).await;
        let answer = post(&sandbox).await.unwrap();
        assert_eq!(answer.status(), 429);
        assert_eq!(
            answer
                .headers()
                .get("retry-after")
                .map(|value| value.to_str().unwrap()),
            header
        );
        assert_eq!(
            answer.json::<Value>().await.unwrap(),
            json!({ "ok": false, "error": "ratelimited" })
        );
        assert_eq!(outcome(&sandbox), (0, "ratelimited".to_owned()));
    }
}

#[tokio::test]
async fn server_errors_come_with_and_without_the_effect() {
    for (kind, status, applies, expected) in [
        ("http_500", 500, false, (0, "http_500")),
        ("http_500", 500, true, (1, "http_500_applied")),
        ("http_503", 503, false, (0, "http_503")),
    ] {
        let sandbox = with_fault(json!({ "method": "*", "kind": kind, "applies": applies })).await;
        assert_eq!(post(&sandbox).await.unwrap().status(), status);
        assert_eq!(outcome(&sandbox), (expected.0, expected.1.to_owned()));
        assert_eq!(
            post(&sandbox).await.unwrap().status(),
            200,
            "a fault is used up"
        );
    }
}

#[tokio::test]
async fn timeouts_come_before_and_after_the_effect() {
    for (kind, messages) in [("timeout_before", 0), ("timeout_after", 1)] {
        let sandbox = with_fault(json!({ "method": "chat.postMessage", "kind": kind })).await;
        let hasty = request(&sandbox).timeout(Duration::from_secs(2));
        assert!(hasty.send().await.unwrap_err().is_timeout());
        assert_eq!(outcome(&sandbox), (messages, kind.to_owned()));
    }
}

#[tokio::test]
async fn a_reset_drops_the_connection_after_the_effect() {
    let sandbox = with_fault(json!({ "method": "chat.postMessage", "kind": "reset_after" })).await;
    let error = post(&sandbox).await.unwrap_err();
    assert!(
        error.is_request() && !error.is_timeout() && !error.is_connect(),
        "{error:?}"
    );
    assert_eq!(outcome(&sandbox), (1, "reset_after".to_owned()));
}

#[tokio::test]
async fn a_refusal_names_its_error() {
    let fault = json!({ "method": "chat.postMessage", "kind": "ok_false", "applies": true });
    let sandbox = with_fault(fault).await;
    let answer = post(&sandbox).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.json::<Value>().await.unwrap(),
        json!({ "ok": false, "error": "fatal_error" })
    );
    assert_eq!(outcome(&sandbox), (1, "fatal_error_applied".to_owned()));
}

#[tokio::test]
async fn a_fault_waits_for_its_method_and_channel() {
    let fault = json!({ "method": "chat.update", "kind": "http_500" });
    let sandbox = with_fault(fault).await;
    let elsewhere = json!({ "method": "chat.postMessage", "channel": "C0RANDOM001", "kind": "http_500", "times": 2 });
    sandbox.control("faults", elsewhere).await;
    assert_eq!(post(&sandbox).await.unwrap().status(), 200);
    for status in [500, 500, 200] {
        let args = json!({ "channel": "#random", "text": "x" });
        assert_eq!(
            sandbox
                .request("chat.postMessage", &args)
                .send()
                .await
                .unwrap()
                .status(),
            status
        );
    }
}

#[tokio::test]
async fn faults_can_be_cleared_and_must_be_well_formed() {
    let sandbox = with_fault(json!({ "method": "*", "kind": "http_500", "times": 100 })).await;
    let cleared = sandbox
        .http
        .delete(format!("{}/_fake/faults", sandbox.url))
        .send()
        .await
        .unwrap();
    assert_eq!(cleared.status(), 204);
    assert_eq!(post(&sandbox).await.unwrap().status(), 200);
    assert_eq!(
        sandbox
            .control("faults", json!({ "method": "*", "kind": "explode" }))
            .await
            .status(),
        422
    );
}

#[tokio::test]
async fn everything_is_refused_for_a_while() {
    for (fault, outcome) in [
        (json!({ "kind": "http_503" }), "http_503"),
        (
            json!({ "kind": "ok_false", "error": "service_unavailable" }),
            "service_unavailable",
        ),
        (json!({ "kind": "reset_before" }), "reset_before"),
    ] {
        let mut fault = fault;
        fault["method"] = "*".into();
        fault["for_seconds"] = 600.into();
        let sandbox = with_fault(fault).await;
        for _ in 0..3 {
            let _ = post(&sandbox).await;
            assert_eq!(self::outcome(&sandbox), (0, outcome.to_owned()));
        }
        let info = sandbox.request("conversations.info", &json!({ "channel": "C0GENERAL01" }));
        let _ = info.send().await;
        assert_eq!(self::outcome(&sandbox).1, outcome);
        sandbox.clock.advance(Duration::from_secs(599));
        let _ = post(&sandbox).await;
        assert_eq!(self::outcome(&sandbox), (0, outcome.to_owned()));
        sandbox.clock.advance(Duration::from_secs(1));
        assert_eq!(post(&sandbox).await.unwrap().status(), 200);
        assert_eq!(self::outcome(&sandbox), (1, "ok".to_owned()));
    }
}
