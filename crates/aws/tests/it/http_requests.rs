//! HTTP events of payload format 2.0, and the answers.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use tidegate_aws::lambda::answer_http;

fn event(body: Option<&str>, is_base64_encoded: bool) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "POST /slack/events",
        "rawPath": "/slack/events",
        "rawQueryString": "a=1&b=%C3%A9",
        "headers": {
            "content-type": "application/json",
            "host": "abc123.execute-api.us-east-1.amazonaws.com",
            "x-forwarded-proto": "https",
            "x-slack-request-timestamp": "1700000000",
            "x-slack-signature": "v0=00,v0=11",
            "x-odd": "h\u{e9}",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": "abc123.execute-api.us-east-1.amazonaws.com",
            "http": {
                "method": "POST",
                "path": "/slack/events",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "Slackbot 1.0",
            },
            "requestId": "id=",
            "routeKey": "POST /slack/events",
            "stage": "$default",
            "time": "12/Mar/2024:19:03:58 +0000",
            "timeEpoch": 1_710_270_238_000_i64,
        },
        "body": body,
        "isBase64Encoded": is_base64_encoded,
    })
}

/// What the handler got, and what it answered through the adapter.
async fn through(
    event: &Value,
    answer: Response<&'static [u8]>,
) -> (Option<Request<Bytes>>, Value) {
    let seen = Arc::new(Mutex::new(None));
    let handler = Arc::new({
        let (seen, answer) = (Arc::clone(&seen), answer.map(Bytes::from_static));
        move |request: Request<Bytes>| {
            *seen.lock().unwrap() = Some(request);
            std::future::ready(answer.clone())
        }
    });
    let answer = answer_http(&handler, &event.to_string()).await;
    (
        seen.lock().unwrap().take(),
        serde_json::to_value(answer).unwrap(),
    )
}

#[tokio::test]
async fn the_handler_gets_path_headers_and_raw_bytes() {
    let text = "{\"a\": \"é \\u00e9 🌊\",\r\n \"b\": 1}";
    let (request, answer) = through(&event(Some(text), false), Response::new(b"ok")).await;
    let request = request.unwrap();
    assert_eq!(
        (request.method().as_str(), request.uri().path()),
        ("POST", "/slack/events")
    );
    assert_eq!(request.uri().query(), Some("a=1&b=%C3%A9"));
    assert_eq!(request.headers()["x-slack-signature"], "v0=00,v0=11");
    assert_eq!(
        request.headers()["x-odd"].as_bytes(),
        "hé".as_bytes(),
        "left to the signature check"
    );
    assert_eq!(request.body(), text.as_bytes());
    insta::assert_json_snapshot!(answer, @r#"
    {
      "body": "ok",
      "cookies": [],
      "headers": {},
      "isBase64Encoded": false,
      "multiValueHeaders": {},
      "statusCode": 200
    }
    "#);
}

#[tokio::test]
async fn cookies_come_and_go_in_a_place_of_their_own() {
    let mut event = event(None, false);
    event["cookies"] = json!(["__Host-a=1", "__Host-b=2"]);
    let mut sets = Response::new(b"".as_slice());
    for cookie in ["__Host-a=; Max-Age=0", "__Host-c=3; Secure"] {
        let cookie = http::HeaderValue::from_static(cookie);
        sets.headers_mut().append("set-cookie", cookie);
    }
    let (request, answer) = through(&event, sets).await;
    assert_eq!(
        request.unwrap().headers()["cookie"],
        "__Host-a=1; __Host-b=2"
    );
    assert_eq!(
        answer["cookies"],
        json!(["__Host-a=; Max-Age=0", "__Host-c=3; Secure"])
    );
    assert_eq!(answer["headers"], json!({}));
}

#[tokio::test]
async fn base64_bodies_arrive_as_their_bytes() {
    use base64::Engine as _;
    let bytes: Vec<u8> = (0..=u8::MAX).collect();
    let encoded = base64::prelude::BASE64_STANDARD.encode(&bytes);
    let (request, _) = through(&event(Some(&encoded), true), Response::new(b"")).await;
    assert_eq!(request.unwrap().body().as_ref(), bytes);
    let (request, _) = through(&event(None, false), Response::new(b"")).await;
    assert!(request.unwrap().body().is_empty());
}

/// HTTP APIs deliver the path decoded, Function URLs as the client sent it.
#[tokio::test]
async fn a_path_comes_encoded_however_it_was_delivered() {
    for (delivered, path) in [
        ("/v1/keys/a b", "/v1/keys/a%20b"),
        ("/v1/keys/a%20b", "/v1/keys/a%20b"),
        ("/v1/keys/h\u{e9}", "/v1/keys/h%C3%A9"),
        ("/v1/keys/100%", "/v1/keys/100%25"),
        ("/v1/keys/a%zz", "/v1/keys/a%25zz"),
        // An HTTP API leaves `%25` as it is, so this is the id `a%41` and not `aA`.
        ("/v1/keys/a%2541", "/v1/keys/a%2541"),
        ("/v1/keys/\u{1}\"<>", "/v1/keys/%01%22%3C%3E"),
        // Otherwise somebody else's query would be read.
        ("/v1/me?tenant=T2", "/v1/me%3Ftenant=T2"),
        ("/v1/me#top", "/v1/me%23top"),
        ("/v1/a+b&c=d;e,f!$'()*:@~", "/v1/a+b&c=d;e,f!$'()*:@~"),
    ] {
        let mut event = event(None, false);
        event["rawPath"] = delivered.into();
        let (request, _) = through(&event, Response::new(b"")).await;
        let request = request.unwrap();
        assert_eq!(request.uri().path(), path, "{delivered}");
        assert_eq!(request.uri().query(), Some("a=1&b=%C3%A9"));
    }
}

#[tokio::test]
async fn what_no_client_can_have_sent_is_400() {
    let unreadable = [
        event(Some("no base64!"), true),
        event(Some("YQ"), true),
        json!({"source": "aws.events"}),
    ];
    for event in unreadable {
        let (request, answer) = through(&event, Response::new(b"never")).await;
        assert!(request.is_none(), "{event}");
        assert_eq!(
            (&answer["statusCode"], &answer["body"]),
            (&json!(400), &json!("the request cannot be read\n"))
        );
    }
}

#[tokio::test]
async fn a_handler_that_panics_is_500() {
    let handler = Arc::new(|request: Request<Bytes>| async move {
        assert!(request.body().is_empty(), "a secret text");
        Response::new(Bytes::new())
    });
    let answer = answer_http(&handler, &event(Some("{}"), false).to_string()).await;
    assert_eq!(answer.status_code, 500);
    assert!(!serde_json::to_string(&answer).unwrap().contains("secret"));
    assert_eq!(
        answer_http(&handler, &event(None, false).to_string())
            .await
            .status_code,
        200
    );
}

#[tokio::test]
async fn bytes_that_are_no_text_are_answered_in_base64() {
    let (_, answer) = through(&event(None, false), Response::new(&[0xff, 0xfe])).await;
    assert_eq!(
        (&answer["isBase64Encoded"], &answer["body"]),
        (&json!(true), &json!("//4="))
    );
}
