//! From an event to a receiver: what it gets, what is signed, and what is left out.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::json;
use standardwebhooks::Webhook;
use tidegate_testing::product::{TENANT, envelope, id, mention, message, unique, unique_ts};

use crate::receiver::{Receiver, Reply};
use crate::setting::{
    CHANNEL, attempts, call, deliveries, make, must, product, send_now, settled, shown,
};

#[tokio::test]
async fn an_event_reaches_its_receiver_signed_as_standard_webhooks_says() {
    let product = product().await;
    let receiver = Receiver::start(Reply::ok()).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    let event = mention(CHANNEL, "<@U0TIDEGATE1> Grüße");
    product.event(&event).await;
    let got = receiver.has_got(1).await.remove(0);
    // The library's own check, with its tolerance of five minutes.
    let webhook = Webhook::new(&hook.secret).unwrap();
    webhook.verify(&got.body, &got.headers).unwrap();
    let mut changed = got.body.clone();
    changed[10] ^= 1;
    assert!(webhook.verify(&changed, &got.headers).is_err());
    assert_eq!(got.header("content-type"), "application/json");
    let body = got.json();
    assert_eq!(body["type"], "slack.app_mention");
    assert_eq!(body["data"]["tenant"], TENANT);
    assert_eq!(body["data"]["event_id"], id(&event));
    // Slack's event and nothing of its envelope, which has a token.
    assert_eq!(body["data"]["event"], event["event"]);
    assert_eq!(body.as_object().unwrap().len(), 3);

    let all = settled(&product, &hook.id, "delivered", 1).await;
    assert_eq!((&all[0]["id"], all.len()), (&json!(got.id()), 1));
    let tried = attempts(&product, &hook.id, &all[0]).await;
    assert_eq!(
        (&tried[0]["status"], &tried[0]["response"]),
        (&json!(200), &json!("thanks"))
    );
    product.drained().await;
    assert_eq!(receiver.got().len(), 1);
}

