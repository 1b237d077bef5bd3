//! A delivery whose row is damaged, as somebody who can write to the table can make it: it holds up no other.

use http::{Method, StatusCode};
use serde_json::json;
use tidegate_pipeline::table::{Range, RowKey, Write};
use tidegate_testing::product::{Product, TENANT, mention};

use crate::receiver::{Receiver, Reply};
use crate::setting::{CHANNEL, deliveries, make, must, product, settled, shown};

/// Removes the delivery from its row.
async fn spoil(product: &Product, hook: &str, delivery: &str) {
    let key = RowKey::new(&["hook_deliveries", hook], &[delivery]);
    let spoil = Write::update(key, "REMOVE #delivery");
    let rows = product.store().table.tenant(&TENANT.into());
    rows.write(spoil).await.unwrap();
}

#[tokio::test]
async fn a_damaged_delivery_is_left_out_of_lists_and_replays() {
    let product = product().await;
    let receiver = Receiver::start(Reply::ok()).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    for n in 0..3 {
        product.event(&mention(CHANNEL, &n.to_string())).await;
    }
    let all = settled(&product, &hook.id, "delivered", 3).await;
    spoil(&product, &hook.id, all[1]["id"].as_str().unwrap()).await;
    let left = deliveries(&product, &hook.id).await;
    assert_eq!(left, [all[0].clone(), all[2].clone()]);
    let path = format!("/v1/hooks/{}/replay", hook.id);
    let body = json!({"which": "all"});
    let answer = must(
        &product,
        Method::POST,
        &path,
        Some(&body),
        StatusCode::ACCEPTED,
    )
    .await;
    assert_eq!(answer["replayed"], 2);
    receiver.has_got(5).await;
}

#[tokio::test]
async fn a_damaged_delivery_that_is_held_does_not_end_the_drain() {
    let product = product().await;
    let receiver = Receiver::start(Reply::status(500)).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    for n in 0..5 {
        product
            .event(&mention(CHANNEL, &format!("fails {n}")))
            .await;
    }
    receiver.has_got(5).await;
    tidegate_testing::product::until("the hook is interrupted", async || {
        (shown(&product, &hook.id).await["interrupted"] == true).then_some(())
    })
    .await;
    for n in 0..6 {
        product.event(&mention(CHANNEL, &format!("held {n}"))).await;
    }
    product.handled().await;
    let all = settled(&product, &hook.id, "waiting", 11).await;
    let rows = product.store().table.tenant(&TENANT.into());
    for part in ["0", "1"] {
        let partition = ["hook_held", &hook.id, "1", part];
        let held = rows.pages(&partition, Range::All).all().await.unwrap();
        if let Some((place, _)) = held.first() {
            spoil(&product, &hook.id, &place.sort_parts()[1]).await;
        }
    }
    receiver.answer(Reply::ok());
    let good = deliveries(&product, &hook.id).await.len();
    assert!(good < all.len());
    let test = format!("/v1/hooks/{}/test", hook.id);
    must(&product, Method::POST, &test, None, StatusCode::ACCEPTED).await;
    let held = settled(&product, &hook.id, "delivered", 1).await;
    assert!(!held.is_empty());
    tidegate_testing::product::until("what was held is delivered", async || {
        let rows = product.store().table.tenant(&TENANT.into());
        let mut left = 0;
        for part in ["0", "1"] {
            let partition = ["hook_held", &hook.id, "1", part];
            left += rows
                .pages(&partition, Range::All)
                .all()
                .await
                .unwrap()
                .len();
        }
        (left == 0).then_some(())
    })
    .await;
}

/// The receiver gets one of these calls at a time, however often somebody asks.
#[tokio::test]
async fn tests_of_a_receiver_that_hangs_take_one_sender() {
    let product = product().await;
    let receiver = Receiver::start(Reply::Nothing).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    let test = format!("/v1/hooks/{}/test", hook.id);
    for _ in 0..10 {
        must(&product, Method::POST, &test, None, StatusCode::ACCEPTED).await;
    }
    receiver.has_got(1).await;
    receiver.answer(Reply::ok());
    receiver.has_got(10).await;
    assert_eq!(receiver.most_at_once(), 1);
}
