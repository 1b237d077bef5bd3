//! Token rotation: one refresh per expiry, before the token ends, and what happens when there is none any more.

use std::time::Duration;

use http::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tidegate_app::installs::grant::{Holder, State};
use tidegate_fake_slack::{Approval, FakeConfig, Fault, FaultKind, InstallRecord};
use tidegate_outcome::Outcome;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::delivery::BotTokens;
use tidegate_slack::api::auth::Test;
use tidegate_testing::install_world::{InstallWorld, TEAM};
use tidegate_testing::product::{Browser, Product, signed_at, unique, unique_ts, until};

const REFRESH: &str = "oauth.v2.access";
const POST: &str = "chat.postMessage";

async fn rotating() -> Product {
    let product = Product::start_with_slack(FakeConfig {
        token_rotation: true,
        echo_bot_messages: false,
        ..FakeConfig::default()
    })
    .await;
    install(&product).await;
    product
}

async fn install(product: &Product) {
    let browser = Browser::new(product);
    let page = browser
        .install(product, |url| Approval {
            user: Some("U0ACME00001".to_owned()),
            ..Approval::of_team(url, TEAM)
        })
        .await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
}

/// A mention in that channel, signed by the product's own clock: Slack's does not jump.
async fn mention(product: &Product, channel: &str) -> String {
    let (id, ts, now) = (unique("Ev"), unique_ts(), product.clock.now().seconds());
    let body = json!({
        "type": "event_callback", "team_id": TEAM, "api_app_id": "A0TIDEGATE1",
        "event": {"type": "app_mention", "channel": channel, "user": "U0ALICE0001", "text": "hello",
            "ts": ts, "event_ts": ts},
        "event_id": id, "event_time": now,
        "authorizations": [{"team_id": TEAM, "user_id": "UB0ACME00001", "is_bot": true}],
    })
    .to_string()
    .into_bytes();
    let headers = signed_at(now, "application/json", &body);
    let answer = product.send("/slack/events", headers, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    id
}

fn at_slack(product: &Product) -> InstallRecord {
    let installs = product.slack().installs().into_iter();
    let mut ours = installs.filter(|install| install.team.as_deref() == Some(TEAM));
    ours.next().unwrap()
}

fn outcomes(product: &Product, method: &str) -> Vec<String> {
    let calls = product.slack().calls().into_iter();
    let ours = calls.filter(|call| call.method == method);
    ours.map(|call| call.outcome).collect()
}

async fn workspace(product: &Product) -> Value {
    let path = format!("/v1/workspaces/{TEAM}");
    let answer = product.operator(Method::GET, &path).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()["workspace"].clone()
}

async fn parked(product: &Product) -> Vec<Value> {
    let answer = product.operator(Method::GET, "/v1/operator/posts").await;
    answer.json()["posts"].as_array().unwrap().clone()
}

fn refused(code: &str) -> Fault {
    Fault {
        error: Some(code.to_owned()),
        ..Fault::new(REFRESH, FaultKind::OkFalse)
    }
}

#[tokio::test(start_paused = true)]
async fn two_hundred_takers_at_an_expiry_cause_one_refresh() {
    let world = InstallWorld::new(1).await;
    world.install().await;
    let before = world.grant().await;
    world.pass(Duration::from_hours(12)).await;
    let takers: Vec<_> = (0..200)
        .map(|_| {
            let instance = world.instance();
            tokio::spawn(async move { instance.token(&TEAM.into()).await })
        })
        .collect();
    let mut got = Vec::new();
    for taker in takers {
        let token = taker.await.unwrap().unwrap();
        got.push(token.expose_secret().to_owned());
    }
    let at_slack = world.at_slack();
    assert_eq!((at_slack.refreshes, at_slack.refused_refreshes), (1, 0));
    let stored = world.grant().await;
    assert_eq!(stored.generation, before.generation + 1);
    let newest = stored.tokens.unwrap();
    assert!(
        got.iter()
            .all(|token| token == newest.access.expose_secret())
    );
    let answer = world.client.perform(&newest.access, &Test {}).await;
    assert!(matches!(answer, Outcome::Done(_)), "{answer:?}");
}

#[tokio::test]
async fn two_hundred_posts_that_wait_at_an_expiry_all_go_after_one_refresh() {
    let product = rotating().await;
    let slack = product.slack();
    // Everything waits until the token has ended.
    slack.add_fault(Fault {
        retry_after: Some(json!(600)),
        times: 1000,
        ..Fault::new(POST, FaultKind::RateLimited)
    });
    let channels: Vec<String> = (0..200).map(|n| format!("C0WAITING{n:03}")).collect();
    for channel in &channels {
        mention(&product, channel).await;
    }
    product.handled().await;
    until("somebody met the limit", async || {
        (!outcomes(&product, POST).is_empty()).then_some(())
    })
    .await;
    slack.clear_faults();
    slack.expire_tokens(None);
    product.clock.advance(Duration::from_hours(12));
    until("every post is there", async || {
        let there = channels.iter().filter(|c| product.replies(c).len() == 1);
        (there.count() == 200).then_some(())
    })
    .await;
    let install = at_slack(&product);
    assert_eq!((install.refreshes, install.refused_refreshes), (1, 0));
    let failed: Vec<String> = outcomes(&product, POST)
        .into_iter()
        .filter(|outcome| !["ok", "ratelimited"].contains(&outcome.as_str()))
        .collect();
    assert_eq!(failed, Vec::<String>::new());
    assert_eq!(parked(&product).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_token_is_renewed_two_hours_before_it_ends() {
    let product = rotating().await;
    let ends = workspace(&product).await["token_expires_at"].as_i64();
    product
        .clock
        .advance(Duration::from_hours(10) + Duration::from_mins(1));
    until("the token is renewed", async || {
        (workspace(&product).await["token_expires_at"].as_i64() > ends).then_some(())
    })
    .await;
    let install = at_slack(&product);
    assert_eq!((install.refreshes, install.refused_refreshes), (1, 0));
    // And once only.
    product.clock.advance(Duration::from_hours(9));
    mention(&product, "C0RENEWED01").await;
    until("the answer", async || {
        (product.replies("C0RENEWED01").len() == 1).then_some(())
    })
    .await;
    assert_eq!(at_slack(&product).refreshes, 1);
}

#[tokio::test]
async fn a_post_refused_for_an_expired_token_goes_with_a_new_one() {
    let product = rotating().await;
    product.slack().expire_tokens(Some(TEAM));
    let id = mention(&product, "C0EXPIRED01").await;
    let shown = product.settled(&id).await;
    assert_eq!(shown["state"], "done", "{shown}");
    assert_eq!(outcomes(&product, POST), ["token_expired", "ok"]);
    let install = at_slack(&product);
    assert_eq!((install.refreshes, install.refused_refreshes), (1, 0));
    assert_eq!(parked(&product).await, Vec::<Value>::new());
}

#[tokio::test]
async fn without_a_good_refresh_token_the_installer_is_told_once_and_posts_wait() {
    let product = rotating().await;
    let slack = product.slack();
    slack.add_fault(Fault {
        times: 1000,
        ..refused("invalid_refresh_token")
    });
    product
        .clock
        .advance(Duration::from_hours(10) + Duration::from_mins(1));
    until("it must be installed again", async || {
        (workspace(&product).await["state"] == "reconnect").then_some(())
    })
    .await;
    assert_eq!(workspace(&product).await["reason"], "invalid_refresh_token");
    // The token still works: it tells.
    product.clock.advance(Duration::from_secs(61));
    let notice = until("the installer is told", async || {
        product.replies("D0ACME00001").pop()
    })
    .await;
    assert!(notice.contains("install it again"), "{notice}");
    mention(&product, "C0STILLGOOD").await;
    until("what comes until the end is answered", async || {
        (product.replies("C0STILLGOOD").len() == 1).then_some(())
    })
    .await;
    // Slack was asked once.
    assert_eq!(outcomes(&product, REFRESH).len(), 2);
    product.clock.advance(Duration::from_hours(3));
    slack.expire_tokens(None);
    for n in 0..3 {
        mention(&product, "C0HELD00001").await;
        product.drained().await;
        assert_eq!(outcomes(&product, POST).len(), 2, "post {n} was tried");
    }
    assert_eq!(parked(&product).await, Vec::<Value>::new());
    assert_eq!(product.replies("D0ACME00001").len(), 1);
    slack.clear_faults();
    install(&product).await;
    until("what waited is there", async || {
        product.clock.advance(Duration::from_secs(1));
        (product.replies("C0HELD00001").len() == 3).then_some(())
    })
    .await;
    assert_eq!(workspace(&product).await["state"], "connected");
    assert_eq!(product.replies("D0ACME00001").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_slack_refuses_for_good_is_not_tried_for_ever() {
    let world = InstallWorld::new(2).await;
    world.install().await;
    // By our clock it is good for hours.
    world.slack.expire_tokens(Some(TEAM));
    world.slack.add_fault(Fault {
        times: 1000,
        ..refused("invalid_refresh_token")
    });
    let instance = world.instance();
    let token = instance.token(&TEAM.into()).await.unwrap();
    let refused = instance
        .refused(&TEAM.into(), &token, "token_expired")
        .await;
    assert_eq!(
        refused,
        tidegate_pipeline::delivery::TokenVerdict::Disconnected
    );
    assert_eq!(world.grant().await.state, State::Reconnect);
    assert!(instance.token(&TEAM.into()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_refresher_that_wakes_up_late_still_stores_what_only_it_has() {
    let world = InstallWorld::new(3).await;
    world.install().await;
    world.pass(Duration::from_hours(12)).await;
    let held = world
        .engine
        .hold_next(&["transact", " put ", "install/bot"], false);
    let late = world.instance();
    let late = tokio::spawn(async move { late.token(&TEAM.into()).await });
    held.reached.notified().await;
    world.pass(Duration::from_secs(21)).await;
    // Others find its lease over, ask Slack, and learn that the refresh token was used.
    let other = world.instance();
    assert!(
        other
            .renewed(&TEAM.into(), &Holder::Bot, None)
            .await
            .is_err()
    );
    assert_eq!(world.grant().await.state, State::Reconnect);
    let held_lane = tidegate_pipeline::table::RowKey::new(&["held"], &["C1"]);
    let note = tidegate_pipeline::table::Item::new().with("lane", "C1");
    world
        .rows()
        .write(tidegate_pipeline::table::Write::put(
            held_lane.clone(),
            note,
        ))
        .await
        .unwrap();
    held.go_on.notify_one();
    let token = late.await.unwrap().unwrap();
    let stored = world.grant().await;
    assert_eq!(stored.state, State::Connected);
    assert_eq!(
        stored.tokens.unwrap().access.expose_secret(),
        token.expose_secret()
    );
    // Posts that waited for it go on.
    assert_eq!(world.rows().get(&held_lane).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_is_stored_also_if_its_caller_stops_waiting() {
    let world = InstallWorld::new(4).await;
    world.install().await;
    let before = world.grant().await.generation;
    world.pass(Duration::from_hours(12)).await;
    let held = world
        .engine
        .hold_next(&["transact", " put ", "install/bot"], false);
    let instance = world.instance();
    let caller = tokio::spawn(async move { instance.token(&TEAM.into()).await });
    held.reached.notified().await;
    // Slack has given the new tokens, and the caller's deadline passes.
    caller.abort();
    assert!(caller.await.is_err());
    held.go_on.notify_one();
    for _ in 0..1000 {
        if world.grant().await.generation > before {
            break;
        }
        world.clock.sleep(Duration::from_millis(25)).await;
    }
    let stored = world.grant().await;
    assert!(stored.generation > before, "the new tokens are lost");
    assert_eq!(stored.state, State::Connected);
    assert!(world.instance().token(&TEAM.into()).await.is_ok());
}
