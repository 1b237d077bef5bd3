//! What people do besides posting: each control tells the app as Slack would, or says why it cannot be done.

use serde_json::{Value, json};
use tidegate_fake_slack::FakeConfig;

use crate::app::App;
use crate::fakes::{Sandbox, sandbox};
use crate::oauth::text;

const ALICE: &str = "U0ALICE0001";
const BOB: &str = "U0BOB000001";
const GENERAL: &str = "C0GENERAL01";

/// The report of a control.
async fn act(sandbox: &Sandbox, path: &str, body: Value) -> Value {
    sandbox.control(path, body).await.json().await.unwrap()
}

/// The inner event that the app got last.
fn event(app: &App) -> Value {
    let last = app.received().pop().unwrap();
    assert_eq!(last.path, "/slack/events");
    last.json()["event"].clone()
}

async fn said(sandbox: &Sandbox, words: &str) -> String {
    let report = sandbox.fake.post_as_user(ALICE, GENERAL, words, None).await;
    report.ts.unwrap()
}

#[tokio::test]
async fn a_message_is_edited_and_deleted_by_its_author_only() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let ts = said(&sandbox, "old").await;
    let edit = |user: &str| json!({ "user": user, "channel": GENERAL, "ts": ts, "text": "new" });
    let refused = act(&sandbox, "edit", edit(BOB)).await;
    assert_eq!(refused["error"], "cant_update_message");
    assert_eq!(act(&sandbox, "edit", edit(ALICE)).await["ok"], true);
    let changed = event(&app);
    assert_eq!(changed["subtype"], "message_changed");
    assert_eq!(
        (
            &changed["message"]["text"],
            &changed["previous_message"]["text"]
        ),
        (&json!("new"), &json!("old"))
    );
    assert_eq!(changed["message"]["ts"], json!(ts));
    assert!(changed["message"]["edited"]["ts"].as_str() > Some(ts.as_str()));

    let item = |user: &str| json!({ "user": user, "channel": GENERAL, "ts": ts });
    let refused = act(&sandbox, "delete", item(BOB)).await;
    assert_eq!(refused["error"], "cant_delete_message");
    act(&sandbox, "delete", item(ALICE)).await;
    assert_eq!(event(&app)["deleted_ts"], json!(ts));
    assert!(sandbox.fake.messages(GENERAL).is_empty());
    let gone = act(&sandbox, "delete", item(ALICE)).await;
    assert_eq!(gone["error"], "cant_delete_message");
}

#[tokio::test]
async fn reactions_and_pins_of_people_are_events() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let ts = said(&sandbox, "it is the cache").await;
    let react = json!({ "user": BOB, "channel": GENERAL, "ts": ts, "name": "pushpin" });
    act(&sandbox, "react", react.clone()).await;
    let reaction = event(&app);
    assert_eq!(
        (&reaction["type"], &reaction["user"], &reaction["item_user"]),
        (&json!("reaction_added"), &json!(BOB), &json!(ALICE))
    );
    assert_eq!(
        reaction["item"],
        json!({ "type": "message", "channel": GENERAL, "ts": ts })
    );
    assert_eq!(
        act(&sandbox, "react", react).await["error"],
        "already_reacted"
    );

    let pin = |remove: bool| json!({ "user": BOB, "channel": GENERAL, "ts": ts, "remove": remove });
    for (remove, kind) in [(false, "pin_added"), (true, "pin_removed")] {
        act(&sandbox, "pin", pin(remove)).await;
        let pinned = event(&app);
        assert_eq!(
            (&pinned["type"], &pinned["channel_id"]),
            (&json!(kind), &json!(GENERAL))
        );
        assert_eq!(pinned["item"]["message"]["text"], "it is the cache");
    }
    assert_eq!(act(&sandbox, "pin", pin(true)).await["error"], "no_pin");
}

