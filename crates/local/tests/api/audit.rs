//! The audit trail over HTTP: what leaves a row, and who reads it.

use http::{Method, StatusCode};
use tidegate_testing::product::{Product, TENANT};

#[tokio::test]
async fn a_key_leaves_an_audit_row_when_made_and_when_revoked() {
    let product = Product::start().await;
    let reader = product
        .make_key(TENANT, &["audit:read", "keys:write"])
        .await;
    let path = format!("/v1/keys/{}", reader.id);
    let trail = product.ask(Method::GET, "/v1/audit", &reader.key).await;
    assert_eq!(trail.status, StatusCode::OK, "{trail:?}");
    let revoked = product.ask(Method::DELETE, &path, &reader.key).await;
    assert_eq!(revoked.status, StatusCode::OK);
    let asked = format!("/v1/audit?tenant={TENANT}");
    let trail = product.operator(Method::GET, &asked).await.json();
    let told: Vec<_> = trail["entries"].as_array().unwrap().iter().collect();
    let (_, own) = reader.id.split_once('_').unwrap();
    assert_eq!(
        (&told[0]["action"], &told[1]["action"]),
        (&"key.revoke".into(), &"key.create".into())
    );
    assert_eq!(
        (&told[0]["actor"], &told[1]["actor"]),
        (&format!("key:{own}").into(), &"operator".into())
    );
    assert!(
        told[1]["detail"]
            .as_str()
            .unwrap()
            .contains("keys:write audit:read"),
        "{trail}"
    );
    // The trail outlives the workspace's erasure, so it does not name it.
    assert!(!trail.to_string().contains(TENANT), "{trail}");
    let elsewhere = product
        .operator(Method::GET, "/v1/audit?tenant=T0OTHER0001")
        .await;
    assert_eq!(elsewhere.json()["entries"], serde_json::json!([]));
}
