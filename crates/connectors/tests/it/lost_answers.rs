//! Responses that never arrive: the outcome is unknown until the page is asked.

use std::time::Duration;

use proptest::prelude::*;
use tidegate_connectors::rejection::ServiceRejection;
use tidegate_connectors::status_page::{
    IncidentStatus, Posted, PublicIncident, PublicUpdate, StatusPage, find_ours,
};
use tidegate_fake_statuspage::{Fault, FaultKind};
use tidegate_outcome::{Outcome, Refusal};

use crate::pages::{Page, ambiguous, done, incident, update};

#[tokio::test]
async fn a_lost_answer_is_ambiguous_whether_or_not_it_was_done() {
    for (kind, why) in [
        (FaultKind::Http500, "HTTP 500"),
        (FaultKind::Http503, "HTTP 503"),
        (FaultKind::BadJson, "the answer is not JSON"),
        (FaultKind::Reset, "the connection broke"),
        (FaultKind::Hang, "no answer in time"),
    ] {
        for applies in [false, true] {
            let page = Page::new().await;
            // This opens a connection that can be reused: the client must not silently send anything twice.
            let client = match kind {
                FaultKind::Hang => page.hasty(),
                _ => page.client.clone(),
            };
            done(client.page().await);
            page.fake.add_fault(Fault {
                method: Some("POST".to_owned()),
                applies,
                ..Fault::new(kind)
            });
            let outcome = client.create(&incident("INC-7")).await;
            assert_eq!(ambiguous(outcome), why, "{kind:?}");
            assert_eq!(page.fake.incidents().len(), usize::from(applies));
            assert_eq!(page.asked(), ["GET ", "POST /incidents"], "{kind:?}");

            let open = done(page.client.unresolved(1).await);
            let found = find_ours(&open.items, "INC-7").map(|p| p.id.as_str().to_owned());
            let there = page.fake.incidents().first().map(|i| i.id.clone());
            assert_eq!(found, there, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn an_outage_lasts_until_it_is_over() {
    let page = Page::new().await;
    page.fake.add_fault(Fault {
        times: None,
        ..Fault::new(FaultKind::Http503)
    });
    for _ in 0..5 {
        assert_eq!(ambiguous(page.client.page().await), "HTTP 503");
        assert_eq!(ambiguous(page.client.unresolved(1).await), "HTTP 503");
    }
    page.fake.clear_faults();
    done(page.client.page().await);
}

#[tokio::test]
async fn a_repeated_text_is_told_from_the_one_before() {
    let page = Page::new().await;
    let id = done(page.client.create(&incident("INC-7")).await).id;
    let again = update(IncidentStatus::Investigating, "Still looking.");
    let first = done(page.client.update(&id, &again).await);

    page.fake.add_fault(Fault::new(FaultKind::Http500));
    ambiguous(page.client.update(&id, &again).await);
    let now = done(page.client.incident(&id).await);
    assert!(
        !now.shows(&again, first.newest()),
        "it was not posted again"
    );
    assert!(now.shows(&again, None));

    page.fake.add_fault(Fault::after_effect(FaultKind::Http500));
    ambiguous(page.client.update(&id, &again).await);
    let now = done(page.client.incident(&id).await);
    assert!(now.shows(&again, first.newest()), "it was posted again");
}

/// The steps of a caller that needs exactly one incident with exactly these updates.
struct Publisher<'a>(&'a Page);

impl Publisher<'_> {
    async fn publish(&self, wanted: &PublicIncident, updates: &[PublicUpdate]) {
        let mut posted = self.create(wanted).await;
        for update in updates {
            posted = self.update(&posted, update).await;
        }
    }

    async fn create(&self, wanted: &PublicIncident) -> Posted {
        loop {
            match self.0.client.create(wanted).await {
                Outcome::Done(posted) => return posted,
                Outcome::Refused(why) => self.wait(&why),
                Outcome::Ambiguous(_) => {
                    if let Some(posted) = self.find(&wanted.our_id).await {
                        return posted;
                    }
                }
            }
        }
    }

    async fn find(&self, our_id: &str) -> Option<Posted> {
        let mut page = 1;
        loop {
            match self.0.client.unresolved(page).await {
                Outcome::Done(open) => match (find_ours(&open.items, our_id), open.next) {
                    (Some(ours), _) => return Some(ours.clone()),
                    (None, Some(next)) => page = next,
                    (None, None) => return None,
                },
                Outcome::Refused(why) => self.wait(&why),
                Outcome::Ambiguous(_) => {}
            }
        }
    }

    async fn update(&self, before: &Posted, update: &PublicUpdate) -> Posted {
        loop {
            match self.0.client.update(&before.id, update).await {
                Outcome::Done(posted) => return posted,
                Outcome::Refused(why) => self.wait(&why),
                Outcome::Ambiguous(_) => {
                    let now = self.read(before).await;
                    if now.shows(update, before.newest()) {
                        return now;
                    }
                }
            }
        }
    }

    async fn read(&self, before: &Posted) -> Posted {
        loop {
            match self.0.client.incident(&before.id).await {
                Outcome::Done(posted) => return posted,
                Outcome::Refused(why) => self.wait(&why),
                Outcome::Ambiguous(_) => {}
            }
        }
    }

    fn wait(&self, why: &Refusal<ServiceRejection>) {
        let Refusal::RateLimited { retry_after } = why else {
            panic!("refused: {why:?}");
        };
        self.0.clock.advance(Duration::from_secs(*retry_after));
    }
}

/// Each fault hits the next call with its method, so that calls with and without a fault mix.
fn any_fault() -> impl Strategy<Value = Fault> {
    let kinds = vec![
        FaultKind::Http500,
        FaultKind::Http503,
        FaultKind::Reset,
        FaultKind::BadJson,
        FaultKind::RateLimited,
    ];
    let methods = vec!["GET", "POST", "PATCH", "PATCH"];
    let (kinds, methods) = (prop::sample::select(kinds), prop::sample::select(methods));
    (kinds, methods, any::<bool>()).prop_map(|(kind, method, applies)| Fault {
        method: Some(method.to_owned()),
        applies,
        ..Fault::new(kind)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_lost_the_page_has_one_incident_with_each_update_once_in_order(
        faults in prop::collection::vec(any_fault(), 0..12),
        texts in prop::collection::vec(prop::sample::select(vec!["We are looking into it.", "Same.", "New."]), 0..5),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let page = Page::new().await;
            for fault in faults {
                page.fake.add_fault(fault);
            }
            let updates: Vec<PublicUpdate> = texts
                .iter()
                .map(|text| update(IncidentStatus::Investigating, text))
                .collect();
            Publisher(&page).publish(&incident("INC-7"), &updates).await;
            let incidents = page.fake.incidents();
            assert_eq!(incidents.len(), 1);
            let mut bodies: Vec<&str> = incidents[0].incident_updates.iter().map(|u| u.body.as_str()).collect();
            bodies.reverse();
            let mut expected = vec!["We are looking into it."];
            expected.extend(&texts);
            assert_eq!(bodies, expected);
        });
    }
}
