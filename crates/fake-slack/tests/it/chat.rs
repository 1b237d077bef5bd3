//! Posting through the Web API: tokens, errors, edits, reactions, rate limits.

use std::time::Duration;

use serde_json::json;
use tidegate_fake_slack::FakeConfig;

use crate::app::App;
use crate::fakes::{sandbox, sandbox_with};

#[tokio::test]
async fn a_call_needs_the_right_token() {
    let sandbox = sandbox().await;
    let url = format!("{}/api/auth.test", sandbox.url);
    for (token, error) in [(None, "not_authed"), (Some("wrong"), "invalid_auth")] {
        let request = sandbox.http.post(&url);
        let request = if let Some(token) = token {
            request.bearer_auth(token)
        } else {
            request
        };
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(
            answer.json::<serde_json::Value>().await.unwrap(),
            json!({ "ok": false, "error": error })
        );
    }
    let answer = sandbox.call("auth.test", json!({})).await;
    assert_eq!(
        (&answer["ok"], &answer["user_id"]),
        (&json!(true), &json!("U0TIDEGATE1"))
    );
    let outcomes: Vec<String> = sandbox
        .fake
        .calls()
        .into_iter()
        .map(|call| call.outcome)
        .collect();
    assert_eq!(outcomes, ["not_authed", "invalid_auth", "ok"]);
    assert!(
        !sandbox
            .look("calls")
            .await
            .to_string()
            .contains("sandbox-bot-token")
    );
}

