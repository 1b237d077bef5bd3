//! Events to the app: the envelope, the pair a mention makes, retries, and the bot's own posts.

use serde_json::json;
use tidegate_fake_slack::FakeConfig;

use crate::app::{App, Reply, impatient};
use crate::fakes::{START, sandbox};

#[tokio::test]
async fn a_message_is_sent_signed_in_a_whole_envelope() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let report = sandbox
        .fake
        .post_as_user("U0ALICE0001", "C0GENERAL01", "hi", None)
        .await;
    assert!(report.ok, "{report:?}");
    let received = app.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].path, "/slack/events");
    assert_eq!(received[0].header("x-slack-retry-num"), None);
    let mut envelope = received[0].json();
    let unique = envelope["event_id"].take();
    assert!(unique.as_str().unwrap().starts_with("Ev"));
    assert_eq!(envelope["type"], "event_callback");
    assert_eq!(envelope["team_id"], "T0SANDBOX1");
    assert_eq!(envelope["event_time"], START.as_secs());
    assert_eq!(envelope["is_ext_shared_channel"], false);
    assert_eq!(envelope["authorizations"].as_array().unwrap().len(), 1);
    assert!(envelope["token"].is_string() && envelope["event_context"].is_string());
    let event = &envelope["event"];
    assert_eq!(
        (&event["type"], &event["text"], &event["user"]),
        (&json!("message"), &json!("hi"), &json!("U0ALICE0001"))
    );
    assert_eq!(event["ts"].as_str(), report.ts.as_deref());
    assert_eq!(
        (&event["channel_type"], &event["ts"]),
        (&json!("channel"), &event["event_ts"])
    );
}

#[tokio::test]
async fn a_mention_sends_a_message_and_an_app_mention_about_one_ts() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let report = sandbox
        .fake
        .post_as_user("U0BOB000001", "C0RANDOM001", "<@U0TIDEGATE1> hi", None)
        .await;
    let envelopes: Vec<_> = app
        .received()
        .iter()
        .map(crate::app::Received::json)
        .collect();
    let mut kinds: Vec<_> = envelopes
        .iter()
        .map(|envelope| envelope["event"]["type"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["app_mention", "message"]);
    assert_eq!(envelopes[0]["event"]["ts"], envelopes[1]["event"]["ts"]);
    assert_ne!(envelopes[0]["event_id"], envelopes[1]["event_id"]);
    assert_eq!(report.attempts.len(), 2);
}

#[tokio::test]
async fn a_failing_event_is_retried_three_times_on_slacks_schedule() {
    let app = App::replying([
        Reply::Answer(500, "a"),
        Reply::Answer(404, ""),
        Reply::Answer(302, ""),
        Reply::Answer(503, ""),
    ]);
    let sandbox = app.sandbox().await;
    let report = sandbox
        .fake
        .send_event(json!({ "type": "team_join" }))
        .await;
    assert!(!report.ok);
    let statuses: Vec<_> = report
        .attempts
        .iter()
        .map(|attempt| attempt.status)
        .collect();
    assert_eq!(statuses, [Some(500), Some(404), Some(302), Some(503)]);
    assert_eq!(report.attempts[0].body, "a");
    let received = app.received();
    let numbers: Vec<_> = received
        .iter()
        .map(|request| request.header("x-slack-retry-num"))
        .collect();
    assert_eq!(numbers, [None, Some("1"), Some("2"), Some("3")]);
    assert!(
        received[1..]
            .iter()
            .all(|request| request.header("x-slack-retry-reason") == Some("http_error"))
    );
    assert!(
        received
            .iter()
            .all(|request| request.body == received[0].body),
        "a retry is the same event"
    );
    let sent_at: Vec<u64> = report
        .attempts
        .iter()
        .map(|attempt| attempt.at_ms / 1000 - START.as_secs())
        .collect();
    assert_eq!(sent_at, [0, 0, 60, 360]);
}

