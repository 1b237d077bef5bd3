//! Tests of links and merges: two incidents, one transaction, and nothing given away.

use std::collections::BTreeSet;

use super::*;
use crate::decide::notes::fixture::{World, changes, effects, entries_of, put, words};
use crate::model::status::Status;

fn other(world: &mut World) -> &mut Incident {
    &mut world.other.as_mut().unwrap().incident
}

fn ids(world: &World) -> (IncidentId, IncidentId) {
    let other = &world.other.as_ref().unwrap().incident;
    (world.subject.incident.id.clone(), other.id.clone())
}

#[test]
fn a_link_stands_on_both_sides_in_one_transaction() {
    let mut world = World::of_two();
    let verdict = link(&world.context("ULEAD"), Relation::Cause, &[]);
    let decision = world.make(verdict);
    let (mine, theirs) = ids(&world);
    let tie = |of: &IncidentId, to: &IncidentId| {
        let row = put(&decision, &key(of, to.as_str())).unwrap();
        row.text("relation").unwrap().to_owned()
    };
    assert_eq!(tie(&mine, &theirs), "cause");
    assert_eq!(tie(&theirs, &mine), "effect");
    let noted: Vec<_> = entries_of(&decision)
        .into_iter()
        .map(|(e, _)| e.text)
        .collect();
    assert_eq!(
        noted,
        ["INC-1 was caused by INC-2", "INC-2 is the cause of INC-1"]
    );
    for id in [&mine, &theirs] {
        let write = decision
            .writes
            .iter()
            .find(|w| w.key == rows::meta(id))
            .unwrap();
        assert_eq!(write.condition.as_deref(), Some("#version = :read"));
    }
    let known = [Linked::Incident(theirs, Tie::Cause)];
    let again = link(&world.context("ULEAD"), Relation::Cause, &known);
    assert_eq!(words(again), "INC-1 was caused by INC-2 already.");
    assert!(changes(&link(
        &world.context("ULEAD"),
        Relation::Related,
        &known
    )));
}

#[test]
fn ties_give_nothing_private_away() {
    for (mine, theirs) in [(true, false), (false, true)] {
        let mut world = World::of_two();
        world.incident().private = mine;
        other(&mut world).private = theirs;
        let told = words(link(&world.context("ULEAD"), Relation::Related, &[]));
        assert!(told.contains("give the other away"), "{told}");
        assert!(!changes(&merge(&world.context("ULEAD"))));
    }
    let mut world = World::of_two();
    world.incident().private = true;
    other(&mut world).private = true;
    other(&mut world).participants = BTreeSet::new();
    other(&mut world).roles = Vec::new();
    let told = words(link(&world.context("ULEAD"), Relation::Related, &[]));
    assert_eq!(
        told,
        words(merge(
            &World {
                other: None,
                ..World::new()
            }
            .context("ULEAD")
        ))
    );
}

#[test]
fn only_who_leads_links_and_not_to_itself() {
    let mut world = World::of_two();
    assert!(!changes(&link(
        &world.context("UPART"),
        Relation::Related,
        &[]
    )));
    world.other = Some(world.subject.clone());
    let told = words(link(&world.context("ULEAD"), Relation::Related, &[]));
    assert!(told.contains("itself"), "{told}");
}

#[test]
fn a_page_is_linked_once_and_bookmarked() {
    let mut world = World::new();
    let url = "https://wiki.example/a?b=1|2";
    let verdict = link_page(&world.context("ULEAD"), url, &[]);
    let decision = world.make(verdict);
    assert_eq!(
        effects(&decision),
        [
            "*Linked* by <@ULEAD>: https://wiki.example/a?b=1|2",
            "incident.bookmarks"
        ]
    );
    let known = [Linked::Page(url.to_owned())];
    assert_eq!(
        bookmark(&known[0]),
        Some(("wiki.example".to_owned(), url.to_owned()))
    );
    assert!(words(link_page(&world.context("ULEAD"), url, &known)).contains("already"));
    for wrong in ["javascript:x", "https://a b", "ftp://x", ""] {
        assert!(
            !changes(&link_page(&world.context("ULEAD"), wrong, &[])),
            "{wrong}"
        );
    }
    let many = vec![Linked::Page(String::new()); MAX_LINKS];
    assert!(words(link_page(&world.context("ULEAD"), url, &many)).contains("50 links"));
}