#[tokio::test]
async fn a_post_is_answered_and_kept() {
    let sandbox = sandbox().await;
    let args = json!({ "channel": "#general", "text": "hi", "client_msg_id": "one", "blocks": [{ "type": "divider" }] });
    let answer = sandbox.call("chat.postMessage", args).await;
    assert_eq!(
        (&answer["ok"], &answer["channel"]),
        (&json!(true), &json!("C0GENERAL01"))
    );
    assert_eq!(answer["message"]["bot_id"], "B0TIDEGATE1");
    assert!(answer["message"]["blocks"][0]["block_id"].is_string());
    let posted = sandbox.fake.messages("C0GENERAL01");
    assert_eq!(answer["ts"].as_str(), Some(posted[0].ts.as_str()));
    assert_eq!(posted[0].client_msg_id.as_deref(), Some("one"));
    let reply = json!({ "channel": "C0GENERAL01", "text": "re", "thread_ts": answer["ts"] });
    sandbox.call("chat.postMessage", reply).await;
    let listed = sandbox.look("messages?channel=C0GENERAL01").await;
    assert_eq!(listed[1]["thread_ts"], answer["ts"]);
    assert_eq!(sandbox.look("messages").await.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_form_is_as_good_as_json() {
    let sandbox = sandbox().await;
    let request = sandbox
        .http
        .post(format!("{}/api/chat.postMessage", sandbox.url))
        .bearer_auth("sandbox-bot-token");
    let form = [
        ("channel", "C0GENERAL01"),
        ("text", "café"),
        ("metadata", r#"{"event_type":"e","event_payload":{}}"#),
    ];
    let answer: serde_json::Value = request
        .form(&form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&answer["ok"], &answer["message"]["text"]),
        (&json!(true), &json!("café"))
    );
}

#[tokio::test]
async fn bad_posts_are_refused_with_slacks_codes() {
    let sandbox = sandbox().await;
    sandbox
        .control("archive", json!({ "channel": "C0RANDOM001" }))
        .await;
    for (args, code) in [
        (
            json!({ "channel": "nowhere", "text": "x" }),
            "channel_not_found",
        ),
        (json!({ "text": "x" }), "channel_not_found"),
        (
            json!({ "channel": "C0RANDOM001", "text": "x" }),
            "is_archived",
        ),
        (json!({ "channel": "C0GENERAL01" }), "no_text"),
        (
            json!({ "channel": "C0GENERAL01", "text": "" , "blocks": [] }),
            "no_text",
        ),
        (
            json!({ "channel": "C0GENERAL01", "text": "x", "thread_ts": "soon" }),
            "invalid_thread_ts",
        ),
        (
            json!({ "channel": "C0GENERAL01", "text": "x", "metadata": { "id": 1 } }),
            "invalid_metadata_format",
        ),
        (
            json!({ "channel": "C0GENERAL01", "blocks": "{" }),
            "invalid_blocks_format",
        ),
    ] {
        assert_eq!(
            sandbox.error("chat.postMessage", args.clone()).await,
            code,
            "{args}"
        );
    }
    assert_eq!(
        sandbox.error("chat.deleteEverything", json!({})).await,
        "unknown_method"
    );
    assert_eq!(sandbox.look("messages").await, json!([]));
}

#[tokio::test]
async fn only_the_bots_own_messages_can_be_edited() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let post = sandbox
        .call(
            "chat.postMessage",
            json!({ "channel": "C0GENERAL01", "text": "old" }),
        )
        .await;
    let edit =
        |ts: &serde_json::Value| json!({ "channel": "C0GENERAL01", "ts": ts, "text": "new" });
    let answer = sandbox.call("chat.update", edit(&post["ts"])).await;
    assert_eq!(
        (&answer["text"], &answer["ts"]),
        (&json!("new"), &post["ts"])
    );
    assert_eq!(sandbox.fake.messages("C0GENERAL01")[0].text, "new");
    let echoed = app.received_in_time(2).await;
    let change = echoed
        .iter()
        .map(|request| request.json()["event"].clone())
        .find(|event| event["subtype"] == "message_changed");
    let change = change.unwrap();
    assert_eq!(
        (
            &change["message"]["text"],
            &change["previous_message"]["text"]
        ),
        (&json!("new"), &json!("old"))
    );
    assert_eq!(
        sandbox.error("chat.update", edit(&json!("1.000001"))).await,
        "message_not_found"
    );
    let theirs = sandbox
        .fake
        .post_as_user("U0BOB000001", "C0GENERAL01", "mine", None)
        .await
        .ts
        .unwrap();
    assert_eq!(
        sandbox.error("chat.update", edit(&json!(theirs))).await,
        "cant_update_message"
    );
}

#[tokio::test]
async fn an_ephemeral_is_seen_by_one_user_and_is_no_message() {
    let sandbox = sandbox().await;
    let args = json!({ "channel": "C0GENERAL01", "user": "U0BOB000001", "text": "psst" });
    assert!(sandbox.call("chat.postEphemeral", args).await["message_ts"].is_string());
    assert_eq!(sandbox.fake.ephemerals()[0].user, "U0BOB000001");
    assert!(sandbox.fake.messages("C0GENERAL01").is_empty());
    let args = json!({ "channel": "C0GENERAL01", "user": "nobody", "text": "psst" });
    assert_eq!(
        sandbox.error("chat.postEphemeral", args).await,
        "user_not_in_channel"
    );
}

#[tokio::test]
async fn a_reaction_is_added_once() {
    let sandbox = sandbox().await;
    let post = sandbox
        .call(
            "chat.postMessage",
            json!({ "channel": "C0GENERAL01", "text": "x" }),
        )
        .await;
    let args = json!({ "channel": "C0GENERAL01", "timestamp": post["ts"], "name": "eyes" });
    assert_eq!(
        sandbox.call("reactions.add", args.clone()).await["ok"],
        true
    );
    assert_eq!(
        sandbox.error("reactions.add", args).await,
        "already_reacted"
    );
    assert_eq!(
        sandbox.fake.messages("C0GENERAL01")[0].reactions[0].users,
        ["U0TIDEGATE1"]
    );
}

#[tokio::test]
async fn the_built_in_limit_answers_429_per_channel_and_second() {
    let config = FakeConfig {
        limit_per_channel_per_second: Some(1),
        ..FakeConfig::default()
    };
    let sandbox = sandbox_with(config).await;
    let post = |channel: &str| json!({ "channel": channel, "text": "x" });
    assert_eq!(
        sandbox.call("chat.postMessage", post("C0GENERAL01")).await["ok"],
        true
    );
    let refused = sandbox
        .request("chat.postMessage", &post("C0GENERAL01"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (
            refused.status().as_u16(),
            refused.headers()["retry-after"].to_str().unwrap()
        ),
        (429, "1")
    );
    assert_eq!(
        sandbox.call("chat.postMessage", post("C0RANDOM001")).await["ok"],
        true
    );
    sandbox.clock.advance(Duration::from_secs(1));
    assert_eq!(
        sandbox.call("chat.postMessage", post("C0GENERAL01")).await["ok"],
        true
    );
    assert_eq!(sandbox.fake.messages("C0GENERAL01").len(), 2);
}
