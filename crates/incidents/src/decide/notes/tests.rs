//! Tests of what people write on the timeline.

use tidegate_pipeline::clock::Timestamp;

use super::fixture::{NOW, World, changes, entries_of, person, put, words};
use super::*;
use crate::model::status::Status;
use crate::model::timeline;

fn source() -> Source {
    Source {
        channel: "C9".into(),
        ts: "1795256940.000200".into(),
    }
}

fn whole(world: &World) -> bool {
    timeline::broken_at(None, &world.entries).is_none()
        && broken_at(&world.subject.incident, &world.entries).is_none()
}

#[test]
fn a_note_stands_at_the_moment_that_it_tells_of() {
    let mut world = World::new();
    let at = When::parse("10:05Z");
    let verdict = add(&world.context("UPART"), at, " disk <full> ");
    assert_eq!(
        words(add(&world.context("UPART"), at, "x")),
        "Noted as entry 2 of INC-1."
    );
    world.make(verdict);
    let verdict = add(&world.context("UPART"), None, "later");
    world.make(verdict);
    let told = by_time(world.entries.clone());
    let told: Vec<_> = told
        .iter()
        .map(|e| (e.seq, e.at, e.text.as_str()))
        .collect();
    let early = Timestamp(NOW.millis() - 25 * 60_000);
    assert_eq!(told[0], (2, early, "disk <full>"));
    assert_eq!(told[2], (3, NOW, "later"));
    assert!(whole(&world));
}

#[test]
fn what_says_nothing_or_is_still_to_come_is_no_note() {
    let world = World::new();
    let context = world.context("UPART");
    assert!(words(add(&context, None, "  ")).starts_with("Say what happened"));
    let tomorrow = When::parse("2026-11-22T10:00Z");
    assert!(words(add(&context, tomorrow, "x")).contains("still to come"));
    assert!(!changes(&add(&world.context("UOTHER"), None, "x")));
}

#[test]
fn a_long_note_is_cut_and_its_writer_told() {
    let mut world = World::new();
    let verdict = add(&world.context("UPART"), None, &"é".repeat(MAX_TEXT));
    assert!(
        words(add(&world.context("UPART"), None, &"é".repeat(MAX_TEXT))).contains("It was cut")
    );
    world.make(verdict);
    assert!(world.entries[1].text.len() <= MAX_TEXT && whole(&world));
}

#[test]
fn ones_own_entry_can_be_corrected_and_others_by_who_leads() {
    let mut world = World::new();
    let verdict = add(&world.context("UPART"), None, "disc full");
    world.make(verdict);
    for (user, may) in [
        ("UPART", true),
        ("ULEAD", true),
        ("UADMIN", true),
        ("UOTHER", false),
    ] {
        let entry = world.entries[1].clone();
        assert_eq!(
            changes(&edit(&world.context(user), 2, Some(&entry), "disk full")),
            may,
            "{user}"
        );
        assert_eq!(
            changes(&hide(&world.context(user), 2, Some(&entry))),
            may,
            "{user}"
        );
        let declared = world.entries[0].clone();
        let leads = may && user != "UPART";
        assert_eq!(
            changes(&hide(&world.context(user), 1, Some(&declared))),
            leads,
            "{user}"
        );
    }
    let entry = world.entries[1].clone();
    let verdict = edit(&world.context("UPART"), 2, Some(&entry), "disk full");
    world.make(verdict);
    assert_eq!(
        (world.entries[1].text.as_str(), world.entries[1].words()),
        ("disc full", "disk full")
    );
    let entry = world.entries[1].clone();
    assert!(words(edit(&world.context("UPART"), 2, Some(&entry), "disk full")).contains("already"));
    let verdict = hide(&world.context("ULEAD"), 2, Some(&entry));
    world.make(verdict);
    assert_eq!(world.entries[1].hidden_by, Some(person("ULEAD")));
    assert!(whole(&world), "the chain does not know of corrections");
    let told: Vec<_> = world.entries.iter().map(|e| e.text.as_str()).collect();
    assert_eq!(told[2..], ["Entry 2 was corrected.", "Entry 2 was hidden."]);
    assert!(words(hide(&world.context("ULEAD"), 9, None)).contains("no entry 9"));
}

