//! The stand-in Slack inside local mode.

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tidegate_testing::product::{Answer, Product, content_type, send_to, until};

const CHANNEL: &str = "C0GENERAL01";

#[tokio::test]
async fn the_page_is_served() {
    let product = Product::start().await;
    for path in ["/", "/sandbox", "/sandbox/"] {
        let page = get(&product, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let content_type = page.headers["content-type"].to_str().unwrap();
        assert!(
            content_type.starts_with("text/html"),
            "{path}: {content_type}"
        );
        assert!(page.body.contains("/_fake/state"), "{path}");
    }
}

#[tokio::test]
async fn whoever_mentions_the_bot_on_the_page_reads_its_answer_there() {
    let product = Product::start().await;
    let text = "<@U0TIDEGATE1> are you there?";
    let posted = control(
        &product,
        "post",
        json!({"user": "U0ALICE0001", "channel": CHANNEL, "text": text}),
    )
    .await;
    assert_eq!(posted.status, StatusCode::OK, "{posted:?}");
    let messages = until("the answer on the page", async || {
        let state = state(&product).await;
        let messages = state["messages"][CHANNEL].as_array()?.clone();
        messages
            .iter()
            .any(|m| m["bot_id"].is_string())
            .then_some(messages)
    })
    .await;
    let question = messages.iter().find(|m| m["text"] == text).unwrap();
    let answer = messages.iter().find(|m| m["bot_id"].is_string()).unwrap();
    assert_eq!(answer["thread_ts"], question["ts"]);
}

#[tokio::test]
async fn whoever_types_the_command_on_the_page_reads_its_answer_there() {
    let product = Product::start().await;
    let typed =
        json!({"user": "U0ALICE0001", "channel": CHANNEL, "command": "/tidegate", "text": "ping"});
    let typed = control(&product, "command", typed).await;
    assert_eq!(typed.status, StatusCode::OK, "{typed:?}");
    let answer = until("the answer on the page", async || {
        let state = state(&product).await;
        state["ephemerals"].as_array()?.first().cloned()
    })
    .await;
    assert!(
        answer["text"].as_str().unwrap().starts_with("Pong."),
        "{answer}"
    );
    assert_eq!(
        (&answer["user"], &answer["from_slack"]),
        (&json!("U0ALICE0001"), &json!(false))
    );
}

/// With a token there is a real Slack, and no sandbox.
#[tokio::test]
async fn there_is_no_sandbox_where_a_token_is_set() {
    let product = Product::start_with(&[("SLACK_BOT_TOKEN", "xoxb-1")]).await;
    assert!(product.local.sandbox.is_none());
    for path in ["/sandbox", "/sandbox/", "/sandbox/_fake/state"] {
        assert_eq!(
            get(&product, path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

/// Follows redirects as a browser does.
async fn get(product: &Product, path: &str) -> Answer {
    let mut path = path.to_owned();
    for _ in 0..3 {
        let response = product
            .http
            .get(format!("{}{path}", product.url))
            .send()
            .await
            .unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        if !status.is_redirection() {
            return Answer {
                status,
                headers,
                body: response.text().await.unwrap(),
            };
        }
        headers["location"].to_str().unwrap().clone_into(&mut path);
    }
    panic!("{path} redirects in a circle");
}

async fn control(product: &Product, name: &str, body: Value) -> Answer {
    let url = format!("{}/sandbox/_fake/{name}", product.url);
    let headers: HeaderMap = content_type("application/json");
    send_to(&product.http, &url, headers, body.to_string().into_bytes()).await
}

async fn state(product: &Product) -> Value {
    get(product, &format!("/sandbox/_fake/state?channel={CHANNEL}"))
        .await
        .json()
}
