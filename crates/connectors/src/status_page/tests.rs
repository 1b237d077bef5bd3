//! Tests of the functions that interpret a page's responses.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn posted(id: &str, our_id: Option<&str>, updates: &[(&str, IncidentStatus, &str)]) -> Posted {
    let updates = updates.iter().map(|(id, status, body)| PostedUpdate {
        id: UpdateId::from(*id),
        status: Some(*status),
        body: (*body).to_owned(),
    });
    Posted {
        id: id.into(),
        our_id: our_id.map(str::to_owned),
        status: Some(IncidentStatus::Investigating),
        link: String::new(),
        updates: updates.collect(),
    }
}

fn update(status: IncidentStatus, body: &str) -> PublicUpdate {
    PublicUpdate {
        status,
        impact: Impact::Minor,
        body: body.to_owned(),
        components: BTreeMap::new(),
        notify: true,
    }
}

#[test]
fn ours_is_found_by_our_id_and_no_other() {
    let listed = [
        posted("a", None, &[]),
        posted("b", Some("INC-10"), &[]),
        posted("c", Some("INC-1"), &[]),
    ];
    let found = |our_id| find_ours(&listed, our_id).map(|p| p.id.as_str());
    assert_eq!(found("INC-1"), Some("c"));
    assert_eq!(found("INC-2"), None);
    assert_eq!(found(""), None);
}

#[test]
fn an_update_is_shown_only_with_its_status_its_words_and_its_time() {
    use IncidentStatus::{Identified, Investigating};
    let now = posted(
        "a",
        None,
        &[
            ("u3", Investigating, "Still  looking.\r\n"),
            ("u2", Identified, "Found it."),
            ("u1", Investigating, "We are looking."),
        ],
    );
    let shows = |status, body: &str, after: Option<&str>| {
        let after = after.map(UpdateId::from);
        now.shows(&update(status, body), after.as_ref())
    };
    assert!(shows(Investigating, "Still looking.", Some("u2")));
    assert!(shows(Identified, "Found it.", None));
    assert!(shows(Identified, "Found it.", Some("u1")));
    assert!(shows(Identified, "Found it.", Some("deleted")));
    for (status, body, after) in [
        (Identified, "Still looking.", None),
        (Investigating, "Still looking", None),
        (Identified, "Found it.", Some("u2")),
        (Identified, "Found it.", Some("u3")),
    ] {
        assert!(!shows(status, body, after), "{status} {body} {after:?}");
    }
    assert_eq!(now.newest().unwrap().as_str(), "u3");
}

#[test]
fn debug_shows_nothing_that_people_wrote() {
    let posted = posted("a", None, &[("u1", IncidentStatus::Identified, "secret")]);
    let update = update(IncidentStatus::Identified, "secret");
    let incident = PublicIncident {
        our_id: "INC-1".to_owned(),
        name: "secret".to_owned(),
        status: IncidentStatus::Investigating,
        impact: Impact::Major,
        body: "secret".to_owned(),
        components: BTreeMap::new(),
        notify: false,
    };
    let shown = format!("{posted:?} {update:?} {incident:?}");
    assert!(!shown.contains("secret"), "{shown}");
}

fn any_status() -> impl Strategy<Value = ComponentStatus> {
    prop::sample::select(ComponentStatus::ALL)
}

proptest! {
    #[test]
    fn a_component_shows_the_worst_that_any_incident_wants(
        mut wanted in prop::collection::vec(any_status(), 0..8),
        more in any_status(),
    ) {
        let worst = ComponentStatus::worst(wanted.clone());
        prop_assert!(wanted.iter().all(|one| *one <= worst));
        prop_assert!(wanted.contains(&worst) || (wanted.is_empty() && worst == ComponentStatus::Operational));
        wanted.reverse();
        prop_assert_eq!(ComponentStatus::worst(wanted.clone()), worst);
        wanted.push(more);
        prop_assert_eq!(ComponentStatus::worst(wanted), worst.max(more));
    }

    #[test]
    fn no_word_means_two_things(word in ".{0,20}") {
        for known in ComponentStatus::ALL {
            prop_assert_eq!(ComponentStatus::from_word(known.as_str()), Some(*known));
        }
        let known = ComponentStatus::from_word(&word).is_none_or(|s| s.as_str() == word);
        prop_assert!(known);
    }
}

#[test]
fn the_order_of_component_statuses_is_from_well_to_worst() {
    use ComponentStatus::{
        DegradedPerformance, MajorOutage, Operational, PartialOutage, UnderMaintenance,
    };
    let order = [
        Operational,
        UnderMaintenance,
        DegradedPerformance,
        PartialOutage,
        MajorOutage,
    ];
    assert!(order.is_sorted());
    assert_eq!(ComponentStatus::worst([]), Operational);
}