#[tokio::test]
async fn a_hook_gets_what_it_asked_for_and_nothing_of_the_app_itself() {
    let product = product().await;
    let receiver = Receiver::start(Reply::ok()).await;
    let other = Receiver::start(Reply::ok()).await;
    let fields = json!({"events": ["message", "reaction_added"], "channels": [CHANNEL]});
    let hook = make(&product, &receiver.url, fields).await;
    make(&product, &other.url, json!({"events": ["message"]})).await;
    let mut own = message(CHANNEL, "by the bot");
    own["event"]["user"] = json!("U0TIDEGATE1");
    let mut direct = message("D0ALICE0001", "between us");
    direct["event"]["channel_type"] = json!("im");
    let item = json!({"type": "message", "channel": CHANNEL, "ts": unique_ts()});
    let reaction = envelope(&json!({
        "type": "reaction_added", "user": "U0ALICE0001", "reaction": "eyes", "item": item, "event_ts": unique_ts(),
    }));
    let here = message(CHANNEL, "here");
    let elsewhere = message("C0RANDOM001", "elsewhere");
    for event in [
        &own,
        &direct,
        &reaction,
        &here,
        &elsewhere,
        &mention(CHANNEL, "hi"),
    ] {
        product.event(event).await;
        product.settled(id(event)).await;
    }
    product.drained().await;
    let ids = |receiver: &Receiver| {
        let got = receiver.got().into_iter();
        let mut ids: Vec<String> = got
            .map(|got| got.json()["data"]["event_id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    };
    let mut expected = [id(&reaction), id(&here)];
    expected.sort_unstable();
    assert_eq!(ids(&receiver), expected);
    let mut expected = [id(&here), id(&elsewhere)];
    expected.sort_unstable();
    assert_eq!(ids(&other), expected, "no direct message without its name");
    assert_eq!(deliveries(&product, &hook.id).await.len(), 2);
}

/// Slack may send an event for the person who installed the app. That person's edits are not the app's own.
#[tokio::test]
async fn an_edit_reaches_a_hook_unless_the_edited_message_is_the_apps_own() {
    let product = product().await;
    let receiver = Receiver::start(Reply::ok()).await;
    make(&product, &receiver.url, json!({"events": ["message"]})).await;
    let edit = |author: &str| {
        let message = json!({"type": "message", "user": author, "text": "new", "ts": unique_ts()});
        envelope(&json!({
            "type": "message", "subtype": "message_changed", "channel": CHANNEL, "ts": unique_ts(),
            "event_ts": unique_ts(), "message": message, "previous_message": message,
        }))
    };
    let own = edit("U0TIDEGATE1");
    let mut by_person = edit("U0ALICE0001");
    by_person["authorizations"][0]["user_id"] = json!("U0ALICE0001");
    by_person["authorizations"][0]["is_bot"] = json!(false);
    for event in [&own, &by_person] {
        product.event(event).await;
        product.settled(id(event)).await;
    }
    product.drained().await;
    let got = receiver.got();
    let ids = got.iter().map(|got| got.json()["data"]["event_id"].clone());
    assert_eq!(ids.collect::<Vec<_>>(), [id(&by_person)]);
}

#[tokio::test]
async fn an_event_that_slack_sends_twice_is_delivered_once() {
    let product = product().await;
    let receiver = Receiver::start(Reply::ok()).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    let first = mention(CHANNEL, "once");
    let mut second = first.clone();
    second["event_id"] = json!(unique("Ev"));
    for event in [&first, &first, &second] {
        product.event(event).await;
        product.settled(id(event)).await;
    }
    product.drained().await;
    assert_eq!(receiver.got().len(), 1);
    assert_eq!(deliveries(&product, &hook.id).await.len(), 1);
}

#[tokio::test]
async fn a_large_event_arrives_whole() {
    let product = product().await;
    let receiver = Receiver::start(Reply::ok()).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    let long = "ü".repeat(200_000);
    let event = mention(CHANNEL, &long);
    let sent = product.event(&event).await;
    assert_eq!(sent.status, StatusCode::OK);
    let got = receiver.has_got(1).await.remove(0);
    assert_eq!(got.json()["data"]["event"]["text"], json!(long));
    assert!(got.is_signed_by(&hook.secret));
}

#[tokio::test]
async fn for_a_day_after_a_new_secret_both_sign() {
    let product = product().await;
    let receiver = Receiver::start(Reply::ok()).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    let path = format!("/v1/hooks/{}/secret", hook.id);
    let rotated = must(&product, Method::POST, &path, None, StatusCode::OK).await;
    let secret = rotated["secret"].as_str().unwrap();
    assert_ne!(secret, hook.secret);
    product.event(&mention(CHANNEL, "one")).await;
    let got = receiver.has_got(1).await.remove(0);
    assert!(got.is_signed_by(secret) && got.is_signed_by(&hook.secret));
    product.clock.advance(Duration::from_hours(24));
    send_now(&product, &mention(CHANNEL, "two")).await;
    let got = receiver.has_got(2).await.remove(1);
    assert!(got.is_signed_by(secret) && !got.is_signed_by(&hook.secret));
}

#[tokio::test]
async fn a_test_delivery_is_one_like_any_other() {
    let product = product().await;
    let receiver = Receiver::start(Reply::ok()).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    let path = format!("/v1/hooks/{}/test", hook.id);
    let sent = must(&product, Method::POST, &path, None, StatusCode::ACCEPTED).await;
    let got = receiver.has_got(1).await.remove(0);
    assert_eq!(sent["delivery"]["id"], got.id());
    assert_eq!(got.json()["type"], "tidegate.test");
    assert!(got.is_signed_by(&hook.secret));
    settled(&product, &hook.id, "delivered", 1).await;
}

#[tokio::test]
async fn a_hook_that_is_disabled_or_deleted_gets_nothing() {
    let product = product().await;
    let receiver = Receiver::start(Reply::ok()).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    let path = format!("/v1/hooks/{}", hook.id);
    let off = json!({"enabled": false});
    must(&product, Method::PATCH, &path, Some(&off), StatusCode::OK).await;
    assert_eq!(shown(&product, &hook.id).await["enabled"], false);
    let missed = mention(CHANNEL, "missed");
    product.event(&missed).await;
    product.settled(id(&missed)).await;
    let on = json!({"enabled": true});
    must(&product, Method::PATCH, &path, Some(&on), StatusCode::OK).await;
    product.event(&mention(CHANNEL, "seen")).await;
    receiver.has_got(1).await;
    must(&product, Method::DELETE, &path, None, StatusCode::OK).await;
    let late = mention(CHANNEL, "late");
    product.event(&late).await;
    product.settled(id(&late)).await;
    product.drained().await;
    let texts: Vec<_> = receiver
        .got()
        .iter()
        .map(|got| got.json()["data"]["event"]["text"].clone())
        .collect();
    assert_eq!(texts, [json!("seen")]);
    let gone = call(&product, Method::GET, &path, None).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn headers_are_those_of_the_specification_and_no_more() {
    let product = product().await;
    let receiver = Receiver::start(Reply::ok()).await;
    make(&product, &receiver.url, json!({})).await;
    product.event(&mention(CHANNEL, "hi")).await;
    let got = receiver.has_got(1).await.remove(0);
    let mut names: Vec<&str> = got.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    let expected = [
        "accept",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    ];
    assert_eq!(names, expected);
}
