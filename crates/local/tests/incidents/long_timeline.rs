//! An incident with a longer timeline than a message in Slack shows.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_app::incidents::decide::review;
use tidegate_app::incidents::model::actor::Actor;
use tidegate_app::incidents::model::incident::IncidentId;
use tidegate_app::incidents::model::rows;
use tidegate_app::incidents::model::timeline::{Entry, EntryKind, NewEntry};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::Write;
use tidegate_testing::damage::spoiled;
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
    let mut incident = rows::load_alone(&rows, id).await.unwrap().unwrap();
    let read_version = incident.version;
    incident.version += 1;
    incident.seq = last.seq;
    incident.chain = last.hash;
    writes.push(rows::put(&incident, read_version));
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
    let (mut numbers, mut next) = (Vec::new(), String::new());
    for entries in [1000, 100] {
        let page = product
            .ask(Method::GET, &format!("{path}{next}"), &key)
            .await;
        let page = page.json();
        let timeline = page["timeline"].as_array().unwrap();
        assert_eq!(timeline.len(), entries);
        numbers.extend(timeline.iter().filter_map(|entry| entry["seq"].as_u64()));
        assert_eq!(page["chain"]["intact"], true, "{}", page["chain"]);
        assert_eq!(page["chain"]["broken_at"], Value::Null);
        assert_eq!(page["chain"]["entries"], ENTRIES);
        next = format!("?after={}", page["next"]);
    }
    assert_eq!(next, "?after=null");
    assert!(numbers.into_iter().eq(1..=ENTRIES));

    let beyond = product
        .ask(Method::GET, &format!("{path}?after=99999999"), &key)
        .await;
    assert_eq!(beyond.json()["timeline"], json!([]), "{beyond:?}");

    // What was changed at the edge of two pages is noticed, and so is what is missing at the end.
    let rows = product.table().tenant(&TENANT.into());
    let id = IncidentId::parse(&id).unwrap();
    let last = format!("{path}?after=1000");
    for (seq, broken_at) in [(ENTRIES, ENTRIES), (1000, 1001)] {
        rows.write(Write::delete(rows::entry(&id, seq)))
            .await
            .unwrap();
        let page = product.ask(Method::GET, &last, &key).await.json();
        assert_eq!(page["chain"]["broken_at"], broken_at, "{}", page["chain"]);
    }
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

#[tokio::test]
async fn a_damaged_entry_ends_neither_the_timeline_nor_the_export() {
    let product = Product::start().await;
    let scopes = ["incidents:write", "incidents:admin", "incidents:read"];
    let key = product.make_key(TENANT, &scopes).await.key;
    let wanted = json!({"title": "Down for days", "severity": "P3"});
    let declared = product.tell("/v1/incidents", &key, &wanted).await.json();
    let id = declared["incident"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/incidents/{id}/timeline");
    for n in 0..4 {
        let note = json!({"text": format!("note {n}")});
        let added = product.tell(&path, &key, &note).await;
        assert_eq!(added.status, StatusCode::OK, "{added:?}");
    }
    let (rows, id) = (
        product.table().tenant(&TENANT.into()),
        IncidentId::parse(&id).unwrap(),
    );
    let all = rows::entries(&rows, &id).await.unwrap();
    let put = spoiled(rows::put_entry(&id, &all[2]), "entry");
    rows.write(put).await.unwrap();

    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = product
            .ask(Method::GET, &format!("{path}?limit=1{after}"), &key)
            .await;
        let page = page.json();
        seen.extend(
            page["entries"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|e| e["seq"].as_u64()),
        );
        let Some(next) = page["next"].as_u64() else {
            break;
        };
        after = format!("&after={next}");
    }
    let mut whole: Vec<u64> = all.iter().map(|entry| entry.seq).collect();
    whole.remove(2);
    whole.reverse();
    assert_eq!(seen, whole);
    let path = format!("/v1/incidents/{id}/export");
    let export = product.ask(Method::GET, &path, &key).await;
    assert_eq!(export.status, StatusCode::OK, "{export:?}");
    let chain = &export.json()["chain"];
    assert_eq!(chain["broken_at"], all[3].seq, "{chain}");
    let markdown = product
        .ask(Method::GET, &format!("{path}?format=markdown"), &key)
        .await;
    assert!(
        markdown.body.contains("does not fit its chain"),
        "{markdown:?}"
    );
}
