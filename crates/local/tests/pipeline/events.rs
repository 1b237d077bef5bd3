//! Which events are one and the same.

use serde_json::json;
use tidegate_testing::product::{Product, TENANT, envelope, id};

/// Without a timestamp nothing but the id tells two events apart.
#[tokio::test]
async fn events_without_a_natural_key_are_told_apart_by_their_id() {
    let product = Product::start().await;
    let events = [0, 1].map(|_| envelope(&json!({"type": "app_uninstalled"})));
    for event in &events {
        product.event(event).await;
        product.event(event).await;
        assert_eq!(product.settled(id(event)).await["state"], "done");
    }
    product.drained().await;
    assert_eq!(product.archived(Some(TENANT)).await.len(), 2);
}