#[tokio::test]
async fn what_the_bot_does_comes_back_as_events() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let ts = said(&sandbox, "hi").await;
    let item = json!({ "channel": GENERAL, "timestamp": ts, "name": "eyes" });
    sandbox.call("reactions.add", item.clone()).await;
    sandbox.call("pins.add", item).await;
    let made = json!({ "name": "inc-1", "is_private": true });
    let channel = text(
        &sandbox.call("conversations.create", made).await,
        "/channel/id",
    );
    let invite = json!({ "channel": channel, "users": BOB });
    sandbox.call("conversations.invite", invite).await;
    let rename = json!({ "channel": channel, "name": "inc-2" });
    sandbox.call("conversations.rename", rename).await;
    let archive = json!({ "channel": channel });
    sandbox.call("conversations.archive", archive.clone()).await;
    for method in [
        "pins.add",
        "reactions.add",
        "conversations.rename",
        "conversations.setTopic",
    ] {
        let late = json!({ "channel": channel, "timestamp": "1.2", "name": "x", "topic": "x" });
        assert_eq!(sandbox.error(method, late).await, "is_archived", "{method}");
    }

    let received = app.received_in_time(6).await;
    let events: Vec<Value> = received
        .iter()
        .map(|one| one.json()["event"].clone())
        .collect();
    let of = |kind: &str| events.iter().find(|event| event["type"] == kind).unwrap();
    assert_eq!(of("reaction_added")["user"], "U0TIDEGATE1");
    assert_eq!(of("pin_added")["item_user"], ALICE);
    let joined = of("member_joined_channel");
    assert_eq!(
        (&joined["user"], &joined["inviter"], &joined["channel_type"]),
        (&json!(BOB), &json!("U0TIDEGATE1"), &json!("G"))
    );
    assert_eq!(of("group_rename")["channel"]["name"], "inc-2");
    assert_eq!(of("group_archive")["channel"], json!(channel));
}

#[tokio::test]
async fn only_events_the_app_has_asked_for_are_sent() {
    let app = App::default();
    let sandbox = app
        .sandbox_with(FakeConfig {
            event_subscriptions: vec!["channel_created".to_owned()],
            ..FakeConfig::default()
        })
        .await;
    let ts = said(&sandbox, "hi").await;
    let react = json!({ "user": BOB, "channel": GENERAL, "ts": ts, "name": "eyes" });
    let report = act(&sandbox, "react", react).await;
    assert_eq!(
        (&report["ok"], &report["attempts"]),
        (&json!(true), &json!([]))
    );
    let made = sandbox
        .call("conversations.create", json!({ "name": "inc-1" }))
        .await;
    let received = app.received_in_time(2).await;
    let created = received[1].json()["event"].clone();
    assert_eq!(created["type"], "channel_created");
    assert_eq!(created["channel"]["creator"], "U0TIDEGATE1");
    assert_eq!(created["channel"]["id"], made["channel"]["id"]);
}

#[tokio::test]
async fn what_happens_in_a_channel_without_the_bot_stays_there() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let ts = said(&sandbox, "hi").await;
    sandbox
        .call("conversations.leave", json!({ "channel": "C0RANDOM001" }))
        .await;
    let elsewhere = sandbox
        .fake
        .post_as_user(ALICE, "C0RANDOM001", "x", None)
        .await;
    let before = app.received().len();
    for (channel, ts, told) in [("C0RANDOM001", elsewhere.ts, 0), (GENERAL, Some(ts), 1)] {
        let react = json!({ "user": BOB, "channel": channel, "ts": ts, "name": "eyes" });
        let report = act(&sandbox, "react", react).await;
        assert_eq!(report["attempts"].as_array().unwrap().len(), told);
    }
    assert_eq!(app.received().len(), before + 1);
}

