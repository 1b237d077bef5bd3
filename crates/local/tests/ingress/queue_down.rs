//! The queue is down or slow: no event is acknowledged, and people are told in words.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use tidegate_ingress::Ingress;
use tidegate_ingress::signing::SigningKeys;
use tidegate_pipeline::clock::SystemClock;
use tidegate_pipeline::queue::{Outgoing, Queue, QueueError, Received};
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_testing::product::{FORM, SIGNING_SECRET, TENANT, form, message, signed};
use tokio::time::Instant;

/// Slack gives up after three seconds, the way there and back included.
const IN_TIME: Duration = Duration::from_millis(2500);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Down {
    Refuses,
    Hangs,
}

struct DownQueue(Down);

#[async_trait]
impl Queue for DownQueue {
    async fn send(&self, _message: Outgoing) -> Result<(), QueueError> {
        match self.0 {
            Down::Refuses => Err(QueueError::Unavailable("it is down".to_owned())),
            Down::Hangs => std::future::pending().await,
        }
    }

    async fn receive(&self, _max: usize, _wait: Duration) -> Result<Vec<Received>, QueueError> {
        Ok(Vec::new())
    }

    async fn delete(&self, _receipts: Vec<String>) -> Result<(), QueueError> {
        Ok(())
    }

    async fn hide(&self, _receipt: &str, _duration: Duration) -> Result<(), QueueError> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_is_not_acknowledged_and_slack_sends_it_again() {
    for down in [Down::Refuses, Down::Hangs] {
        let event = message("C0GENERAL01", "hello").to_string().into_bytes();
        let answer = sent(down, "/slack/events", "application/json", event).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{down:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_typed_a_command_or_pressed_a_button_is_told() {
    let command = form(&[
        ("command", "/tidegate"),
        ("text", "ping"),
        ("team_id", TENANT),
    ]);
    let pressed = json!({"type": "block_actions", "team": {"id": TENANT}}).to_string();
    for down in [Down::Refuses, Down::Hangs] {
        for (path, body) in [
            ("/slack/commands", command.clone()),
            ("/slack/interactions", form(&[("payload", &pressed)])),
        ] {
            let answer = sent(down, path, FORM, body).await;
            assert_eq!(answer.status(), StatusCode::OK, "{down:?} {path}");
            let content_type = answer.headers()["content-type"].to_str().unwrap();
            assert!(content_type.starts_with("text/plain"), "{content_type}");
            let text = std::str::from_utf8(answer.body()).unwrap();
            assert!(
                text.contains("nothing has happened") && text.contains("try again"),
                "{text}"
            );
        }
    }
}

/// A modal shows an answer only as an error at one of its fields.
#[tokio::test(start_paused = true)]
async fn whoever_sent_a_modal_is_told_at_its_first_field() {
    let submitted = json!({"type": "view_submission", "team": {"id": TENANT},
        "view": {"state": {"values": {"title": {"text": {"value": "x"}}}}}});
    for down in [Down::Refuses, Down::Hangs] {
        let body = form(&[("payload", &submitted.to_string())]);
        let answer = sent(down, "/slack/interactions", FORM, body).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(body["response_action"], "errors");
        assert!(
            body["errors"]["title"]
                .as_str()
                .unwrap()
                .contains("try again"),
            "{body}"
        );
    }
}

/// Requests that need no queue are answered all the same.
#[tokio::test(start_paused = true)]
async fn a_challenge_is_answered_while_the_queue_is_down() {
    let challenge = json!({"type": "url_verification", "challenge": "3eZbrw1aB"}).to_string();
    let answer = sent(
        Down::Hangs,
        "/slack/events",
        "application/json",
        challenge.into(),
    )
    .await;
    assert_eq!(
        (answer.status(), &answer.body()[..]),
        (StatusCode::OK, b"3eZbrw1aB".as_slice())
    );
}

async fn sent(down: Down, path: &str, content_type: &str, body: Vec<u8>) -> Response<Bytes> {
    let secret = FixedSecret(SecretString::from(SIGNING_SECRET));
    let ingress = Ingress {
        keys: SigningKeys::new(Arc::new(secret), "SLACK_SIGNING_SECRET"),
        events: Arc::new(DownQueue(down)),
        commands: Arc::new(DownQueue(down)),
        clock: Arc::new(SystemClock),
    };
    let mut request = Request::post(path).body(Bytes::from(body.clone())).unwrap();
    *request.headers_mut() = signed(content_type, &body);
    let began = Instant::now();
    let answer = ingress.handle(request).await;
    assert!(began.elapsed() < IN_TIME, "{:?}", began.elapsed());
    answer
}
