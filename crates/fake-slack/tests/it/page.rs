//! The page and what it polls, alone and nested under a path.

use axum::Router;
use serde_json::json;

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
    assert!(
        !page.contains("src=\"http") && !page.contains("innerHTML"),
        "text from outside is never parsed as HTML"
    );
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
