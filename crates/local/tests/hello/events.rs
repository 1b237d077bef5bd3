//! Mentions and pings from the request to the reply.

use http::StatusCode;
use serde_json::{Value, json};
use tidegate_testing::product::{Product, TENANT, id, mention, unique, until};

const CHANNEL: &str = "C0GENERAL01";

#[tokio::test]
async fn a_mention_is_answered_once_in_its_thread() {
    let product = Product::start().await;
    let event = mention(CHANNEL, "<@U0TIDEGATE1> are you there?");
    assert_eq!(product.event(&event).await.status, StatusCode::OK);
    let shown = product.settled(id(&event)).await;
    assert_eq!(
        (&shown["state"], &shown["posts"][0]["state"]),
        (&json!("done"), &json!("done"))
    );
    product.drained().await;
    let messages = product.slack().messages(CHANNEL).into_iter();
    let replies: Vec<_> = messages.filter(|m| m.bot_id.is_some()).collect();
    assert_eq!(replies.len(), 1);
    assert_eq!(
        replies[0].thread_ts.as_deref(),
        event["event"]["ts"].as_str()
    );
    assert!(replies[0].text.contains("<@U0ALICE0001>"), "{replies:?}");
    assert_eq!(shown["posts"][0]["ts"], json!(replies[0].ts));

    // In a thread, the answer goes to that thread; and the app's own mention of itself is answered by nobody.
    let mut in_thread = mention(CHANNEL, "and here?");
    in_thread["event"]["thread_ts"] = json!("1.000001");
    let mut by_itself = mention(CHANNEL, "<@U0TIDEGATE1>");
    by_itself["event"]["user"] = json!("U0TIDEGATE1");
    for event in [&in_thread, &by_itself] {
        product.event(event).await;
        product.settled(id(event)).await;
    }
    product.drained().await;
    let messages = product.slack().messages(CHANNEL).into_iter();
    let threads: Vec<_> = messages
        .filter(|m| m.bot_id.is_some())
        .filter_map(|m| m.thread_ts)
        .collect();
    assert_eq!(threads.len(), 2);
    assert_eq!(threads[1], "1.000001");
}

#[tokio::test]
async fn ping_is_answered_through_its_response_url_with_the_timings() {
    let product = Product::start().await;
    let url = product.response_url().await;
    let fields = [
        ("command", "/tidegate"),
        ("text", "ping"),
        ("team_id", TENANT),
        ("channel_id", CHANNEL),
        ("user_id", "U0ALICE0001"),
        ("response_url", url.as_str()),
    ];
    assert_eq!(
        product.form("/slack/commands", &fields).await.status,
        StatusCode::OK
    );
    let pong = until("the pong", async || {
        product.slack().ephemerals().into_iter().next()
    })
    .await;
    assert_eq!(
        (pong.channel.as_str(), pong.user.as_str()),
        (CHANNEL, "U0ALICE0001")
    );
    assert!(
        pong.text.starts_with("Pong.") && pong.text.contains(" ms, attempt 1."),
        "{}",
        pong.text
    );
    product.drained().await;
    assert_eq!(product.slack().ephemerals().len(), 1);
}

#[tokio::test]
async fn an_event_under_two_ids_has_one_effect() {
    let product = Product::start().await;
    let first = mention(CHANNEL, "are you there?");
    let mut second = first.clone();
    second["event_id"] = json!(unique("Ev"));
    product.event(&first).await;
    assert_eq!(product.settled(id(&first)).await["state"], "done");
    product.event(&second).await;
    let shown = product.settled(id(&second)).await;
    assert_eq!(
        (&shown["state"], &shown["posts"]),
        (&json!("duplicate"), &json!([]))
    );
    product.drained().await;
    assert_eq!(product.replies(CHANNEL).len(), 1);

    // Both at once: one of the two is the event, whichever comes first.
    let mut both = [mention(CHANNEL, "and now?"), Value::Null];
    both[1] = both[0].clone();
    both[1]["event_id"] = json!(unique("Ev"));
    tokio::join!(product.event(&both[0]), product.event(&both[1]));
    let mut states = Vec::new();
    for event in &both {
        states.push(product.settled(id(event)).await["state"].clone());
    }
    states.sort_by_key(Value::to_string);
    assert_eq!(states, [json!("done"), json!("duplicate")]);
    product.drained().await;
    assert_eq!(product.replies(CHANNEL).len(), 2);
}
