//! Slash commands: the form, the immediate answer, and that nothing is sent twice.

use serde_json::json;
use tidegate_fake_slack::FakeConfig;

use crate::app::{App, Reply, impatient};

#[tokio::test]
async fn a_command_has_every_field_and_its_text_answer_is_ephemeral() {
    let app = App::replying([Reply::Answer(200, "pong")]);
    let sandbox = app.sandbox().await;
    let report = sandbox
        .fake
        .run_command(
            "U0ALICE0001",
            "C0INCIDENT1",
            "/tidegate",
            "ping payload=1 &",
        )
        .await;
    assert!(report.ok);
    let received = app.received();
    assert_eq!(received[0].path, "/slack/commands");
    for (name, value) in [
        ("team_id", "T0SANDBOX1"),
        ("team_domain", "sandbox"),
        ("channel_id", "C0INCIDENT1"),
        ("channel_name", "incidents"),
        ("user_id", "U0ALICE0001"),
        ("user_name", "alice"),
        ("command", "/tidegate"),
        ("text", "ping payload=1 &"),
        ("api_app_id", "A0TIDEGATE1"),
    ] {
        assert_eq!(received[0].field(name).as_deref(), Some(value), "{name}");
    }
    assert!(
        received[0]
            .field("response_url")
            .unwrap()
            .starts_with(&format!("{}/response/T0SANDBOX1/", sandbox.url))
    );
    assert!(received[0].field("trigger_id").is_some() && received[0].field("token").is_some());
    let shown = sandbox.fake.ephemerals();
    assert_eq!(
        (shown[0].text.as_str(), shown[0].user.as_str()),
        ("pong", "U0ALICE0001")
    );
}

#[tokio::test]
async fn a_json_answer_can_be_for_all() {
    let app = App::replying([Reply::Answer(
        200,
        r#"{"response_type":"in_channel","text":"to all"}"#,
    )]);
    let sandbox = app.sandbox().await;
    let typed = json!({ "user": "U0ALICE0001", "channel": "C0GENERAL01", "command": "/tidegate", "text": "say" });
    sandbox.control("command", typed).await;
    assert_eq!(sandbox.fake.messages("C0GENERAL01")[0].text, "to all");
    assert!(sandbox.fake.ephemerals().is_empty());
}

#[tokio::test]
async fn a_failed_command_is_not_sent_again_and_the_user_is_told() {
    let cases = [
        (
            Reply::Answer(500, ""),
            FakeConfig::default(),
            "dispatch_failed",
        ),
        (Reply::Hang, impatient(), "operation_timeout"),
    ];
    for (reply, config, reason) in cases {
        let app = App::replying([reply]);
        let sandbox = app.sandbox_with(config).await;
        let report = sandbox
            .fake
            .run_command("U0ALICE0001", "C0GENERAL01", "/tidegate", "ping")
            .await;
        assert_eq!(
            (report.ok, report.attempts.len(), app.received().len()),
            (false, 1, 1)
        );
        let shown = &sandbox.fake.ephemerals()[0];
        assert!(shown.from_slack && shown.text.contains(reason), "{shown:?}");
    }
}
