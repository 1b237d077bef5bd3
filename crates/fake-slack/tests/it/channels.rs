//! Conversations: who is in them, how they change, and direct messages.

use serde_json::{Value, json};

use crate::fakes::{Sandbox, sandbox};
use crate::oauth::text;

async fn made(sandbox: &Sandbox, name: &str) -> String {
    let made = sandbox
        .call("conversations.create", json!({ "name": name }))
        .await;
    text(&made, "/channel/id")
}

async fn members(sandbox: &Sandbox, channel: &str) -> Value {
    let answer = sandbox
        .call("conversations.members", json!({ "channel": channel }))
        .await;
    answer["members"].clone()
}

#[tokio::test]
async fn members_come_and_go() {
    let sandbox = sandbox().await;
    let everyone = json!([
        "U0ALICE0001",
        "U0BOB000001",
        "U0CAROL0001",
        "U0DAVE00001",
        "U0GWEN00001",
        "U0TIDEGATE1"
    ]);
    assert_eq!(members(&sandbox, "C0GENERAL01").await, everyone);
    let channel = made(&sandbox, "ops").await;
    assert_eq!(members(&sandbox, &channel).await, json!(["U0TIDEGATE1"]));
    let invite = json!({ "channel": channel, "users": "U0ALICE0001,U0BOB000001" });
    let invited = sandbox.call("conversations.invite", invite.clone()).await;
    assert_eq!(invited["channel"]["name"], "ops");
    assert_eq!(
        sandbox.error("conversations.invite", invite).await,
        "already_in_channel"
    );
    let first = json!({ "channel": channel, "limit": 2 });
    let page = sandbox.call("conversations.members", first).await;
    assert_eq!(page["members"], json!(["U0ALICE0001", "U0BOB000001"]));
    let rest = json!({ "channel": channel, "cursor": page["response_metadata"]["next_cursor"] });
    let page = sandbox.call("conversations.members", rest).await;
    assert_eq!(page["members"], json!(["U0TIDEGATE1"]));

    let kick = |user: &str| json!({ "channel": channel, "user": user });
    assert_eq!(
        sandbox
            .call("conversations.kick", kick("U0BOB000001"))
            .await["ok"],
        true
    );
    assert_eq!(
        sandbox
            .error("conversations.kick", kick("U0BOB000001"))
            .await,
        "not_in_channel"
    );
    assert_eq!(
        sandbox
            .error("conversations.kick", kick("U0TIDEGATE1"))
            .await,
        "cant_kick_self"
    );
    let here = json!({ "channel": channel, "text": "x" });
    sandbox.call("conversations.leave", here.clone()).await;
    assert_eq!(
        sandbox.error("chat.postMessage", here.clone()).await,
        "not_in_channel"
    );
    assert_eq!(
        sandbox.error("conversations.history", here.clone()).await,
        "not_in_channel"
    );
    let mine = sandbox.call("users.conversations", json!({})).await;
    let ids: Vec<_> = mine["channels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(
        ids,
        ["C0ENGINEER1", "C0GENERAL01", "C0INCIDENT1", "C0RANDOM001"]
    );
    let joined = sandbox.call("conversations.join", here.clone()).await;
    assert_eq!(
        (&joined["channel"]["is_member"], joined.get("warning")),
        (&json!(true), None)
    );
    assert_eq!(sandbox.call("chat.postMessage", here).await["ok"], true);
}

