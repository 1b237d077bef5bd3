//! The operator API over HTTP. Its command line is in `command_line`, replays are in `replay`.

use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};
use tidegate_ingress::request_id;
use tidegate_testing::product::{
    Answer, FORM, OPERATOR_KEY, Product, TENANT, envelope, form, id, message, now, signed, unique,
};

#[tokio::test]
async fn nothing_is_told_without_the_key() {
    let product = Product::start().await;
    let event = message("C0GENERAL01", "hello");
    product.event(&event).await;
    product.settled(id(&event)).await;
    let one = format!("/v1/operator/events/{}", id(&event));
    let replay = format!("{one}/replay");
    let queued = product.queued();
    for key in [
        None,
        Some(String::new()),
        Some("Bearer ".to_owned()),
        Some("Bearer wrong".to_owned()),
        Some(format!("Bearer {OPERATOR_KEY}x")),
        Some(format!("Bearer {}", &OPERATOR_KEY[1..])),
        Some(OPERATOR_KEY.to_owned()),
        Some(format!("Basic {OPERATOR_KEY}")),
    ] {
        for (method, path) in [
            (Method::GET, "/v1/operator/events"),
            (Method::GET, one.as_str()),
            (Method::POST, replay.as_str()),
            (Method::GET, "/v1/operator/posts"),
            (Method::POST, "/v1/operator/posts/any/resend"),
        ] {
            let answer = ask(&product, method, path, key.as_deref()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{key:?} {path}");
            is_error(&answer, "unauthorized");
            assert!(!answer.body.contains(OPERATOR_KEY), "{answer:?}");
        }
    }
    assert_eq!(product.queued(), queued);
}

#[tokio::test]
async fn health_needs_no_key_and_tells_nothing() {
    let product = Product::start().await;
    let answer = ask(&product, Method::GET, "/health", None).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["checks"], json!({"table": "ok"}));
}

#[tokio::test]
async fn a_list_is_newest_first_and_bounded() {
    let product = Product::start().await;
    let mut sent = Vec::new();
    for age in [30, 20, 10] {
        let mut event = envelope(&json!({"type": "team_rename", "event_ts": unique("1.")}));
        event["event_time"] = json!(now() - age);
        product.event(&event).await;
        product.settled(id(&event)).await;
        sent.push(id(&event).to_owned());
    }
    let list = async |query: &str| {
        let path = format!("/v1/operator/events?{query}");
        product.operator(Method::GET, &path).await.json()
    };
    let all = list("").await;
    assert_eq!(ids(&all), [&*sent[2], &sent[1], &sent[0]]);
    assert_eq!(all["next"], Value::Null);
    let newest = &all["events"][0];
    for (field, value) in [
        ("tenant", json!(TENANT)),
        ("type", json!("team_rename")),
        ("state", json!("done")),
        ("attempts", json!(1)),
    ] {
        assert_eq!(newest[field], value, "{field}");
    }
    let two = list("limit=2").await;
    assert_eq!(ids(&two).len(), 2);
    let rest = list(&format!("limit=2&after={}", two["next"].as_str().unwrap())).await;
    let paged = [ids(&two), ids(&rest)].concat();
    let three = list("limit=3").await;
    assert_eq!((ids(&three), &three["next"]), (paged, &Value::Null));
    let recent = list(&format!("since={}", now() - 15)).await;
    assert_eq!(ids(&recent), [&*sent[2]]);
    let older = list(&format!("until={}", now() - 25)).await;
    assert_eq!(ids(&older), [&*sent[0]]);
    assert_eq!(list("tenant=T0OTHER0001").await["events"], json!([]));
    assert_eq!(list("state=parked").await["events"], json!([]));
}

#[tokio::test]
async fn parked_events_are_listed_with_their_reason() {
    let product = Product::start().await;
    let fine = message("C0GENERAL01", "fine");
    product.event(&fine).await;
    product.settled(id(&fine)).await;
    let body = b"garbage".to_vec();
    let headers = signed("application/json", &body);
    let parked = request_id(&headers);
    product.send("/slack/events", headers, body).await;
    product.settled(&parked).await;
    for (query, found) in [
        ("state=parked", vec![parked.as_str()]),
        ("state=parked&tenant=unreadable", vec![parked.as_str()]),
        ("state=parked&tenant=T0TESTS0001", vec![]),
    ] {
        let path = format!("/v1/operator/events?{query}");
        let list = product.operator(Method::GET, &path).await.json();
        assert_eq!(ids(&list), found, "{query}");
        for event in list["events"].as_array().unwrap() {
            assert_eq!(event["state"], "parked");
            assert!(
                event["reason"].as_str().unwrap().contains("not JSON"),
                "{event}"
            );
        }
    }
}

