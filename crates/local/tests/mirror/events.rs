//! Events from the request to the row of the message.

use http::StatusCode;
use serde_json::{Value, json};
use tidegate_app::mirror::messages;
use tidegate_pipeline::table::Item;
use tidegate_testing::product::{Product, TENANT, envelope, id, message, until};

const CHANNEL: &str = "C0GENERAL01";

#[tokio::test]
async fn a_message_with_its_changes_ends_the_same_in_any_order() {
    let product = Product::start().await;
    let mut sent = Vec::new();
    for (place, order) in orders().into_iter().enumerate() {
        let channel = format!("C0ORDER{place:03}");
        let deletes = place % 2 == 0;
        for step in order {
            let event = step_of_a_message(&channel, step, deletes);
            assert_eq!(product.event(&event).await.status, StatusCode::OK);
            sent.push((id(&event).to_owned(), channel.clone(), deletes));
        }
    }
    for (event_id, ..) in &sent {
        assert_eq!(product.settled(event_id).await["state"], "done");
    }
    for (_, channel, deletes) in sent {
        let row = stored(&product, TENANT, &channel, "10.000100").await;
        let row = row.unwrap();
        assert_eq!(row.text("version"), Some("10.000400"), "{channel}");
        assert_eq!(
            row.opened_text("text"),
            (!deletes).then_some("third"),
            "{channel}"
        );
        assert_eq!(row.flag("deleted"), deletes, "{channel}");
    }
}

/// All orders of four steps.
fn orders() -> Vec<Vec<usize>> {
    let all = (0..256).map(|n| vec![n / 64, n / 16 % 4, n / 4 % 4, n % 4]);
    all.filter(|order| (0..4).all(|step| order.contains(&step)))
        .collect()
}

fn step_of_a_message(channel: &str, step: usize, deletes: bool) -> Value {
    let at = format!("10.000{}00", step + 1);
    let edited = |text: &str| {
        json!({"type": "message", "subtype": "message_changed", "channel": channel, "ts": at, "event_ts": at,
            "message": {"type": "message", "user": "U0ALICE0001", "ts": "10.000100", "text": text,
                "edited": {"user": "U0ALICE0001", "ts": at}}})
    };
    let event = match step {
        0 => {
            json!({"type": "message", "channel": channel, "user": "U0ALICE0001", "ts": at, "event_ts": at,
            "text": "original"})
        }
        1 => edited("first"),
        2 => edited("second"),
        _ if deletes => {
            json!({"type": "message", "subtype": "message_deleted", "channel": channel, "ts": at,
                "event_ts": at, "deleted_ts": "10.000100"})
        }
        _ => edited("third"),
    };
    envelope(&event)
}

#[tokio::test]
async fn two_tenants_never_meet() {
    let product = Product::start().await;
    // The same everything but for the installation.
    let mut event = message(CHANNEL, "hello");
    event["event"]["ts"] = json!("10.000100");
    let tenants = ["T0FIRST0001", "T0SECOND001"];
    for tenant in tenants {
        event["authorizations"][0]["team_id"] = json!(tenant);
        event["event"]["text"] = json!(format!("hello of {tenant}"));
        assert_eq!(product.event(&event).await.status, StatusCode::OK);
    }
    for tenant in tenants {
        let row = until("its row", async || {
            stored(&product, tenant, CHANNEL, "10.000100").await
        })
        .await;
        assert_eq!(
            row.opened_text("text"),
            Some(format!("hello of {tenant}").as_str())
        );
        let archived = product.archived(Some(tenant)).await;
        assert_eq!(archived.len(), 1, "{archived:?}");
        assert_eq!(archived[0]["tenant"], tenant);
    }
    assert_eq!(stored(&product, TENANT, CHANNEL, "10.000100").await, None);
}

#[tokio::test]
async fn an_event_belongs_to_the_installation_it_was_delivered_for() {
    let product = Product::start().await;
    // Slack Connect: the author's workspace stands at the top, the installation in the authorization.
    let mut connect = message("C0SHARED001", "from outside");
    connect["team_id"] = json!("T0OTHERCORP");
    connect["context_team_id"] = json!("T0OTHERCORP");
    connect["is_ext_shared_channel"] = json!(true);
    // An org-wide installation is one tenant, the organisation.
    let mut org = message("C0ORG000001", "from the org");
    org["authorizations"][0] = json!({"team_id": "T0WORKSPACE", "enterprise_id": "E0ORG000001",
        "user_id": "U0TIDEGATE1", "is_bot": true, "is_enterprise_install": true});
    for (event, tenant) in [(&connect, TENANT), (&org, "E0ORG000001")] {
        assert_eq!(product.event(event).await.status, StatusCode::OK);
        let shown = product.settled(id(event)).await;
        assert_eq!(shown["tenant"], tenant);
        let channel = event["event"]["channel"].as_str().unwrap();
        let ts = event["event"]["ts"].as_str().unwrap();
        assert!(stored(&product, tenant, channel, ts).await.is_some());
    }
    for other in ["T0OTHERCORP", "T0WORKSPACE"] {
        assert_eq!(product.archived(Some(other)).await, Vec::<Value>::new());
    }
}

async fn stored(product: &Product, tenant: &str, channel: &str, ts: &str) -> Option<Item> {
    let rows = product.table().tenant(&tenant.into());
    rows.get(&messages::key(channel, ts)).await.unwrap()
}
