//! Response URLs: five uses, thirty minutes, who sees the answer, and what replaces what.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::App;
use crate::fakes::Sandbox;

async fn after_command() -> (Sandbox, String) {
    let app = App::default();
    let sandbox = app.sandbox().await;
    sandbox
        .fake
        .run_command("U0ALICE0001", "C0GENERAL01", "/tidegate", "x")
        .await;
    let url = app.received()[0].field("response_url").unwrap();
    (sandbox, url)
}

/// Presses a button and gives the response URL that the app got with it.
async fn after_button(app: &App, sandbox: &Sandbox, ts: &Value) -> String {
    let payload = json!({
        "type": "block_actions",
        "user": { "id": "U0ALICE0001" },
        "channel": { "id": "C0GENERAL01" },
        "container": { "type": "message", "message_ts": ts },
        "actions": [{ "type": "button", "action_id": "go" }],
    });
    let report = sandbox.fake.send_interaction(payload).await;
    assert!(report.ok);
    let received = app
        .received()
        .into_iter()
        .rfind(|request| request.path == "/slack/interactions")
        .unwrap();
    let payload: Value = serde_json::from_str(&received.field("payload").unwrap()).unwrap();
    assert_eq!(payload["container"]["message_ts"], *ts);
    assert!(payload["trigger_id"].is_string() && payload["team"]["id"] == "T0SANDBOX1");
    payload["response_url"].as_str().unwrap().to_owned()
}

async fn answer(sandbox: &Sandbox, url: &str, body: Value) -> (u16, String) {
    let answer = sandbox.http.post(url).json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn it_works_five_times() {
    let (sandbox, url) = after_command().await;
    for _ in 0..5 {
        assert_eq!(
            answer(&sandbox, &url, json!({ "text": "x" })).await,
            (200, "ok".to_owned())
        );
    }
    assert_eq!(
        answer(&sandbox, &url, json!({ "text": "x" })).await,
        (404, "used_url".to_owned())
    );
    assert_eq!(sandbox.fake.ephemerals().len(), 5);
    let outcomes: Vec<_> = sandbox
        .fake
        .calls()
        .into_iter()
        .map(|call| (call.method, call.outcome))
        .collect();
    assert_eq!(
        outcomes[5],
        ("response_url".to_owned(), "used_url".to_owned())
    );
}

#[tokio::test]
async fn it_expires_after_thirty_minutes() {
    let (sandbox, url) = after_command().await;
    sandbox.clock.advance(Duration::from_mins(30));
    assert_eq!(
        answer(&sandbox, &url, json!({ "text": "x" })).await,
        (404, "expired_url".to_owned())
    );
}

#[tokio::test]
async fn a_wrong_secret_and_an_empty_answer_are_refused() {
    let (sandbox, url) = after_command().await;
    let (stem, _) = url.rsplit_once('/').unwrap();
    assert_eq!(
        answer(&sandbox, &format!("{stem}/guess"), json!({ "text": "x" }))
            .await
            .0,
        404
    );
    assert_eq!(
        answer(&sandbox, &url, json!({})).await,
        (400, "no_text".to_owned())
    );
}

#[tokio::test]
async fn an_answer_can_be_for_all() {
    let (sandbox, url) = after_command().await;
    answer(
        &sandbox,
        &url,
        json!({ "text": "to all", "response_type": "in_channel" }),
    )
    .await;
    assert_eq!(sandbox.fake.messages("C0GENERAL01")[0].text, "to all");
}

#[tokio::test]
async fn a_buttons_message_can_be_replaced_and_deleted() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let post = sandbox
        .call(
            "chat.postMessage",
            json!({ "channel": "C0GENERAL01", "text": "old" }),
        )
        .await;
    let url = after_button(&app, &sandbox, &post["ts"]).await;
    answer(
        &sandbox,
        &url,
        json!({ "text": "new", "replace_original": true }),
    )
    .await;
    assert_eq!(sandbox.fake.messages("C0GENERAL01")[0].text, "new");
    answer(&sandbox, &url, json!({ "delete_original": true })).await;
    assert!(sandbox.fake.messages("C0GENERAL01").is_empty());
}

#[tokio::test]
async fn an_ephemeral_stays_ephemeral_when_replaced() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let args = json!({ "channel": "C0GENERAL01", "user": "U0ALICE0001", "text": "old" });
    let shown = sandbox.call("chat.postEphemeral", args).await;
    let url = after_button(&app, &sandbox, &shown["message_ts"]).await;
    let body = json!({ "text": "new", "replace_original": true, "response_type": "in_channel" });
    answer(&sandbox, &url, body).await;
    assert_eq!(sandbox.fake.ephemerals()[0].text, "new");
    assert!(sandbox.fake.messages("C0GENERAL01").is_empty());
}

#[tokio::test]
async fn faults_meet_response_urls_too() {
    let (sandbox, url) = after_command().await;
    sandbox
        .control(
            "faults",
            json!({ "method": "response_url", "kind": "http_500", "applies": true }),
        )
        .await;
    assert_eq!(answer(&sandbox, &url, json!({ "text": "x" })).await.0, 500);
    assert_eq!(sandbox.fake.ephemerals().len(), 1);
    assert_eq!(sandbox.fake.calls()[0].outcome, "http_500_applied");
}