#[test]
fn a_merge_moves_people_and_services_and_points_the_way() {
    let mut world = World::of_two();
    world.incident().watchers.insert("UWATCH".into());
    world.incident().participants.insert("UNEW".into());
    world.incident().services = vec!["api".to_owned(), "web".to_owned()];
    other(&mut world).services = ["a", "b", "c", "api"].map(str::to_owned).to_vec();
    other(&mut world).severity = crate::model::severity::Severity::P3;
    let told = words(merge(&world.context("ULEAD")));
    assert_eq!(
        told,
        "INC-1 is part of INC-2 now. It was a P2, and INC-2 is a P3."
    );
    let verdict = merge(&world.context("ULEAD"));
    let decision = world.make(verdict);
    let (_, into) = ids(&world);
    assert_eq!(world.subject.incident.status, Status::Merged);
    assert_eq!(world.subject.incident.merged_into, Some(into.clone()));
    let row = put(&decision, &rows::meta(&into)).unwrap();
    let taken: Incident = rows::INCIDENT.read(row).unwrap();
    assert!(
        taken.participants.contains(&"UNEW".into()) && taken.watchers.contains(&"UWATCH".into())
    );
    assert_eq!(taken.services, ["a", "b", "c", "api", "web"]);
    assert_eq!(taken.version, 2);
    let said = effects(&decision);
    assert!(
        said[0].contains("into INC-2. Work goes on in <#C2>."),
        "{said:?}"
    );
    assert!(said.contains(&"incident.invite".to_owned()));
    let there = said
        .iter()
        .any(|said| said.contains("INC-1 (*Checkout &lt;1&gt; fails*) is part of this"));
    assert!(there, "{said:?}");
    assert!(words(merge(&world.context("ULEAD"))).contains("already"));
    let back = crate::decide::lifecycle::reopen(&world.context("UADMIN"), "apart after all");
    world.make(back);
    assert_eq!(world.subject.incident.status, Status::Declared);
    assert_eq!(world.subject.incident.merged_into, None);
}

#[test]
fn a_merge_takes_no_more_people_than_an_incident_holds() {
    let mut world = World::of_two();
    let people = (0..400).map(|n| format!("UA{n}").into());
    world.incident().participants.extend(people);
    let people = (0..400).map(|n| format!("UB{n}").into());
    other(&mut world).participants.extend(people);
    let verdict = merge(&world.context("ULEAD"));
    let decision = world.make(verdict);
    let (_, into) = ids(&world);
    let row = put(&decision, &rows::meta(&into)).unwrap();
    let taken: Incident = rows::INCIDENT.read(row).unwrap();
    assert_eq!(taken.participants.len(), 500);
}

#[test]
fn both_sides_must_allow_a_merge() {
    let mut world = World::of_two();
    assert!(!changes(&merge(&world.context("UPART"))));
    other(&mut world).roles = Vec::new();
    assert!(
        !changes(&merge(&world.context("ULEAD"))),
        "no lead of the other"
    );
    for status in Status::ALL {
        let mut world = World::of_two();
        other(&mut world).status = status;
        assert_eq!(
            changes(&merge(&world.context("ULEAD"))),
            status.is_open(),
            "{status}"
        );
        let mut world = World::of_two();
        world.incident().status = status;
        assert_eq!(
            changes(&merge(&world.context("ULEAD"))),
            status.is_open(),
            "{status}"
        );
    }
    let mut world = World::of_two();
    other(&mut world).drill = true;
    assert!(words(merge(&world.context("ULEAD"))).contains("drill"));
}
