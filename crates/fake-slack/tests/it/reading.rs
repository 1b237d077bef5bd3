//! Reading through the Web API: history, replies, channels, people; spans, pages and metadata.

use serde_json::{Value, json};

use crate::fakes::{Sandbox, sandbox};

async fn post(sandbox: &Sandbox, mut args: Value) -> Value {
    args["channel"] = "C0GENERAL01".into();
    sandbox.call("chat.postMessage", args).await["ts"].take()
}

fn texts(answer: &Value) -> Vec<&str> {
    answer["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["text"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn metadata_is_read_only_when_asked_for() {
    let sandbox = sandbox().await;
    let metadata = json!({ "event_type": "outbox", "event_payload": { "id": "one" } });
    let ts = post(&sandbox, json!({ "text": "x", "metadata": metadata })).await;
    for method in ["conversations.history", "conversations.replies"] {
        let without = sandbox
            .call(method, json!({ "channel": "C0GENERAL01", "ts": ts }))
            .await;
        assert_eq!(without["messages"][0].get("metadata"), None, "{method}");
        let args = json!({ "channel": "C0GENERAL01", "ts": ts, "include_all_metadata": true });
        let with = sandbox.call(method, args).await;
        assert_eq!(with["messages"][0]["metadata"], metadata, "{method}");
    }
}

#[tokio::test]
async fn history_pages_from_the_newest_without_replies() {
    let sandbox = sandbox().await;
    let parent = post(&sandbox, json!({ "text": "1" })).await;
    post(&sandbox, json!({ "text": "reply", "thread_ts": parent })).await;
    for text in ["2", "3"] {
        post(&sandbox, json!({ "text": text })).await;
    }
    let args = json!({ "channel": "C0GENERAL01", "limit": 2 });
    let first = sandbox.call("conversations.history", args.clone()).await;
    assert_eq!(
        (texts(&first), &first["has_more"]),
        (vec!["3", "2"], &json!(true))
    );
    let mut args = args;
    args["cursor"] = first["response_metadata"]["next_cursor"].clone();
    let second = sandbox.call("conversations.history", args).await;
    assert_eq!(
        (texts(&second), &second["has_more"]),
        (vec!["1"], &json!(false))
    );
    assert_eq!(second["messages"][0]["reply_count"], 1);
    let bad = json!({ "channel": "C0GENERAL01", "cursor": "zz" });
    assert_eq!(
        sandbox.error("conversations.history", bad).await,
        "invalid_cursor"
    );
}

#[tokio::test]
async fn the_ends_of_a_span_count_only_when_inclusive() {
    let sandbox = sandbox().await;
    let oldest = post(&sandbox, json!({ "text": "1" })).await;
    post(&sandbox, json!({ "text": "2" })).await;
    let latest = post(&sandbox, json!({ "text": "3" })).await;
    let mut args = json!({ "channel": "C0GENERAL01", "oldest": oldest, "latest": latest });
    assert_eq!(
        texts(&sandbox.call("conversations.history", args.clone()).await),
        ["2"]
    );
    args["inclusive"] = true.into();
    assert_eq!(
        texts(&sandbox.call("conversations.history", args).await),
        ["3", "2", "1"]
    );
}

#[tokio::test]
async fn replies_begin_with_the_parent_on_every_page() {
    let sandbox = sandbox().await;
    let parent = post(&sandbox, json!({ "text": "parent" })).await;
    for text in ["1", "2", "3"] {
        post(&sandbox, json!({ "text": text, "thread_ts": parent })).await;
    }
    let mut args = json!({ "channel": "C0GENERAL01", "ts": parent, "limit": 2 });
    let first = sandbox.call("conversations.replies", args.clone()).await;
    assert_eq!(texts(&first), ["parent", "1", "2"]);
    args["cursor"] = first["response_metadata"]["next_cursor"].clone();
    let second = sandbox.call("conversations.replies", args).await;
    assert_eq!(
        (texts(&second), &second["has_more"]),
        (vec!["parent", "3"], &json!(false))
    );
    let unknown = json!({ "channel": "C0GENERAL01", "ts": "1.000000" });
    assert_eq!(
        sandbox.error("conversations.replies", unknown).await,
        "thread_not_found"
    );
}

#[tokio::test]
async fn channels_are_listed_made_and_described() {
    let sandbox = sandbox().await;
    let made = sandbox
        .call("conversations.create", json!({ "name": "inc-1" }))
        .await;
    assert_eq!(made["channel"]["name"], "inc-1");
    assert_eq!(
        sandbox
            .error("conversations.create", json!({ "name": "inc-1" }))
            .await,
        "name_taken"
    );
    assert_eq!(
        sandbox
            .error("conversations.create", json!({ "name": "Inc 1" }))
            .await,
        "invalid_name_specials"
    );
    let joined = sandbox
        .call(
            "conversations.join",
            json!({ "channel": made["channel"]["id"] }),
        )
        .await;
    assert_eq!(joined["channel"]["is_member"], true);
    let first = sandbox
        .call("conversations.list", json!({ "limit": 3 }))
        .await;
    let cursor = first["response_metadata"]["next_cursor"].clone();
    let second = sandbox
        .call(
            "conversations.list",
            json!({ "limit": 3, "cursor": cursor }),
        )
        .await;
    assert_eq!(
        (
            first["channels"].as_array().unwrap().len(),
            second["channels"].as_array().unwrap().len()
        ),
        (3, 2)
    );
    assert_eq!(
        sandbox
            .error("conversations.info", json!({ "channel": "X1" }))
            .await,
        "channel_not_found"
    );
}

#[tokio::test]
async fn people_and_the_team_are_described() {
    let sandbox = sandbox().await;
    let alice = sandbox
        .call("users.info", json!({ "user": "U0ALICE0001" }))
        .await;
    assert_eq!(alice["user"]["profile"]["display_name"], "alice");
    assert_eq!(alice["user"]["is_restricted"], false);
    let guest = json!({ "user": "U0GWEN00001" });
    let guest = sandbox.call("users.info", guest).await;
    assert_eq!(guest["user"]["is_restricted"], true);
    assert_eq!(
        sandbox
            .error("users.info", json!({ "user": "U0NOBODY" }))
            .await,
        "user_not_found"
    );
    assert_eq!(
        sandbox.call("users.list", json!({})).await["members"]
            .as_array()
            .unwrap()
            .len(),
        6
    );
    assert_eq!(
        sandbox.call("team.info", json!({})).await["team"]["id"],
        "T0SANDBOX1"
    );
}

#[tokio::test]
async fn a_user_is_a_direct_message_channel() {
    let sandbox = sandbox().await;
    let answer = sandbox
        .call(
            "chat.postMessage",
            json!({ "channel": "U0BOB000001", "text": "hi" }),
        )
        .await;
    assert_eq!(answer["channel"], "D0BOB000001");
    let info = sandbox
        .call("conversations.info", json!({ "channel": "D0BOB000001" }))
        .await;
    assert_eq!(
        (&info["channel"]["is_im"], &info["channel"]["user"]),
        (&json!(true), &json!("U0BOB000001"))
    );
}
