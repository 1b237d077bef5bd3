//! The page and what it polls, alone and nested under a path.

use axum::Router;
use serde_json::json;

use crate::app::{App, Reply};
use crate::fakes::{sandbox, serve};

#[tokio::test]
async fn the_page_is_served_and_needs_nothing_from_elsewhere() {
    let sandbox = sandbox().await;
    let answer = sandbox.http.get(&sandbox.url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    assert!(
        answer.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .starts_with("default-src 'none'")
    );
    let page = answer.text().await.unwrap();
    assert!(page.contains("<title>Tidegate sandbox</title>"));
    for parses in [
        "src=\"http",
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
    ] {
        assert!(
            !page.contains(parses),
            "text from outside is never parsed as HTML"
        );
    }
    assert!(page.trim_end().ends_with("</html>"));
}

#[tokio::test]
async fn the_routes_can_be_nested() {
    let sandbox = sandbox().await;
    let url = serve(Router::new().nest("/sandbox", sandbox.fake.router())).await;
    for path in ["/sandbox", "/sandbox/_fake/state", "/sandbox/_fake/calls"] {
        assert_eq!(
            sandbox
                .http
                .get(format!("{url}{path}"))
                .send()
                .await
                .unwrap()
                .status(),
            200,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_state_is_sent_only_when_it_changed() {
    let sandbox = sandbox().await;
    let state = sandbox.look("state").await;
    let names: Vec<_> = state["channels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|channel| &channel["name"])
        .collect();
    assert_eq!(names, ["engineering", "general", "incidents", "random"]);
    let since = format!("state?since={}", state["revision"]);
    assert_eq!(sandbox.look(&since).await["unchanged"], true);
    sandbox
        .call(
            "chat.postMessage",
            json!({ "channel": "C0RANDOM001", "text": "x" }),
        )
        .await;
    let state = sandbox.look(&since).await;
    assert_eq!(state["messages"]["C0RANDOM001"][0]["text"], "x");
    let one = sandbox.look("state?channel=C0GENERAL01").await;
    assert_eq!(one["messages"], json!({ "C0GENERAL01": [] }));
}

#[tokio::test]
async fn the_state_has_what_hangs_on_a_channel_and_what_the_app_offers() {
    let sandbox = sandbox().await;
    let made = json!({ "name": "inc-1", "is_private": true });
    let made = sandbox.call("conversations.create", made).await;
    let channel = made["channel"]["id"].clone();
    let post = json!({ "channel": channel, "text": "x" });
    let ts = sandbox.call("chat.postMessage", post).await["ts"].clone();
    let pin = json!({ "channel": channel, "timestamp": ts });
    sandbox.call("pins.add", pin).await;
    let topic = json!({ "channel": channel, "topic": "P1" });
    sandbox.call("conversations.setTopic", topic).await;
    let link = json!({ "channel_id": channel, "title": "Runbook", "type": "link", "link": "https://example.com" });
    let before = sandbox.look("state").await["revision"].clone();
    sandbox.call("bookmarks.add", link).await;
    let state = sandbox.look(&format!("state?since={before}")).await;
    let channels = state["channels"].as_array().unwrap();
    let shown = channels.iter().find(|one| one["id"] == channel).unwrap();
    assert_eq!(
        (&shown["topic"], &shown["kind"]),
        (&json!("P1"), &json!("group"))
    );
    assert_eq!(
        (&shown["pins"], &shown["members"]),
        (&json!([ts]), &json!(["U0TIDEGATE1"]))
    );
    assert_eq!(shown["bookmarks"][0]["title"], "Runbook");
    let general = channels
        .iter()
        .find(|one| one["name"] == "general")
        .unwrap();
    assert!(general["members"].is_null(), "everyone is in it");
    assert_eq!(
        state["commands"][1],
        json!({ "name": "/incident", "hint": state["commands"][1]["hint"], "escapes": true })
    );
    assert_eq!(state["shortcuts"][0]["callback_id"], "declare_incident");
}

#[tokio::test]
async fn what_the_page_polls_has_no_credentials() {
    let reply = Reply::Answer(
        200,
        r#"{"text":"kept","response_url":"http://a.example/sesame"}"#,
    );
    let app = App::replying([reply]);
    let sandbox = app.sandbox().await;
    let general = "C0GENERAL01";
    let said =
        json!({ "user": "U0ALICE0001", "channel": general, "text": "kept, and xoxb-1-sesame" });
    sandbox.control("post", said).await;
    let metadata = json!({ "event_type": "kept", "event_payload": { "refresh_token": "sesame" } });
    let post = json!({ "channel": general, "text": "kept too", "metadata": metadata });
    sandbox.call("chat.postMessage", post).await;
    for path in ["state", "messages", "calls"] {
        let shown = sandbox.look(path).await.to_string();
        assert!(!shown.contains("sesame"), "{path}: {shown}");
        assert!(
            path == "calls" || shown.contains("kept, and (hidden)"),
            "{path}: {shown}"
        );
        assert!(
            path == "calls" || shown.contains(r#""refresh_token":"(hidden)""#),
            "{path}: {shown}"
        );
    }
    let state = sandbox.look("state").await;
    let body = state["deliveries"][0]["body"].as_str().unwrap();
    assert_eq!(body, r#"{"response_url":"(hidden)","text":"kept"}"#);
}
