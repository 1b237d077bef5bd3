//! Receivers that fail: each way has its words, the delivery is tried again, and no other waits for it.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tidegate_fake_slack::Approval;
use tidegate_testing::product::{Browser, OPERATOR_KEY, Product, TENANT, mention, until};
use tokio::net::TcpListener;

use crate::receiver::{Receiver, Reply};
use crate::setting::{ALLOW_PRIVATE, CHANNEL, attempts, deliveries, make, product, settled, shown};

/// Waits until the first delivery of a hook has been tried so often, and returns its attempts.
async fn tried(product: &Product, hook: &str, count: usize) -> Vec<Value> {
    until(&format!("{count} attempts"), async || {
        let all = deliveries(product, hook).await;
        let tried = attempts(product, hook, all.last()?).await;
        (tried.len() >= count).then_some(tried)
    })
    .await
}

#[tokio::test]
async fn a_delivery_that_fails_is_tried_again_with_the_same_id_and_a_new_signature() {
    let product = product().await;
    let receiver = Receiver::start(Reply::status(500)).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    product.event(&mention(CHANNEL, "hi")).await;
    let first = tried(&product, &hook.id, 1).await;
    assert_eq!(first[0]["status"], 500);
    assert_eq!(first[0]["problem"], "the receiver answered 500");
    assert_eq!(first[0]["response"], "no");
    let waiting = deliveries(&product, &hook.id).await.remove(0);
    assert_eq!(waiting["state"], "waiting");
    let next = waiting["next_attempt_at_ms"].as_i64().unwrap();
    let pause = next - first[0]["at_ms"].as_i64().unwrap();
    assert!((5000..=5500).contains(&pause), "{pause}");
    receiver.answer(Reply::ok());
    product.clock.advance(Duration::from_secs(6));
    let got = receiver.has_got(2).await;
    assert_eq!(got[0].id(), got[1].id());
    assert_eq!(got[0].body, got[1].body);
    assert_ne!(
        got[0].header("webhook-timestamp"),
        got[1].header("webhook-timestamp")
    );
    assert!(got.iter().all(|got| got.is_signed_by(&hook.secret)));
    settled(&product, &hook.id, "delivered", 1).await;
    assert_eq!(
        shown(&product, &hook.id).await["failing_since_ms"],
        Value::Null
    );
}

#[tokio::test]
async fn a_slow_receiver_holds_up_no_other_and_is_cut_off() {
    let product = product().await;
    let slow = Receiver::start(Reply::Nothing).await;
    let quick = Receiver::start(Reply::ok()).await;
    let slow_hook = make(&product, &slow.url, json!({})).await;
    let quick_hook = make(&product, &quick.url, json!({})).await;
    for n in 0..3 {
        product.event(&mention(CHANNEL, &n.to_string())).await;
    }
    settled(&product, &quick_hook.id, "delivered", 3).await;
    slow.has_got(1).await;
    // Ten seconds of the product's clock pass at once, and the call has to end by it.
    product.clock.hurry(200);
    let cut_off = until("an attempt was cut off", async || {
        let all = deliveries(&product, &slow_hook.id).await;
        all.into_iter().find(|delivery| delivery["attempts"] != 0)
    })
    .await;
    assert_eq!(
        (&cut_off["status"], &cut_off["problem"]),
        (
            &Value::Null,
            &json!("the receiver did not answer within 10 s")
        )
    );
    product.clock.hurry(1);
    slow.answer(Reply::ok());
    product.clock.advance(Duration::from_hours(2));
    settled(&product, &slow_hook.id, "delivered", 3).await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let product = product().await;
    let target = Receiver::start(Reply::ok()).await;
    let receiver = Receiver::start(Reply::Redirect(target.url.clone())).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    product.event(&mention(CHANNEL, "hi")).await;
    let tried = tried(&product, &hook.id, 1).await;
    assert_eq!(tried[0]["status"], 302);
    let words =
        "the receiver answered 302: redirects are not followed, so give the hook the new address";
    assert_eq!(tried[0]["problem"], words);
    assert!(target.got().is_empty());
}

