//! An incident with a longer timeline than a message in Slack shows.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_app::incidents::decide::review;
use tidegate_app::incidents::model::actor::Actor;
use tidegate_app::incidents::model::incident::IncidentId;
use tidegate_app::incidents::model::rows;
use tidegate_app::incidents::model::timeline::{Entry, EntryKind, NewEntry};
use tidegate_pipeline::clock::Timestamp;
use tidegate_testing::product::{Product, TENANT};

/// The entries in the test: more than the 1,000 latest that Slack's messages are made from.
const ENTRIES: u64 = 1_100;

/// Lengthens the timeline of an incident, as its rows would be after many notes.
async fn lengthen(product: &Product, id: &IncidentId) {
    let rows = product.table().tenant(&TENANT.into());
    let first = rows::entries(&rows, id).await.unwrap();
    let mut last = first.last().unwrap().clone();
    let mut writes = Vec::new();
    while last.seq < ENTRIES {
        let note = NewEntry {
            at: Timestamp(1),
            kind: EntryKind::Note,
            text: format!("note {}", last.seq),
            source: None,
        };
        last = Entry::after(last.seq, &last.hash, note, &Actor::Operator, Timestamp(1));
        writes.push(rows::put_entry(id, &last));
    }
    for batch in writes.chunks(50) {
        rows.transact(batch.to_vec()).await.unwrap();
    }
}

#[tokio::test]
async fn the_export_over_http_is_whole() {
    let product = Product::start().await;
    let key = product.make_key(
        TENANT,
        &["incidents:write", "incidents:admin", "incidents:read"],
    );
    let key = key.await.key;
    let wanted = json!({"title": "Down for days", "severity": "P3"});
    let declared = product.tell("/v1/incidents", &key, &wanted).await;
    assert_eq!(declared.status, StatusCode::CREATED, "{declared:?}");
    let id = declared.json()["incident"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    lengthen(&product, &IncidentId::parse(&id).unwrap()).await;
    let path = format!("/v1/incidents/{id}/export");
    let export = product.ask(Method::GET, &path, &key).await.json();
    let entries = export["timeline"].as_array().unwrap();
    assert_eq!(entries.len() as u64, ENTRIES);
    assert_eq!(export["chain"]["intact"], true, "{}", export["chain"]);
    assert_eq!(export["chain"]["broken_at"], Value::Null);
}

#[tokio::test]
async fn a_post_mortem_is_drafted_from_the_beginning_of_the_timeline() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &["incidents:write"]).await.key;
    let wanted = json!({"title": "Down for days", "severity": "P3"});
    let declared = product.tell("/v1/incidents", &key, &wanted).await;
    let id = declared.json()["incident"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let id = IncidentId::parse(&id).unwrap();
    lengthen(&product, &id).await;
    let rows = product.table().tenant(&TENANT.into());
    let record = review::load_record(&rows, &id).await.unwrap();
    let kinds: Vec<EntryKind> = record.entries.iter().map(|entry| entry.kind).collect();
    assert!(kinds.contains(&EntryKind::Declared));
    assert_eq!(kinds.len() as u64, ENTRIES);
}
