//! The life of an incident.

use crate::support::{Product, until};

const ALICE: &str = "U0ALICE0001";

#[tokio::test]
async fn an_incident_lives() {
    let product = Product::start().await;
    let slack = product.slack();
    let report = slack
        .run_command(
            ALICE,
            "C0GENERAL01",
            "/incident",
            "declare Checkout is down sev:P1 service:api",
        )
        .await;
    assert!(format!("{report:?}").contains("200"), "{report:?}");
    until("the topic is set", async || {
        let calls = slack.calls();
        calls
            .iter()
            .any(|call| call.method == "bookmarks.list" || call.method == "conversations.setTopic")
            .then_some(())
    })
    .await;
    product.drained().await;
    for call in slack.calls() {
        println!("{call:?}");
    }
    for call in slack.ephemerals() {
        println!("{call:?}");
    }
}