#[tokio::test]
async fn of_a_large_answer_the_first_kilobyte_is_kept() {
    let product = product().await;
    let large = "x".repeat(5_000_000);
    let receiver = Receiver::start(Reply::Status(200, large)).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    product.event(&mention(CHANNEL, "hi")).await;
    let all = settled(&product, &hook.id, "delivered", 1).await;
    let tried = attempts(&product, &hook.id, &all[0]).await;
    assert_eq!(tried[0]["response"], "x".repeat(1024));
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_named_as_such() {
    let product = product().await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("http://127.0.0.1:{port}/a-secret-path");
    let hook = make(&product, &url, json!({})).await;
    product.event(&mention(CHANNEL, "hi")).await;
    let tried = tried(&product, &hook.id, 1).await;
    let problem = tried[0]["problem"].as_str().unwrap();
    assert!(
        problem.starts_with("the receiver cannot be connected to: "),
        "{problem}"
    );
    assert!(!problem.contains("a-secret-path"), "{problem}");
}

#[tokio::test]
async fn a_receiver_can_ask_for_time() {
    let product = product().await;
    let receiver = Receiver::start(Reply::Later(429, 600)).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    product.event(&mention(CHANNEL, "hi")).await;
    let first = tried(&product, &hook.id, 1).await;
    let waiting = deliveries(&product, &hook.id).await.remove(0);
    let pause =
        waiting["next_attempt_at_ms"].as_i64().unwrap() - first[0]["at_ms"].as_i64().unwrap();
    assert!(pause >= 600_000, "{pause}");
}

#[tokio::test]
async fn a_name_that_leads_to_a_private_address_is_refused_after_it_was_resolved() {
    let product = Product::start().await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // Only the resolver knows where this name leads.
    let hook = make(&product, &format!("https://localhost:{port}/"), json!({})).await;
    product.event(&mention(CHANNEL, "hi")).await;
    let tried = tried(&product, &hook.id, 1).await;
    let words = "the receiver's name leads to an address that is not public; Tidegate calls public addresses only";
    assert_eq!(tried[0]["problem"], words);
    let called = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
    assert!(called.is_err(), "nobody called");
}

#[tokio::test]
async fn an_address_that_was_allowed_when_the_hook_was_made_is_checked_again() {
    let folder = tempfile::TempDir::new().unwrap();
    let receiver = Receiver::start(Reply::ok()).await;
    let product = Product::start_in(folder.path(), &[ALLOW_PRIVATE]).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    product.stop().await;
    let product = Product::start_in(folder.path(), &[]).await;
    product.event(&mention(CHANNEL, "hi")).await;
    let tried = tried(&product, &hook.id, 1).await;
    assert_eq!(tried[0]["problem"], "the URL must begin with https://");
    assert!(receiver.got().is_empty());
}

#[tokio::test]
async fn a_receiver_that_is_gone_disables_its_hook_and_somebody_is_told() {
    let product = product().await;
    let receiver = Receiver::start(Reply::status(410)).await;
    let hook = make(&product, &receiver.url, json!({})).await;
    product.event(&mention(CHANNEL, "hi")).await;
    settled(&product, &hook.id, "failed", 1).await;
    let shown = shown(&product, &hook.id).await;
    assert_eq!(shown["enabled"], false);
    let reason = shown["disabled_reason"].as_str().unwrap();
    assert!(reason.contains("410"), "{reason}");
    let told = until("the notice", async || {
        product
            .replies("C0GENERAL01")
            .into_iter()
            .find(|text| text.contains(&hook.id))
    })
    .await;
    assert!(told.contains("410") && !told.contains("/slack"), "{told}");
    let path = format!("/v1/audit?limit=5&tenant={TENANT}");
    let trail = product.operator(Method::GET, &path).await.json();
    let entries = trail["entries"].as_array().unwrap().iter();
    let actions: BTreeSet<&str> = entries
        .filter_map(|entry| entry["action"].as_str())
        .collect();
    assert_eq!(actions, ["hooks.create", "hooks.disable"].into());
}

#[tokio::test]
async fn without_a_name_the_admins_are_told() {
    const ACME: &str = "T0ACME00001";
    let product = product().await;
    let approve = |url: &str| Approval {
        user: Some("U0ACME00001".to_owned()),
        ..Approval::of_team(url, ACME)
    };
    Browser::new(&product).install(&product, approve).await;
    let receiver = Receiver::start(Reply::status(410)).await;
    let wanted = json!({"url": receiver.url, "events": ["message"]});
    let path = format!("/v1/hooks?tenant={ACME}");
    let made = product.tell(&path, OPERATOR_KEY, &wanted).await.json();
    let hook = made["hook"]["id"].as_str().unwrap();
    let test = format!("/v1/hooks/{hook}/test?tenant={ACME}");
    product.operator(Method::POST, &test).await;
    let told = until("the notice", async || product.replies("D0ACME00001").pop()).await;
    assert!(told.contains(hook), "{told}");
}
