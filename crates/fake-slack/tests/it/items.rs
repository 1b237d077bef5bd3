//! What hangs on messages and channels: reactions, pins, bookmarks, permalinks, search, and messages that go.

use serde_json::json;

use crate::app::App;
use crate::fakes::{Sandbox, sandbox};
use crate::oauth::text;

async fn posted(sandbox: &Sandbox, words: &str) -> String {
    let args = json!({ "channel": "C0GENERAL01", "text": words });
    text(&sandbox.call("chat.postMessage", args).await, "/ts")
}

#[tokio::test]
async fn a_message_is_deleted_by_whoever_posted_it_and_the_app_is_told() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    let ts = posted(&sandbox, "oops").await;
    app.received_in_time(1).await;
    let args = json!({ "channel": "C0GENERAL01", "ts": ts });
    let deleted = sandbox.call("chat.delete", args.clone()).await;
    assert_eq!(
        (&deleted["channel"], &deleted["ts"]),
        (&json!("C0GENERAL01"), &json!(ts))
    );
    assert!(sandbox.fake.messages("C0GENERAL01").is_empty());
    let told = app.received_in_time(2).await[1].json();
    assert_eq!(
        (&told["event"]["subtype"], &told["event"]["deleted_ts"]),
        (&json!("message_deleted"), &json!(ts))
    );
    assert_eq!(
        sandbox.error("chat.delete", args).await,
        "message_not_found"
    );
    let report = sandbox
        .fake
        .post_as_user("U0ALICE0001", "C0GENERAL01", "mine", None)
        .await;
    let theirs = json!({ "channel": "C0GENERAL01", "ts": report.ts });
    assert_eq!(
        sandbox.error("chat.delete", theirs).await,
        "cant_delete_message"
    );
}

#[tokio::test]
async fn reactions_are_read_and_taken_back() {
    let sandbox = sandbox().await;
    let ts = posted(&sandbox, "hi").await;
    let args = json!({ "channel": "C0GENERAL01", "timestamp": ts, "name": "eyes" });
    sandbox.call("reactions.add", args.clone()).await;
    let read = sandbox.call("reactions.get", args.clone()).await;
    assert_eq!(
        read["message"]["reactions"],
        json!([{ "name": "eyes", "users": ["U0TIDEGATE1"], "count": 1 }])
    );
    assert_eq!(
        sandbox.call("reactions.remove", args.clone()).await["ok"],
        true
    );
    assert_eq!(
        sandbox.error("reactions.remove", args.clone()).await,
        "no_reaction"
    );
    assert_eq!(
        sandbox.call("reactions.get", args).await["message"].get("reactions"),
        None
    );
}

#[tokio::test]
async fn messages_are_pinned_and_unpinned() {
    let sandbox = sandbox().await;
    let ts = posted(&sandbox, "hi").await;
    let args = json!({ "channel": "C0GENERAL01", "timestamp": ts });
    assert_eq!(sandbox.call("pins.add", args.clone()).await["ok"], true);
    assert_eq!(
        sandbox.error("pins.add", args.clone()).await,
        "already_pinned"
    );
    let listed = sandbox.call("pins.list", args.clone()).await;
    assert_eq!(
        (
            &listed["items"][0]["message"]["text"],
            &listed["items"][0]["created_by"]
        ),
        (&json!("hi"), &json!("U0TIDEGATE1"))
    );
    sandbox.call("pins.remove", args.clone()).await;
    assert_eq!(sandbox.error("pins.remove", args).await, "no_pin");
    let nothing = json!({ "channel": "C0GENERAL01", "timestamp": "1.0" });
    assert_eq!(
        sandbox.error("pins.add", nothing).await,
        "message_not_found"
    );
}

#[tokio::test]
async fn bookmarks_are_added_edited_and_removed() {
    let sandbox = sandbox().await;
    let channel = "C0GENERAL01";
    let add = json!({ "channel_id": channel, "title": "Runbook", "type": "link", "link": "https://example.com" });
    let added = sandbox.call("bookmarks.add", add).await;
    let id = text(&added, "/bookmark/id");
    assert!(id.starts_with("Bk"));
    let edit = json!({ "channel_id": channel, "bookmark_id": id, "title": "Runbooks" });
    sandbox.call("bookmarks.edit", edit).await;
    let listed = sandbox
        .call("bookmarks.list", json!({ "channel_id": channel }))
        .await;
    assert_eq!(
        (
            &listed["bookmarks"][0]["title"],
            &listed["bookmarks"][0]["link"]
        ),
        (&json!("Runbooks"), &json!("https://example.com"))
    );
    let remove = json!({ "channel_id": channel, "bookmark_id": id });
    assert_eq!(
        sandbox.call("bookmarks.remove", remove.clone()).await["ok"],
        true
    );
    assert_eq!(sandbox.error("bookmarks.remove", remove).await, "not_found");
    assert_eq!(sandbox.fake.calls()[0].channel.as_deref(), Some(channel));
}

