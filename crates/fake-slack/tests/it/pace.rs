//! Slack's rate tiers, where the configuration asks for them.

use std::time::Duration;

use serde_json::json;
use tidegate_fake_slack::FakeConfig;

use crate::fakes::sandbox_with;
use crate::oauth::text;

#[tokio::test]
async fn a_methods_tier_is_counted_by_installation() {
    let config = FakeConfig {
        rate_tiers: true,
        ..FakeConfig::default()
    };
    let sandbox = sandbox_with(config).await;
    for _ in 0..20 {
        assert_eq!(sandbox.call("users.list", json!({})).await["ok"], true);
    }
    let refused = sandbox
        .request("users.list", &json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "60");
    assert_eq!(
        sandbox
            .call("users.info", json!({ "user": "U0BOB000001" }))
            .await["ok"],
        true
    );
    let acme = text(
        &sandbox.install("T0ACME00001", "users:read", "").await,
        "/access_token",
    );
    assert_eq!(
        sandbox.call_as(&acme, "users.list", json!({})).await["ok"],
        true
    );
    sandbox.clock.advance(Duration::from_mins(1));
    assert_eq!(sandbox.call("users.list", json!({})).await["ok"], true);

    let post = json!({ "channel": "C0GENERAL01", "text": "x" });
    assert_eq!(
        sandbox.call("chat.postMessage", post.clone()).await["ok"],
        true
    );
    let refused = sandbox
        .request("chat.postMessage", &post)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.headers()["retry-after"], "1");
    let elsewhere = json!({ "channel": "C0RANDOM001", "text": "x" });
    assert_eq!(
        sandbox.call("chat.postMessage", elsewhere).await["ok"],
        true
    );
}
