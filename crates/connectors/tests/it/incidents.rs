//! The life of an incident on the page, and the requests for it.

use serde_json::json;
use tidegate_connectors::status_page::{
    ComponentStatus, Impact, IncidentStatus, PublicUpdate, StatusPage,
};

use crate::pages::{Page, components, done, incident, refused, update};

#[tokio::test]
async fn an_incident_is_created_updated_resolved_and_explained() {
    let page = Page::new().await;
    let client: &dyn StatusPage = &page.client;

    let created = done(client.create(&incident("INC-7")).await);
    assert_eq!(created.our_id.as_deref(), Some("INC-7"));
    assert_eq!(created.status, Some(IncidentStatus::Investigating));
    assert!(created.link.ends_with(created.id.as_str()));
    assert_eq!(page.component("cmpapi000001"), "partial_outage");

    let found_it = PublicUpdate {
        impact: Impact::Minor,
        components: components(&[
            ("cmpapi000001", ComponentStatus::DegradedPerformance),
            ("cmpwebsite01", ComponentStatus::MajorOutage),
        ]),
        notify: false,
        ..update(IncidentStatus::Identified, "A bad deploy.")
    };
    let updated = done(client.update(&created.id, &found_it).await);
    assert_eq!(updated.updates.len(), 2);
    assert!(updated.shows(&found_it, created.newest()));
    assert!(!updated.shows(&found_it, updated.newest()));
    assert_eq!(page.component("cmpapi000001"), "degraded_performance");
    assert_eq!(page.component("cmpwebsite01"), "major_outage");

    let over = update(IncidentStatus::Resolved, "Rolled back.");
    done(client.update(&created.id, &over).await);
    let read = done(client.incident(&created.id).await);
    assert_eq!(read.status, Some(IncidentStatus::Resolved));
    assert!(done(client.unresolved(1).await).items.is_empty());

    done(
        page.client
            .put_postmortem_draft(&created.id, "What happened")
            .await,
    );
    done(page.client.publish_postmortem(&created.id, true).await);
    let known = &page.fake.incidents()[0];
    assert_eq!(known.postmortem.body.as_deref(), Some("What happened"));
    assert!(known.postmortem.notify_subscribers);
    let told: Vec<bool> = known
        .incident_updates
        .iter()
        .map(|u| u.deliver_notifications)
        .collect();
    assert_eq!(told, [true, false, true], "the newest first");
    assert_eq!(known.impact, "major", "the last update said so");
    assert_eq!(
        known.component_ids.len(),
        2,
        "an update without components leaves them"
    );
}

#[tokio::test]
async fn what_is_sent_for_an_incident_is_all_that_statuspage_needs() {
    let page = Page::new().await;
    done(page.client.create(&incident("INC-7")).await);
    let sent = page.fake.requests().pop().unwrap();
    assert_eq!((sent.status, sent.applied), (Some(201), true));
    assert_eq!(
        sent.body,
        json!({"incident": {
            "name": "Errors at checkout",
            "status": "investigating",
            "impact_override": "major",
            "body": "We are looking into it.",
            "components": {"cmpapi000001": "partial_outage"},
            "component_ids": ["cmpapi000001"],
            "deliver_notifications": true,
            "metadata": {"tidegate": {"incident_id": "INC-7"}},
        }})
    );
}

#[tokio::test]
async fn a_component_is_set_alone_and_again() {
    let page = Page::new().await;
    let id = "cmppayments1".into();
    for status in [ComponentStatus::MajorOutage, ComponentStatus::MajorOutage] {
        done(page.client.set_component(&id, status).await);
        assert_eq!(page.component("cmppayments1"), "major_outage");
    }
    for status in ComponentStatus::ALL {
        done(page.client.set_component(&id, *status).await);
        assert_eq!(page.component("cmppayments1"), status.as_str());
    }
    assert_eq!(page.component("cmpapi000001"), "operational");
}

#[tokio::test]
async fn what_cannot_be_accepted_is_refused_before_it_is_sent() {
    let page = Page::new().await;
    let mut too_long = incident("INC-1");
    too_long.name = "é".repeat(256);
    let mut nameless = incident("INC-1");
    nameless.name = " ".to_owned();
    let mut over = incident("INC-1");
    over.status = IncidentStatus::Resolved;
    let mut wordy = incident("INC-1");
    wordy.body = "x".repeat(25_001);
    for (wrong, says) in [
        (
            too_long,
            "the name has 256 characters; the status page takes 255",
        ),
        (nameless, "needs a name"),
        (over, "publish it, then resolve it"),
        (
            wordy,
            "the text has 25001 characters; the status page takes 25000",
        ),
    ] {
        let why = refused(page.client.create(&wrong).await);
        assert_eq!(why.code(), "invalid");
        assert!(why.to_string().contains(says), "{why}");
    }
    let wordy = update(IncidentStatus::Monitoring, &"x".repeat(25_001));
    refused(page.client.update(&"a".into(), &wordy).await);
    for odd in ["../../../users", "a/b", "", "a?api_key=1"] {
        refused(page.client.incident(&odd.into()).await);
        let status = ComponentStatus::Operational;
        refused(page.client.set_component(&odd.into(), status).await);
    }
    assert_eq!(page.asked(), [""; 0]);

    let mut longest = incident("INC-1");
    longest.name = "é".repeat(255);
    longest.body = "x".repeat(25_000);
    done(page.client.create(&longest).await);
}