#[test]
fn a_message_is_put_on_the_timeline_once_at_its_own_time_and_as_its_authors() {
    let mut world = World::new();
    let author = UserId::from("UAUTHOR");
    let verdict = add_message(
        &world.context("UPART"),
        &source(),
        "it began",
        Some(&author),
        None,
    );
    let decision = world.make(verdict);
    let entry = world.entries[1].clone();
    assert_eq!(entry.actor, person("UAUTHOR"));
    assert_eq!(entry.at, Timestamp(1_795_256_940_000));
    assert_eq!(entry.source, Some(source()));
    let key = rows::by_source(&source().channel, &source().ts, &world.subject.incident.id);
    let row = put(&decision, &key).unwrap();
    assert_eq!(row.number("seq"), Some(2));
    let write = decision
        .writes
        .iter()
        .find(|w| w.key.partition_parts()[0] == "incident_source");
    assert_eq!(
        write.unwrap().condition.as_deref(),
        Some("attribute_not_exists(#pk)")
    );
    let mut marked = Marked::new(&world.subject.incident.id);
    marked.mark(Marker::Word, true, &"1795257000".into());
    let found = Found {
        marked,
        entry: Some(entry),
    };
    let again = add_message(
        &world.context("ULEAD"),
        &source(),
        "it began",
        None,
        Some(&found),
    );
    assert_eq!(words(again), "That message is on the timeline already.");
}

#[test]
fn a_message_is_on_two_timelines_by_rows_of_their_own() {
    let mut first = World::new();
    let mut second = World::of_two();
    std::mem::swap(&mut second.subject, second.other.as_mut().unwrap());
    let keys = [&mut first, &mut second].map(|world| {
        let verdict = add_message(&world.context("ULEAD"), &source(), "x", None, None);
        assert!(changes(&verdict));
        let id = world.subject.incident.id.clone();
        let decision = match verdict {
            Ok(Verdict::Change(change, _)) => change.finish(&world.settings.timers),
            _ => panic!("nothing is changed"),
        };
        let key = rows::by_source(&source().channel, &source().ts, &id);
        assert!(put(&decision, &key).is_some());
        key
    });
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn a_deleted_message_is_refused() {
    let world = World::new();
    let mut marked = Marked::new(&world.subject.incident.id);
    marked.delete();
    let found = Found {
        marked,
        entry: None,
    };
    let verdict = add_message(&world.context("UPART"), &source(), "x", None, Some(&found));
    assert!(words(verdict).starts_with("That message has been deleted."));
}

#[test]
fn a_check_finds_what_was_changed_dropped_or_cut_off() {
    let mut world = World::new();
    for text in ["a", "b", "c"] {
        let verdict = add(&world.context("UPART"), None, text);
        world.make(verdict);
    }
    let context = world.context("UPART");
    assert!(words(verify(&context, &world.entries)).contains("as it was written: 4 entries"));
    let mut changed = world.entries.clone();
    changed[2].text = "x".to_owned();
    assert!(words(verify(&context, &changed)).contains("from entry 3 on"));
    assert_eq!(
        broken_at(&world.subject.incident, &world.entries[..3]),
        Some(4)
    );
    assert_eq!(
        broken_at(&world.subject.incident, &world.entries[1..]),
        Some(1)
    );
}

#[test]
fn a_corrected_milestone_is_noted() {
    let mut world = World::new();
    let when = When::parse("10:10Z").unwrap();
    assert!(!changes(&correct(
        &world.context("UPART"),
        Milestone::Declared,
        when
    )));
    let verdict = correct(&world.context("ULEAD"), Milestone::Declared, when);
    let decision = world.make(verdict);
    let (entry, _) = &entries_of(&decision)[0];
    assert_eq!(
        entry.text,
        "declared: 2026-11-21 10:10 UTC, not 2026-11-21 10:20 UTC"
    );
    let again = correct(&world.context("ULEAD"), Milestone::Declared, when);
    assert_eq!(words(again), "declared is 2026-11-21 10:10 UTC already.");
    let late = When::parse("10:29Z").unwrap();
    let closed = correct(&world.context("ULEAD"), Milestone::Closed, late);
    assert!(words(closed).contains("not closed yet"));
}

#[test]
fn a_corrected_milestone_is_counted_anew() {
    let mut world = World::new();
    let verdict = crate::decide::lifecycle::resolve(&world.context("ULEAD"), Some("done"));
    world.make(verdict);
    assert_eq!(world.subject.incident.status, Status::Resolved);
    let when = When::parse("10:10Z").unwrap();
    assert!(!changes(&correct(
        &world.context("UPART"),
        Milestone::Declared,
        when
    )));
    let verdict = correct(&world.context("ULEAD"), Milestone::Declared, when);
    let decision = world.make(verdict);
    let (entry, _) = &entries_of(&decision)[0];
    assert_eq!(
        entry.text,
        "declared: 2026-11-21 10:10 UTC, not 2026-11-21 10:20 UTC"
    );
    let counted = world.subject.incident.counted.as_ref().unwrap();
    assert!(counted.measures.values().any(|ms| *ms == 20 * 60_000));
}
