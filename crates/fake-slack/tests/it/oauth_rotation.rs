//! Tokens that rotate: they expire, and are refreshed once.

use std::time::Duration;

use serde_json::json;
use tidegate_fake_slack::{Fault, FaultKind};

use crate::fakes::{sandbox, sandbox_with};
use crate::oauth::{rotating, text};

#[tokio::test]
async fn rotating_tokens_expire_and_are_refreshed_once() {
    let sandbox = sandbox_with(rotating()).await;
    let first = sandbox
        .install("T0ACME00001", "chat:write", "search:read")
        .await;
    assert_eq!(
        (&first["expires_in"], &first["authed_user"]["expires_in"]),
        (&json!(43200), &json!(43200))
    );
    let (token, refresh) = (
        text(&first, "/access_token"),
        text(&first, "/refresh_token"),
    );
    assert!(token.starts_with("xoxe.xoxb-1-") && refresh.starts_with("xoxe-1-"));
    sandbox.clock.advance(Duration::from_hours(12));
    let expired = sandbox.call_as(&token, "auth.test", json!({})).await;
    assert_eq!(expired["error"], "token_expired");

    let second = sandbox.refresh(&refresh).await;
    assert_eq!(
        (&second["token_type"], &second["team"]["id"]),
        (&json!("bot"), &json!("T0ACME00001"))
    );
    let fresh = text(&second, "/access_token");
    assert_eq!(
        sandbox.call_as(&fresh, "auth.test", json!({})).await["ok"],
        true
    );
    assert_eq!(
        sandbox.refresh(&refresh).await["error"],
        "invalid_refresh_token"
    );
    let of_user = sandbox
        .refresh(&text(&first, "/authed_user/refresh_token"))
        .await;
    assert_eq!(
        (&of_user["token_type"], &of_user["scope"]),
        (&json!("user"), &json!("search:read"))
    );

    sandbox
        .control("oauth/expire", json!({ "team": "T0ACME00001" }))
        .await;
    let expired = sandbox.call_as(&fresh, "auth.test", json!({})).await;
    assert_eq!(expired["error"], "token_expired");
    let installs = sandbox.look("oauth/installs").await;
    assert_eq!(
        (
            &installs[0]["code_exchanges"],
            &installs[0]["refreshes"],
            &installs[0]["refused_refreshes"]
        ),
        (&json!(1), &json!(2), &json!(1))
    );
}

#[tokio::test]
async fn a_refresh_whose_answer_is_lost_has_spent_its_token() {
    let sandbox = sandbox_with(rotating()).await;
    let first = sandbox.install("T0ACME00001", "chat:write", "").await;
    sandbox
        .fake
        .add_fault(Fault::new("oauth.v2.access", FaultKind::TimeoutAfter));
    let refresh = text(&first, "/refresh_token");
    let request = sandbox
        .http
        .post(format!("{}/api/oauth.v2.access", sandbox.url));
    let request = request.basic_auth("1000000000.2000000000", Some("sandbox-client-secret"));
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
    ];
    let lost = request
        .form(&form)
        .timeout(Duration::from_secs(2))
        .send()
        .await;
    assert!(lost.unwrap_err().is_timeout());
    assert_eq!(
        sandbox.refresh(&refresh).await["error"],
        "invalid_refresh_token"
    );
    assert_eq!(sandbox.fake.installs()[0].refreshes, 1);
    assert_eq!(sandbox.fake.calls().len(), 3);
}

#[tokio::test]
async fn an_old_token_is_exchanged_once_rotation_is_on() {
    let sandbox = sandbox().await;
    let old = text(
        &sandbox.install("T0ACME00001", "chat:write", "").await,
        "/access_token",
    );
    let args = [("token", old.as_str())];
    let early = sandbox.as_client("oauth.v2.exchange", &args).await;
    assert_eq!(early["error"], "token_rotation_not_enabled");
    sandbox.control("oauth/rotation", json!({})).await;
    let pair = sandbox.as_client("oauth.v2.exchange", &args).await;
    assert_eq!(
        (&pair["expires_in"], &pair["scope"]),
        (&json!(43200), &json!("chat:write"))
    );
    assert_eq!(
        sandbox.refresh(&text(&pair, "/refresh_token")).await["ok"],
        true
    );
    let again = sandbox.as_client("oauth.v2.exchange", &args).await;
    assert_eq!(again["error"], "token_already_exchanged");
    let dead = sandbox.call_as(&old, "auth.test", json!({})).await;
    assert_eq!(dead["error"], "token_revoked");
}
