//! Several workspaces side by side: what a token reaches, and whom an event is for.

use serde_json::{Value, json};
use tidegate_fake_slack::TokenKind;

use crate::app::App;
use crate::fakes::sandbox;
use crate::oauth::text;

#[tokio::test]
async fn a_token_reaches_its_own_workspace_only() {
    let sandbox = sandbox().await;
    let acme = text(
        &sandbox.install("T0ACME00001", "chat:write", "").await,
        "/access_token",
    );
    let post = |channel: &str| json!({ "channel": channel, "text": "x" });
    let own = sandbox
        .call_as(&acme, "chat.postMessage", post("#general"))
        .await;
    assert_eq!(own["channel"], "C0ACME00001");
    for method in [
        "chat.postMessage",
        "conversations.history",
        "conversations.info",
        "chat.update",
    ] {
        let answer = sandbox.call_as(&acme, method, post("C0GENERAL01")).await;
        assert_eq!(answer["error"], "channel_not_found", "{method}");
        assert_eq!(
            sandbox.error(method, post("C0ACME00001")).await,
            "channel_not_found",
            "{method}"
        );
    }
    let user = json!({ "user": "U0BOB000001" });
    assert_eq!(
        sandbox.call_as(&acme, "users.info", user).await["error"],
        "user_not_found"
    );
    let listed = sandbox
        .call_as(&acme, "conversations.list", json!({}))
        .await;
    assert_eq!(listed["channels"].as_array().unwrap().len(), 1);
    let made = sandbox
        .call_as(&acme, "chat.postMessage", post("C9NEW"))
        .await;
    assert_eq!(made["ok"], true, "a channel made on demand is the caller's");
    assert_eq!(
        sandbox.error("chat.postMessage", post("C9NEW")).await,
        "channel_not_found"
    );
    assert_eq!(
        sandbox.call_as(&acme, "team.info", json!({})).await["team"]["name"],
        "Acme"
    );
}

#[tokio::test]
async fn calls_and_messages_say_whose_token_it_was_and_never_which() {
    let sandbox = sandbox().await;
    let acme = sandbox
        .install("T0ACME00001", "chat:write", "chat:write")
        .await;
    let org = sandbox.install_org("chat:write", "").await;
    for (token, channel) in [
        (text(&acme, "/access_token"), "C0ACME00001"),
        (text(&acme, "/authed_user/access_token"), "C0ACME00001"),
        (text(&org, "/access_token"), "C0UMBRELLA2"),
    ] {
        let posted = sandbox
            .call_as(
                &token,
                "chat.postMessage",
                json!({ "channel": channel, "text": "x" }),
            )
            .await;
        assert_eq!(posted["ok"], true, "{posted}");
    }
    let calls = sandbox.fake.calls();
    let signed: Vec<_> = calls[2..]
        .iter()
        .map(|call| {
            (
                call.team.as_deref(),
                call.enterprise.as_deref(),
                call.token_kind,
            )
        })
        .collect();
    assert_eq!(
        signed,
        [
            (Some("T0ACME00001"), None, Some(TokenKind::Bot)),
            (Some("T0ACME00001"), None, Some(TokenKind::User)),
            (None, Some("E0UMBRELLA1"), Some(TokenKind::Bot)),
        ]
    );
    let messages = sandbox.look("messages?channel=C0ACME00001").await;
    assert_eq!(
        (
            &messages[1]["team"],
            &messages[1]["token_kind"],
            &messages[1]["user"]
        ),
        (&json!("T0ACME00001"), &json!("user"), &json!("U0ALICE0001"))
    );
    assert!(!sandbox.look("calls").await.to_string().contains("xox"));
}

#[tokio::test]
async fn an_org_wide_token_names_the_workspace_it_lists() {
    let sandbox = sandbox().await;
    let org = text(
        &sandbox.install_org("channels:read", "").await,
        "/access_token",
    );
    let list = |args| sandbox.call_as(&org, "conversations.list", args);
    assert_eq!(list(json!({})).await["error"], "missing_argument");
    assert_eq!(
        list(json!({ "team_id": "T0ACME00001" })).await["error"],
        "team_access_not_granted"
    );
    let listed = list(json!({ "team_id": "T0UMBRELLA2" })).await;
    assert_eq!(listed["channels"][0]["id"], "C0UMBRELLA2");
}

