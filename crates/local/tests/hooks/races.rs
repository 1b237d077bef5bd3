//! What meets at the same moment: successes and interruptions, deletions and attempts, many new hooks, and repeated replays.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_pipeline::table::Range;
use tidegate_testing::product::{
    OPERATOR_KEY, Product, TENANT, envelope, mention, unique_ts, until,
};

use crate::receiver::{Receiver, Reply};
use crate::setting::{CHANNEL, call, deliveries, make, must, product, seconds, settled, shown};

async fn interrupted(product: &Product, hook: &str) {
    until("the hook is interrupted", async || {
        let is_interrupted = shown(product, hook).await["interrupted"] == true;
        is_interrupted.then_some(())
    })
    .await;
}

/// The success of a call that began before an interruption ends it, and what was held meanwhile is sent.
#[tokio::test]
async fn a_late_success_leaves_nothing_that_was_held_behind() {
    let product = product().await;
    let receiver = Receiver::start(Reply::status(500)).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    product.event(&mention(CHANNEL, "the first")).await;
    receiver.has_got(1).await;
    receiver.answer(Reply::NothingTo("patience", 500));
    product.event(&mention(CHANNEL, "patience")).await;
    receiver.has_got(2).await;
    for n in 0..4 {
        product
            .event(&mention(CHANNEL, &format!("fails {n}")))
            .await;
    }
    interrupted(&product, &hook.id).await;
    for n in 0..3 {
        product.event(&mention(CHANNEL, &format!("held {n}"))).await;
    }
    settled(&product, &hook.id, "waiting", 8).await;
    receiver.answer(Reply::ok());
    until("what was held is there", async || {
        let got = receiver.got();
        let texts = got
            .iter()
            .map(|got| got.json()["data"]["event"]["text"].to_string());
        (texts.filter(|text| text.contains("held")).count() >= 3).then_some(())
    })
    .await;
    assert_eq!(shown(&product, &hook.id).await["interrupted"], false);
}

#[tokio::test]
async fn a_hook_that_is_deleted_during_an_attempt_leaves_nothing_behind() {
    let product = product().await;
    let receiver = Receiver::start(Reply::Nothing).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    product.event(&mention(CHANNEL, "hi")).await;
    receiver.has_got(1).await;
    let path = format!("/v1/hooks/{}", hook.id);
    must(&product, Method::DELETE, &path, None, StatusCode::OK).await;
    receiver.answer(Reply::status(500));
    product.drained().await;
    let rows = product.table().tenant(&TENANT.into());
    let left = rows.pages(&["hooks"], Range::All).all().await.unwrap();
    let left: Vec<_> = left.iter().map(|(key, _)| key.sort_parts()).collect();
    assert_eq!(left, [["count"]]);
}

#[tokio::test]
async fn no_more_hooks_than_the_most_are_made_however_many_are_asked_for_at_once() {
    let product = product().await;
    let wanted = json!({"url": "https://example.com/slack", "events": ["app_mention"]});
    let making = (0..40).map(|_| call(&product, Method::POST, "/v1/hooks", Some(&wanted)));
    let answers = futures_util::future::join_all(making).await;
    let made = answers.iter().filter(|a| a.status == StatusCode::CREATED);
    let made = made.count();
    assert!(made <= 20, "{made}");
    for answer in answers.iter().filter(|a| a.status != StatusCode::CREATED) {
        assert_eq!(answer.status, StatusCode::CONFLICT, "{answer:?}");
    }
    for _ in made..20 {
        must(
            &product,
            Method::POST,
            "/v1/hooks",
            Some(&wanted),
            StatusCode::CREATED,
        )
        .await;
    }
    let full = call(&product, Method::POST, "/v1/hooks", Some(&wanted)).await;
    assert_eq!(full.status, StatusCode::CONFLICT, "{full:?}");
    let list = must(&product, Method::GET, "/v1/hooks", None, StatusCode::OK).await;
    let hooks = list["hooks"].as_array().unwrap();
    assert_eq!(hooks.len(), 20);
    let path = format!("/v1/hooks/{}", hooks[0]["id"].as_str().unwrap());
    must(&product, Method::DELETE, &path, None, StatusCode::OK).await;
    must(
        &product,
        Method::POST,
        "/v1/hooks",
        Some(&wanted),
        StatusCode::CREATED,
    )
    .await;
}

/// A caller who lost the answer sends the call again, and follows `next` to the end: nothing is skipped.
#[tokio::test]
async fn a_replay_that_is_sent_again_skips_nothing() {
    let product = product().await;
    let receiver = Receiver::start(Reply::status(500)).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    let since = seconds(&product) - 1;
    for n in 0..45 {
        product.event(&mention(CHANNEL, &n.to_string())).await;
    }
    settled(&product, &hook.id, "waiting", 45).await;
    let path = format!("/v1/hooks/{}", hook.id);
    for enabled in [false, true] {
        product.drained().await;
        let switch = json!({"enabled": enabled});
        must(
            &product,
            Method::PATCH,
            &path,
            Some(&switch),
            StatusCode::OK,
        )
        .await;
    }
    let failed = settled(&product, &hook.id, "failed", 45).await;
    assert_eq!(failed.len(), 45);
    receiver.answer(Reply::ok());
    product.clock.advance(Duration::from_secs(2));
    let path = format!("/v1/hooks/{}/replay?tenant={TENANT}", hook.id);
    let (mut after, mut calls) = (Value::Null, 0);
    loop {
        let span = json!({"since": since, "after": after});
        let first = product.tell_once(&path, OPERATOR_KEY, &span, "once").await;
        assert_eq!(first.status, StatusCode::ACCEPTED, "{first:?}");
        let again = product.tell_once(&path, OPERATOR_KEY, &span, "once").await;
        assert_eq!(again.status, StatusCode::ACCEPTED, "{again:?}");
        assert_eq!(again.json(), first.json());
        // The answer of the first call is lost.
        after = again.json()["next"].clone();
        calls += 1;
        if after.is_null() {
            break;
        }
        assert!(calls < 20, "{again:?}");
    }
    settled(&product, &hook.id, "delivered", 45).await;
    let bad = json!({"since": since + 100_000, "until": since + 200_000, "after": "MTIz"});
    let refused = product.tell(&path, OPERATOR_KEY, &bad).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
    assert_eq!(refused.json()["error"]["field"], "after");
}

/// A receiver that changes a message through Tidegate would answer itself for ever.
#[tokio::test]
async fn changes_of_the_apps_own_messages_are_not_sent() {
    let product = product().await;
    let receiver = Receiver::start(Reply::ok()).await;
    let hook = make(
        &product,
        &receiver.url,
        json!({"events": ["message", "app_mention"]}),
    )
    .await;
    for kind in ["message_changed", "message_deleted"] {
        let own =
            json!({"type": "message", "user": "U0TIDEGATE1", "text": "mine", "ts": unique_ts()});
        let part = match kind {
            "message_changed" => "message",
            _ => "previous_message",
        };
        let mut event = json!({"type": "message", "subtype": kind, "channel": CHANNEL,
            "channel_type": "channel", "ts": unique_ts(), "event_ts": unique_ts()});
        event[part] = own;
        product.event(&envelope(&event)).await;
    }
    product.event(&mention(CHANNEL, "hi")).await;
    settled(&product, &hook.id, "delivered", 1).await;
    product.drained().await;
    assert_eq!(deliveries(&product, &hook.id).await.len(), 1);
}
