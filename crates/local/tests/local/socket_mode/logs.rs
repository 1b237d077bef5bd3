//! No token, ticket, `response_url` or message text in the log or the metrics of Socket Mode, at any level.

use axum::extract::ws::Message;
use serde_json::json;
use tidegate_testing::product::{mention, until};
use tidegate_testing::tidegate;

use super::line::{Line, command, envelope};

const SESAME: &str = "sesame";

#[tokio::test]
async fn nothing_that_is_secret_shows() {
    let line = Line::start().await;
    let api = format!("{}/api", line.url);
    let settings = [
        ("SLACK_APP_TOKEN", "xapp-sesame"),
        ("SLACK_BOT_TOKEN", "xoxb-sesame"),
        ("SLACK_API_BASE_URL", &api),
        ("TIDEGATE_LOG_LEVEL", "trace"),
    ];
    // The ticket of the connection has the word in it too.
    let process = tidegate!().start(&[], &settings).await;
    let mut wire = line.greet().await;
    for garbage in ["sesame", "[\"sesame\"]", "{\"type\":\"sesame\"}"] {
        wire.send(Message::Text(garbage.into())).await;
    }
    let event = mention("C0GENERAL01", "sesame, are you there?");
    wire.say(&envelope("one", "events_api", &event)).await;
    assert_eq!(wire.ack().await["envelope_id"], "one");
    let typed = command("sesame", "1.sesame", "https://hooks.slack.com/sesame");
    wire.say(&envelope("two", "slash_commands", &typed)).await;
    assert_eq!(wire.ack().await["envelope_id"], "two");
    process.settled(event["event_id"].as_str().unwrap()).await;
    wire.say(&json!({"envelope_id": "three", "type": "sesame", "payload": "sesame"}))
        .await;
    assert_eq!(wire.ack().await["envelope_id"], "three");
    wire.say(
        &json!({"type": "disconnect", "reason": "link_disabled", "debug_info": {"host": "sesame"}}),
    )
    .await;
    until("the log says what to do", async || {
        process.stderr().contains("switched off").then_some(())
    })
    .await;
    let metrics = until("it counts as gone", async || {
        let asked = process.http.get(format!("{}/metrics", process.url));
        let metrics = asked.send().await.unwrap().text().await.unwrap();
        metrics.contains("socket_connections 0").then_some(metrics)
    })
    .await;
    assert!(
        metrics.contains(r#"socket_envelopes_total{route="events",outcome="queued"} 2"#),
        "{metrics}"
    );
    let (printed, log) = (process.stdout(), process.stderr());
    assert!(log.contains("socket mode: connected"), "{log}");
    assert!(printed.contains("Socket Mode"), "{printed}");
    for shown in [printed, log, metrics] {
        assert!(!shown.contains(SESAME), "{shown}");
    }
}