#[tokio::test]
async fn what_cannot_be_answered_is_a_typed_error() {
    let product = Product::start().await;
    let month_ago = format!("/v1/operator/events?since={}", now() - 32 * 24 * 3600);
    for (method, path, status, code) in [
        (
            Method::GET,
            "/v1/operator/events?limit=0",
            400,
            "bad_request",
        ),
        (
            Method::GET,
            "/v1/operator/events?limit=1001",
            400,
            "bad_request",
        ),
        (
            Method::GET,
            "/v1/operator/events?limit=-1",
            400,
            "bad_request",
        ),
        (
            Method::GET,
            "/v1/operator/events?limit=many",
            400,
            "bad_request",
        ),
        (
            Method::GET,
            "/v1/operator/events?since=yesterday",
            400,
            "bad_request",
        ),
        (
            Method::GET,
            "/v1/operator/events?state=strange",
            400,
            "bad_request",
        ),
        (Method::GET, month_ago.as_str(), 400, "bad_request"),
        (
            Method::GET,
            "/v1/operator/posts?limit=0",
            400,
            "bad_request",
        ),
        (
            Method::GET,
            "/v1/operator/events/Ev0UNKNOWN",
            404,
            "not_found",
        ),
        (
            Method::GET,
            "/v1/operator/events/%00%ff%2F..",
            400,
            "bad_request",
        ),
        (
            Method::POST,
            "/v1/operator/events/Ev0UNKNOWN/replay",
            404,
            "not_found",
        ),
        (
            Method::POST,
            "/v1/operator/posts/unknown/resend",
            404,
            "not_found",
        ),
        (
            Method::DELETE,
            "/v1/operator/events",
            405,
            "method_not_allowed",
        ),
        (Method::GET, "/operator/elsewhere", 404, "not_found"),
        (
            Method::GET,
            "/v1/operator/events?since=-9223372036854775808",
            400,
            "bad_request",
        ),
        (
            Method::GET,
            "/v1/operator/events?until=9223372036854775807",
            400,
            "bad_request",
        ),
    ] {
        let answer = product.operator(method, path).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {answer:?}");
        is_error(&answer, code);
    }
}

/// A body that is no JSON is parked, and shown as far as it holds no secret.
#[tokio::test]
async fn a_body_that_cannot_be_read_is_shown_without_credentials() {
    let product = Product::start().await;
    let body = br#"{"token":"sesame","event":{"text":"xoxp-1-sesame","response_url":"https:\/\/a.example\/sesame"#;
    let headers = signed("application/json", body);
    let id = request_id(&headers);
    product.send("/slack/events", headers, body.to_vec()).await;
    let shown = product.settled(&id).await;
    assert_eq!(shown["state"], "parked", "{shown}");
    let text = r#"{"token":"(hidden)","event":{"text":"(hidden)","response_url":"(hidden)"#;
    assert_eq!(shown["body"], text);
    assert!(!shown.to_string().contains("sesame"), "{shown}");
}

#[tokio::test]
async fn what_is_shown_has_no_credentials() {
    let product = Product::start().await;
    let url = product.response_url().await;
    let command = form(&[
        ("token", "sesame-token"),
        ("command", "/other"),
        ("text", "what was typed"),
        ("team_id", TENANT),
        ("response_url", &url),
        ("trigger_id", "sesame-trigger"),
    ]);
    let payload = json!({"type": "view_submission", "token": "sesame-token", "team": {"id": TENANT},
        "trigger_id": "sesame-trigger", "response_urls": [{"response_url": url}],
        "bot_access_token": "sesame-token", "interactivity": {"interactor": {"secret": "sesame"}},
        "view": {"private_metadata": json!({"refreshToken": "sesame", "form": "kept"}).to_string(), "hash": "1.kept"},
        "actions": [{"response_url": url, "value": "kept"}]});
    let interaction = form(&[("payload", &payload.to_string())]);
    let words = "use xoxb-1-sesame at <https://hooks.slack.com/services/T0/sesame>, please";
    let mut event = message("C0GENERAL01", words);
    event["token"] = json!("sesame-token");
    product.event(&event).await;
    let mut shown = vec![product.settled(id(&event)).await];
    for (path, body) in [
        ("/slack/commands", command),
        ("/slack/interactions", interaction),
    ] {
        let headers = signed(FORM, &body);
        let id = request_id(&headers);
        assert_eq!(
            product.send(path, headers, body).await.status,
            StatusCode::OK
        );
        shown.push(product.settled(&id).await);
    }
    for event in &shown {
        assert_eq!(event["state"], "done", "{event}");
        let text = event.to_string();
        assert!(text.contains("(hidden)"), "{text}");
        for secret in ["sesame", url.as_str(), "/response/"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    assert_eq!(shown[1]["body"]["text"], "what was typed");
    let payload = &shown[2]["body"]["payload"];
    assert_eq!(payload["actions"][0]["value"], "kept");
    assert_eq!(payload["view"]["hash"], "1.kept");
    let metadata: Value =
        serde_json::from_str(payload["view"]["private_metadata"].as_str().unwrap()).unwrap();
    assert_eq!(
        metadata,
        json!({"refreshToken": "(hidden)", "form": "kept"})
    );
    let words = "use (hidden) at <https://hooks.slack.com/(hidden)>, please";
    assert_eq!(shown[0]["body"]["event"]["text"], words);
}

async fn ask(product: &Product, method: Method, path: &str, key: Option<&str>) -> Answer {
    let mut headers = HeaderMap::new();
    if let Some(key) = key {
        headers.insert("authorization", HeaderValue::from_str(key).unwrap());
    }
    let url = format!("{}{path}", product.url);
    let request = product.http.request(method, url).headers(headers);
    let response = request.send().await.unwrap();
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body: response.text().await.unwrap(),
    }
}

fn is_error(answer: &Answer, code: &str) {
    let body = answer.json();
    assert_eq!(
        (&body["ok"], &body["error"]["code"]),
        (&json!(false), &json!(code))
    );
    assert!(!body["error"]["message"].as_str().unwrap().is_empty());
    assert!(!body["error"]["request_id"].as_str().unwrap().is_empty());
}

fn ids(list: &Value) -> Vec<&str> {
    list["events"].as_array().unwrap().iter().map(id).collect()
}