async fn envelopes(app: &App) -> Vec<Value> {
    let received = app.received_in_time(1).await;
    received.iter().map(crate::app::Received::json).collect()
}

#[tokio::test]
async fn an_event_names_the_installation_it_is_for() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    sandbox
        .fake
        .post_as_user("U0ACME00001", "C0ACME00001", "hi", None)
        .await;
    sandbox.install_org("chat:write", "").await;
    sandbox
        .fake
        .post_as_user("U0UMBRELLA2", "C0UMBRELLA2", "hi <@UB0UMBRELLA1>", None)
        .await;
    let sent = envelopes(&app).await;
    assert_eq!(
        sent[0]["authorizations"][0],
        json!({ "enterprise_id": null, "team_id": "T0ACME00001", "user_id": "UB0ACME00001", "is_bot": true, "is_enterprise_install": false })
    );
    assert_eq!(
        (&sent[0]["team_id"], &sent[0]["event"]["team"]),
        (&json!("T0ACME00001"), &json!("T0ACME00001"))
    );
    assert_eq!(
        sent[1]["authorizations"][0],
        json!({ "enterprise_id": "E0UMBRELLA1", "team_id": null, "user_id": "UB0UMBRELLA1", "is_bot": true, "is_enterprise_install": true })
    );
    assert_eq!(
        (&sent[1]["team_id"], &sent[1]["context_enterprise_id"]),
        (&json!("T0UMBRELLA2"), &json!("E0UMBRELLA1"))
    );
    assert_eq!(
        sent.len(),
        3,
        "a mention of the organisation's bot is two events"
    );
}

#[tokio::test]
async fn a_message_of_slack_connect_lands_with_the_installing_workspace() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let share = json!({ "channel": "C0GENERAL01", "team": "T0GLOBEX001" });
    assert_eq!(sandbox.control("share", share).await.status(), 204);
    sandbox
        .fake
        .post_as_user("U0GLOBEX001", "C0GENERAL01", "hi", None)
        .await;
    let sent = &envelopes(&app).await[0];
    assert_eq!(
        (&sent["team_id"], &sent["context_team_id"]),
        (&json!("T0GLOBEX001"), &json!("T0SANDBOX1"))
    );
    assert_eq!(
        (
            &sent["authorizations"][0]["team_id"],
            &sent["is_ext_shared_channel"]
        ),
        (&json!("T0SANDBOX1"), &json!(true))
    );
    let by_hand = json!({ "event": { "type": "message" }, "team": "T0ACME00001", "author_team": "T0GLOBEX001" });
    sandbox.control("event", by_hand).await;
    let sent = &envelopes(&app).await[1];
    assert_eq!(
        (&sent["team_id"], &sent["authorizations"][0]["team_id"]),
        (&json!("T0GLOBEX001"), &json!("T0ACME00001"))
    );
    let odd = sandbox
        .control("event", json!({ "event": {}, "tema": "T1" }))
        .await;
    assert_eq!(odd.status(), 422);
}

#[tokio::test]
async fn commands_and_interactions_come_from_the_channels_workspace() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    sandbox.install_org("chat:write", "").await;
    sandbox
        .fake
        .run_command("U0UMBRELLA2", "C0UMBRELLA2", "/tidegate", "ping")
        .await;
    let form = app.received().pop().unwrap();
    for (name, value) in [
        ("team_id", "T0UMBRELLA2"),
        ("enterprise_id", "E0UMBRELLA1"),
        ("is_enterprise_install", "true"),
        ("team_domain", "umbrellawest"),
    ] {
        assert_eq!(form.field(name).as_deref(), Some(value), "{name}");
    }
    let url = form.field("response_url").unwrap();
    let used = sandbox
        .http
        .post(url)
        .json(&json!({ "text": "pong", "response_type": "in_channel" }))
        .send()
        .await;
    assert_eq!(used.unwrap().status(), 200);
    assert_eq!(sandbox.fake.messages("C0UMBRELLA2")[0].user, "UB0UMBRELLA1");

    let pressed = json!({ "type": "block_actions", "user": { "id": "U0ACME00001" }, "channel": { "id": "C0ACME00001" } });
    sandbox.fake.send_interaction(pressed).await;
    let payload: Value =
        serde_json::from_str(&app.received().pop().unwrap().field("payload").unwrap()).unwrap();
    assert_eq!(
        (&payload["team"]["id"], &payload["is_enterprise_install"]),
        (&json!("T0ACME00001"), &json!(false))
    );
}
