//! What was not taken in three days, and what is sent again when somebody asks for it.

use std::collections::BTreeSet;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_testing::product::{Product, id, mention, until};

use crate::receiver::{Got, Receiver, Reply};
use crate::setting::{CHANNEL, deliveries, make, must, product, seconds, settled, shown};

/// Lets the time pass until the last of ten attempts at the only delivery, which all fail.
async fn pass_the_attempts(product: &Product, hook: &str) {
    for count in 1..10 {
        let waiting = until("the next attempt is set", async || {
            let delivery = deliveries(product, hook).await.pop()?;
            let is_next =
                delivery["attempts"] == count && !delivery["next_attempt_at_ms"].is_null();
            is_next.then_some(delivery)
        })
        .await;
        let next = waiting["next_attempt_at_ms"].as_i64().unwrap();
        let now = seconds(product) * 1000;
        product.clock.advance(Duration::from_millis(
            u64::try_from((next - now).max(0)).unwrap(),
        ));
    }
}

#[tokio::test]
async fn a_receiver_that_fails_for_three_days_is_disabled_and_its_deliveries_can_be_replayed() {
    let product = product().await;
    let receiver = Receiver::start(Reply::status(503)).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    let began = seconds(&product);
    product.event(&mention(CHANNEL, "hi")).await;
    pass_the_attempts(&product, &hook.id).await;
    let failed = settled(&product, &hook.id, "failed", 1).await.remove(0);
    assert_eq!(failed["attempts"], 10);
    let hours = (seconds(&product) - began) / 3600;
    assert_eq!(hours, 72);
    let shown_hook = shown(&product, &hook.id).await;
    assert_eq!(
        shown_hook["disabled_reason"],
        "its receiver has failed for three days"
    );
    until("the notice", async || {
        product
            .replies("C0GENERAL01")
            .into_iter()
            .find(|text| text.contains("three days"))
    })
    .await;

    // While it is disabled nothing is sent, replayed or not.
    let replay = format!(
        "/v1/hooks/{}/deliveries/{}/replay",
        hook.id,
        failed["id"].as_str().unwrap()
    );
    let refused = must(&product, Method::POST, &replay, None, StatusCode::CONFLICT).await;
    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .contains("enable it first")
    );
    receiver.answer(Reply::ok());
    let path = format!("/v1/hooks/{}", hook.id);
    must(
        &product,
        Method::PATCH,
        &path,
        Some(&json!({"enabled": true})),
        StatusCode::OK,
    )
    .await;
    assert_eq!(deliveries(&product, &hook.id).await[0]["state"], "failed");
    must(&product, Method::POST, &replay, None, StatusCode::ACCEPTED).await;
    let delivered = settled(&product, &hook.id, "delivered", 1).await.remove(0);
    assert_eq!(
        (&delivered["attempts"], &delivered["replays"]),
        (&json!(11), &json!(1))
    );
    let got = receiver.got();
    let ids: BTreeSet<&str> = got.iter().map(Got::id).collect();
    assert_eq!((ids.len(), got.len()), (1, 11));
}

/// Replays everything since then, call after call. Answers how many each call replayed.
async fn replay_all(product: &Product, path: &str, since: i64) -> Vec<u64> {
    let mut body = json!({"since": since, "which": "all"});
    let mut replayed = Vec::new();
    loop {
        let answer = must(
            product,
            Method::POST,
            path,
            Some(&body),
            StatusCode::ACCEPTED,
        )
        .await;
        replayed.push(answer["replayed"].as_u64().unwrap());
        if answer["next"].is_null() {
            break;
        }
        body["after"] = answer["next"].clone();
    }
    replayed
}

#[tokio::test]
async fn deliveries_of_a_span_are_replayed_in_steps() {
    let product = product().await;
    let receiver = Receiver::start(Reply::ok()).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    let since = seconds(&product);
    for n in 0..25 {
        let event = mention(CHANNEL, &n.to_string());
        product.event(&event).await;
        product.settled(id(&event)).await;
    }
    settled(&product, &hook.id, "delivered", 25).await;
    let path = format!("/v1/hooks/{}/replay", hook.id);
    // Nothing failed.
    let none = json!({"since": since});
    let answer = must(
        &product,
        Method::POST,
        &path,
        Some(&none),
        StatusCode::ACCEPTED,
    )
    .await;
    assert_eq!(
        (&answer["replayed"], &answer["next"]),
        (&json!(0), &Value::Null)
    );
    let replayed = replay_all(&product, &path, since).await;
    assert_eq!(replayed, [20, 5]);
    receiver.has_got(50).await;
    let all = settled(&product, &hook.id, "delivered", 25).await;
    assert!(
        all.iter()
            .all(|delivery| delivery["replays"] == 1 && delivery["attempts"] == 2)
    );
    // Without `since`, it begins with the oldest that is kept.
    let all = json!({"which": "all"});
    let answer = must(
        &product,
        Method::POST,
        &path,
        Some(&all),
        StatusCode::ACCEPTED,
    )
    .await;
    assert_eq!(answer["replayed"], 20);
    let over = json!({"since": since + 3600, "which": "all", "until": since + 7200});
    let answer = must(
        &product,
        Method::POST,
        &path,
        Some(&over),
        StatusCode::ACCEPTED,
    )
    .await;
    assert_eq!(answer["replayed"], 0);
}

#[tokio::test]
async fn what_is_held_goes_to_the_new_address_at_once() {
    let product = product().await;
    let (old, new) = (
        Receiver::start(Reply::status(404)).await,
        Receiver::start(Reply::ok()).await,
    );
    let hook = make(&product, &old.url, json!({})).await;
    for n in 0..8 {
        let event = mention(CHANNEL, &n.to_string());
        product.event(&event).await;
        product.settled(id(&event)).await;
    }
    assert_eq!(shown(&product, &hook.id).await["interrupted"], true);
    assert_eq!(old.got().len(), 5);
    let path = format!("/v1/hooks/{}", hook.id);
    let moved = json!({"url": new.url});
    must(&product, Method::PATCH, &path, Some(&moved), StatusCode::OK).await;
    // Four of them wait for their own second attempts.
    new.has_got(4).await;
    product.clock.advance(Duration::from_secs(6));
    settled(&product, &hook.id, "delivered", 8).await;
    assert_eq!(shown(&product, &hook.id).await["interrupted"], false);
}