#[tokio::test]
async fn a_channel_is_renamed_described_and_archived() {
    let sandbox = sandbox().await;
    let channel = made(&sandbox, "ops").await;
    let args = |name: &str, value: &str| json!({ "channel": channel, name: value });
    let renamed = sandbox
        .call("conversations.rename", args("name", "operations"))
        .await;
    assert_eq!(renamed["channel"]["name"], "operations");
    assert_eq!(
        sandbox
            .error("conversations.rename", args("name", "general"))
            .await,
        "name_taken"
    );
    assert_eq!(
        sandbox
            .error("conversations.rename", args("name", "No!"))
            .await,
        "invalid_name_specials"
    );
    sandbox
        .call("conversations.setTopic", args("topic", "now"))
        .await;
    sandbox
        .call("conversations.setPurpose", args("purpose", "why"))
        .await;
    let info = sandbox
        .call("conversations.info", args("include_num_members", "true"))
        .await;
    assert_eq!(
        (
            &info["channel"]["topic"]["value"],
            &info["channel"]["purpose"]["value"],
            &info["channel"]["num_members"]
        ),
        (&json!("now"), &json!("why"), &json!(1))
    );
    assert_eq!(
        sandbox.call("conversations.archive", args("", "")).await["ok"],
        true
    );
    assert_eq!(
        sandbox.error("conversations.archive", args("", "")).await,
        "already_archived"
    );
    assert_eq!(
        sandbox.error("chat.postMessage", args("text", "x")).await,
        "is_archived"
    );
    assert_eq!(
        sandbox.error("conversations.unarchive", args("", "")).await,
        "not_in_channel"
    );
    let general = json!({ "channel": "C0GENERAL01" });
    assert_eq!(
        sandbox.error("conversations.archive", general).await,
        "cant_archive_general"
    );
}

#[tokio::test]
async fn direct_messages_are_opened_with_one_or_several() {
    let sandbox = sandbox().await;
    let open = |users: &str| {
        sandbox.call(
            "conversations.open",
            json!({ "users": users, "return_im": true }),
        )
    };
    let one = open("U0ALICE0001").await;
    assert_eq!(
        (&one["channel"]["id"], &one["channel"]["is_im"]),
        (&json!("D0ALICE0001"), &json!(true))
    );
    let several = open("U0ALICE0001,U0BOB000001").await;
    assert_eq!(several["channel"]["is_mpim"], true);
    let again = open("U0BOB000001, U0ALICE0001").await;
    assert_eq!(several["channel"]["id"], again["channel"]["id"]);
    let listed = sandbox
        .call("conversations.list", json!({ "types": "mpim" }))
        .await;
    assert_eq!(listed["channels"].as_array().unwrap().len(), 1);
    assert_eq!(
        sandbox.error("conversations.open", json!({})).await,
        "users_list_not_supplied"
    );
}

#[tokio::test]
async fn people_and_bots_are_looked_up() {
    let sandbox = sandbox().await;
    let found = sandbox
        .call(
            "users.lookupByEmail",
            json!({ "email": "alice@example.com" }),
        )
        .await;
    assert_eq!(found["user"]["id"], "U0ALICE0001");
    let other = json!({ "email": "acme-admin@example.com" });
    assert_eq!(
        sandbox.error("users.lookupByEmail", other).await,
        "users_not_found"
    );
    let bot = sandbox
        .call("bots.info", json!({ "bot": "B0TIDEGATE1" }))
        .await;
    assert_eq!(
        (&bot["bot"]["app_id"], &bot["bot"]["user_id"]),
        (&json!("A0TIDEGATE1"), &json!("U0TIDEGATE1"))
    );
    assert_eq!(
        sandbox.error("bots.info", json!({ "bot": "B1" })).await,
        "bot_not_found"
    );
}

#[tokio::test]
async fn a_workspace_has_profiles_and_neither_emoji_nor_groups() {
    let sandbox = sandbox().await;
    let alice = json!({ "user": "U0ALICE0001" });
    let profile = sandbox.call("users.profile.get", alice.clone()).await;
    assert_eq!(profile["profile"]["email"], "alice@example.com");
    assert_eq!(
        sandbox.call("users.getPresence", alice).await["presence"],
        "active"
    );
    assert_eq!(
        sandbox.call("emoji.list", json!({})).await["emoji"],
        json!({})
    );
    assert_eq!(
        sandbox.call("usergroups.list", json!({})).await["usergroups"],
        json!([])
    );
}