#[tokio::test]
async fn a_permalink_names_workspace_channel_and_message() {
    let sandbox = sandbox().await;
    let ts = posted(&sandbox, "hi").await;
    let args = json!({ "channel": "C0GENERAL01", "message_ts": ts });
    let expected = format!(
        "https://sandbox.slack.com/archives/C0GENERAL01/p{}",
        ts.replace('.', "")
    );
    assert_eq!(
        sandbox.call("chat.getPermalink", args).await["permalink"],
        expected
    );
    let none = json!({ "channel": "C0GENERAL01", "message_ts": "1.0" });
    assert_eq!(
        sandbox.error("chat.getPermalink", none).await,
        "message_not_found"
    );
}

#[tokio::test]
async fn search_is_for_people_and_stays_in_their_workspace() {
    let sandbox = sandbox().await;
    assert_eq!(
        sandbox
            .error("search.messages", json!({ "query": "x" }))
            .await,
        "not_allowed_token_type"
    );
    for words in ["Deploy one", "deploy two", "lunch"] {
        sandbox
            .fake
            .post_as_user("U0ACME00001", "C0ACME00001", words, None)
            .await;
    }
    posted(&sandbox, "deploy elsewhere").await;
    let installed = sandbox.install("T0ACME00001", "", "search:read").await;
    let token = text(&installed, "/authed_user/access_token");
    let query = |query: &str| json!({ "query": query, "count": 1 });
    let found = sandbox
        .call_as(&token, "search.messages", query("deploy"))
        .await;
    assert_eq!(found["messages"]["total"], 2);
    assert_eq!(found["messages"]["matches"][0]["text"], "deploy two");
    assert_eq!(found["messages"]["paging"]["pages"], 2);
    let narrow = query("deploy in:general from:@U0ACME00001 one");
    assert_eq!(
        sandbox.call_as(&token, "search.messages", narrow).await["messages"]["total"],
        1
    );
    let other = query("in:#random deploy");
    assert_eq!(
        sandbox.call_as(&token, "search.messages", other).await["messages"]["total"],
        0
    );
}

#[tokio::test]
async fn an_events_context_leads_to_every_installation_that_sees_it() {
    let app = App::default();
    let sandbox = app.sandbox().await;
    sandbox.install("T0GLOBEX001", "chat:write", "").await;
    sandbox.fake.share_channel("C0GENERAL01", "T0GLOBEX001");
    sandbox
        .fake
        .post_as_user("U0GLOBEX001", "C0GENERAL01", "hi", None)
        .await;
    let envelope = app.received()[0].json();
    assert_eq!(envelope["authorizations"][0]["team_id"], "T0GLOBEX001");
    let args = json!({ "event_context": envelope["event_context"] });
    let method = "apps.event.authorizations.list";
    assert_eq!(
        sandbox.error(method, args.clone()).await,
        "not_allowed_token_type"
    );
    let all = sandbox
        .call_as("xapp-sandbox-app-token", method, args)
        .await;
    let teams: Vec<_> = all["authorizations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["team_id"])
        .collect();
    assert_eq!(teams, ["T0GLOBEX001", "T0SANDBOX1"]);
    let odd = sandbox
        .call_as(
            "xapp-sandbox-app-token",
            method,
            json!({ "event_context": "x" }),
        )
        .await;
    assert_eq!(odd["error"], "invalid_event_context");
}

#[tokio::test]
async fn links_are_unfurled_in_the_message_that_holds_them() {
    let sandbox = sandbox().await;
    let ts = posted(&sandbox, "see https://example.com/1").await;
    let unfurl = |url: &str| json!({ "channel": "C0GENERAL01", "ts": ts, "unfurls": { url: { "text": "one" } } });
    let shown = sandbox
        .call("chat.unfurl", unfurl("https://example.com/1"))
        .await;
    assert_eq!(shown["ok"], true);
    let elsewhere = unfurl("https://example.com/2");
    assert_eq!(
        sandbox.error("chat.unfurl", elsewhere).await,
        "cannot_unfurl_url"
    );
    let history = sandbox
        .call("conversations.history", json!({ "channel": "C0GENERAL01" }))
        .await;
    assert_eq!(
        history["messages"][0]["attachments"],
        json!([{ "text": "one" }])
    );
}

#[tokio::test]
async fn a_users_reactions_are_listed() {
    let sandbox = sandbox().await;
    for words in ["a", "b"] {
        let ts = posted(&sandbox, words).await;
        let args = json!({ "channel": "C0GENERAL01", "timestamp": ts, "name": "eyes" });
        sandbox.call("reactions.add", args).await;
    }
    let page = sandbox.call("reactions.list", json!({ "limit": 1 })).await;
    assert_eq!(page["items"][0]["message"]["text"], "a");
    let cursor = text(&page, "/response_metadata/next_cursor");
    let rest = sandbox
        .call("reactions.list", json!({ "cursor": cursor }))
        .await;
    assert_eq!(rest["items"][0]["message"]["text"], "b");
    let nobody = json!({ "user": "U0BOB000001" });
    assert_eq!(
        sandbox.call("reactions.list", nobody).await["items"],
        json!([])
    );
}