#[tokio::test]
async fn a_retry_that_succeeds_is_the_last() {
    let app = App::replying([Reply::Hang]);
    let sandbox = app.sandbox_with(impatient()).await;
    let report = sandbox
        .fake
        .send_event(json!({ "type": "team_join" }))
        .await;
    assert!(report.ok);
    assert_eq!(report.attempts[0].error.as_deref(), Some("http_timeout"));
    assert_eq!(
        app.received()[1].header("x-slack-retry-reason"),
        Some("http_timeout")
    );
    assert_eq!(app.received().len(), report.attempts.len());
}

#[tokio::test]
async fn an_app_can_refuse_retries_but_not_on_a_200() {
    let app = App::replying([Reply::NoRetry(500)]);
    let sandbox = app.sandbox().await;
    assert_eq!(
        sandbox
            .fake
            .send_event(json!({ "type": "team_join" }))
            .await
            .attempts
            .len(),
        1
    );
}

#[tokio::test]
async fn an_app_that_is_not_there_is_a_failed_connection() {
    let sandbox = sandbox().await;
    let report = sandbox
        .fake
        .send_event(json!({ "type": "team_join" }))
        .await;
    assert_eq!(report.error.as_deref(), Some("no_app_url"));
    sandbox.fake.set_app_url("http://127.0.0.1:1");
    let report = sandbox
        .fake
        .send_event(json!({ "type": "team_join" }))
        .await;
    assert_eq!(report.attempts.len(), 4);
    assert!(
        report
            .attempts
            .iter()
            .all(|attempt| attempt.error.as_deref() == Some("connection_failed"))
    );
}

#[tokio::test]
async fn the_bots_own_posts_come_back_unless_switched_off() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    sandbox
        .call(
            "chat.postMessage",
            json!({ "channel": "C0GENERAL01", "text": "me" }),
        )
        .await;
    let received = app.received_in_time(1).await;
    assert_eq!(received[0].json()["event"]["bot_id"], "B0TIDEGATE1");

    let quiet = App::default();
    let sandbox = quiet
        .sandbox_with(FakeConfig {
            echo_bot_messages: false,
            ..FakeConfig::default()
        })
        .await;
    sandbox
        .call(
            "chat.postMessage",
            json!({ "channel": "C0GENERAL01", "text": "me" }),
        )
        .await;
    sandbox
        .fake
        .send_event(json!({ "type": "team_join" }))
        .await;
    assert_eq!(quiet.received().len(), 1);
}

#[tokio::test]
async fn users_post_and_events_are_sent_over_http_too() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let post = json!({ "user": "U9NEW", "channel": "C9LOADTEST", "text": "hi", "thread_ts": null });
    let report: serde_json::Value = sandbox.control("post", post).await.json().await.unwrap();
    assert_eq!(
        (&report["ok"], &report["attempts"][0]["status"]),
        (&json!(true), &json!(200))
    );
    let sent = sandbox
        .control("event", json!({ "event": { "type": "reaction_added" } }))
        .await;
    assert_eq!(sent.status(), 200);
    assert_eq!(sandbox.fake.messages("C9LOADTEST").len(), 1);
    assert_eq!(
        sandbox
            .control("event", json!({ "event": 1 }))
            .await
            .status(),
        400
    );
}

#[tokio::test]
async fn unknown_channels_are_refused_when_none_are_made() {
    let app = App::default();
    let sandbox = app
        .sandbox_with(FakeConfig {
            auto_channels: false,
            ..FakeConfig::default()
        })
        .await;
    let report = sandbox
        .fake
        .post_as_user("U0ALICE0001", "C9LOADTEST", "hi", None)
        .await;
    assert_eq!(report.error.as_deref(), Some("channel_not_found"));
    assert_eq!(
        sandbox
            .error(
                "chat.postMessage",
                json!({ "channel": "C9LOADTEST", "text": "x" })
            )
            .await,
        "channel_not_found"
    );
    assert!(app.received().is_empty());
}