#[tokio::test]
async fn channels_are_archived_renamed_and_deleted_by_people() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let channel = "C0RANDOM001";
    let change = json!({ "user": BOB, "channel": channel, "name": "odd" });
    act(&sandbox, "archive", change.clone()).await;
    assert_eq!(
        event(&app),
        json!({ "type": "channel_archive", "channel": channel, "user": BOB, "event_ts": event(&app)["event_ts"] })
    );
    let post = json!({ "channel": channel, "text": "x" });
    assert_eq!(
        sandbox.error("chat.postMessage", post.clone()).await,
        "is_archived"
    );
    assert_eq!(
        act(&sandbox, "archive", change.clone()).await["error"],
        "is_archived"
    );
    act(&sandbox, "unarchive", change.clone()).await;
    assert_eq!(event(&app)["type"], "channel_unarchive");
    act(&sandbox, "rename", change.clone()).await;
    assert_eq!(event(&app)["channel"]["name"], "odd");
    act(&sandbox, "delete_channel", change.clone()).await;
    assert_eq!(event(&app)["type"], "channel_deleted");
    for method in [
        "chat.postMessage",
        "conversations.info",
        "conversations.setTopic",
    ] {
        assert_eq!(
            sandbox.error(method, post.clone()).await,
            "channel_not_found",
            "{method}"
        );
    }
    assert_eq!(
        act(&sandbox, "delete_channel", change).await["error"],
        "channel_not_found"
    );
}

#[tokio::test]
async fn people_join_and_private_channels_are_closed_to_others() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let private = json!({ "name": "inc-secret", "is_private": true });
    let made = sandbox.call("conversations.create", private).await;
    let channel = text(&made, "/channel/id");
    let join = json!({ "user": BOB, "channel": channel });
    assert_eq!(
        act(&sandbox, "join", join).await["error"],
        "channel_not_found"
    );
    let refused = sandbox
        .fake
        .post_as_user(BOB, &channel, "let me in", None)
        .await;
    assert_eq!(refused.error.as_deref(), Some("not_in_channel"));
    let invited = json!({ "user": BOB, "channel": channel, "inviter": "U0TIDEGATE1" });
    act(&sandbox, "join", invited.clone()).await;
    assert_eq!(event(&app)["user"], BOB);
    assert_eq!(
        act(&sandbox, "join", invited).await["error"],
        "already_in_channel"
    );
}

#[tokio::test]
async fn invitations_name_each_persons_error_and_can_be_forced() {
    let sandbox = sandbox_without_strangers().await;
    let made = sandbox
        .call("conversations.create", json!({ "name": "inc-1" }))
        .await;
    let channel = text(&made, "/channel/id");
    let users = format!("{ALICE},U0NOBODY001,U0TIDEGATE1");
    let invite = json!({ "channel": channel, "users": users });
    let refused = sandbox.call("conversations.invite", invite).await;
    let errors = json!([
        { "user": "U0NOBODY001", "ok": false, "error": "user_not_found" },
        { "user": "U0TIDEGATE1", "ok": false, "error": "cant_invite_self" },
    ]);
    assert_eq!(
        (&refused["error"], &refused["errors"]),
        (&json!("user_not_found"), &errors)
    );
    let forced = json!({ "channel": channel, "users": users, "force": true });
    let forced = sandbox.call("conversations.invite", forced).await;
    assert_eq!((&forced["ok"], &forced["errors"]), (&json!(true), &errors));
    let mine = sandbox.call("users.conversations", json!({})).await;
    let mine = mine["channels"].as_array().unwrap();
    let mine = mine.iter().find(|one| one["id"] == json!(channel)).unwrap();
    assert_eq!(mine["creator"], "U0TIDEGATE1");
    assert_eq!(mine["created"], crate::fakes::START.as_secs());
}

async fn sandbox_without_strangers() -> Sandbox {
    crate::fakes::sandbox_with(FakeConfig {
        auto_channels: false,
        ..FakeConfig::default()
    })
    .await
}

#[tokio::test]
async fn somebody_of_another_workspace_is_known_where_a_channel_is_shared() {
    let sandbox = sandbox().await;
    let stranger = json!({ "user": "U0ACME00001" });
    assert_eq!(
        sandbox.error("users.info", stranger.clone()).await,
        "user_not_found"
    );
    sandbox.fake.share_channel(GENERAL, "T0ACME00001");
    let known = sandbox.call("users.info", stranger).await;
    assert_eq!(known["user"]["team_id"], "T0ACME00001");
}
