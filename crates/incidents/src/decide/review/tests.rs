//! Tests of the post-mortem's way from draft to publication.

use proptest::prelude::*;

use super::*;
use crate::decide::notes::fixture::{World, changes, effects, put, words};

fn resolved() -> World {
    let mut world = World::new();
    world.incident().status = Status::Resolved;
    world.incident().review = Review::Required;
    world
}

fn record(world: &World, before: Option<Draft>) -> Record {
    Record {
        entries: world.entries.clone(),
        tasks: Vec::new(),
        before,
    }
}

fn drafted(world: &World, user: &str, before: Option<Draft>) -> Result<Verdict, RequestError> {
    let record = record(world, before);
    draft(
        &world.context(user),
        &record,
        &Names::new(),
        Some("https://t.example"),
    )
}

#[test]
fn it_is_drafted_then_published_once() {
    let mut world = resolved();
    assert!(words(publish(&world.context("ULEAD"), None)).contains("no draft"));
    let verdict = drafted(&world, "UPART", None);
    let decision = world.make(verdict);
    let row = put(&decision, &key(&world.subject.incident.id)).unwrap();
    let first: Draft = DRAFT.read(row).unwrap();
    assert!(first.markdown.contains("Post-mortem: INC-1") && first.n == 1);
    let said = effects(&decision);
    let id = &world.subject.incident.id;
    assert!(said[0].contains(&format!("https://t.example/v1/incidents/{id}/postmortem")));
    assert!(said[1].starts_with("```\n# Post-mortem"), "{said:?}");
    assert!(
        !changes(&publish(&world.context("UPART"), Some(&first))),
        "a participant"
    );
    let verdict = publish(&world.context("ULEAD"), Some(&first));
    world.make(verdict);
    assert_eq!(world.subject.incident.review, Review::Published);
    assert!(words(publish(&world.context("ULEAD"), Some(&first))).contains("published already"));
    assert!(
        !changes(&drafted(&world, "UPART", Some(first.clone()))),
        "it would unpublish"
    );
    let verdict = drafted(&world, "ULEAD", Some(first));
    world.make(verdict);
    assert_eq!(world.subject.incident.review, Review::Draft);
    assert_eq!(
        world.entries.last().unwrap().text,
        "Draft 2 of the post-mortem."
    );
}

#[test]
fn it_comes_after_the_end() {
    for status in Status::ALL {
        let mut world = World::new();
        world.incident().status = status;
        let may = matches!(status, Status::Resolved | Status::Closed);
        assert_eq!(changes(&drafted(&world, "UPART", None)), may, "{status}");
    }
}

#[test]
fn it_is_waived_with_a_reason_and_not_once_it_is_published() {
    let mut world = resolved();
    assert!(words(waive(&world.context("ULEAD"), " ")).starts_with("Say why"));
    assert!(!changes(&waive(
        &world.context("UPART"),
        "a drill in all but name"
    )));
    let verdict = waive(&world.context("ULEAD"), "<known>");
    let decision = world.make(verdict);
    assert_eq!(
        effects(&decision)[0],
        "*No post-mortem*, says <@ULEAD>: &lt;known&gt;"
    );
    assert!(words(waive(&world.context("ULEAD"), "x")).contains("waived already"));
    world.incident().review = Review::Published;
    assert!(words(waive(&world.context("ULEAD"), "x")).contains("nothing to waive"));
}

#[test]
fn a_huge_record_fits_its_row_and_a_few_messages() {
    let mut world = resolved();
    let entry = Entry {
        text: "é<&>\n".repeat(1500),
        ..world.entries[0].clone()
    };
    world.entries = vec![entry; 200];
    let verdict = drafted(&world, "ULEAD", None);
    let Ok(Verdict::Change(change, _)) = verdict else {
        panic!()
    };
    let decision = change.finish(&world.settings.timers);
    let row = put(&decision, &key(&world.subject.incident.id)).unwrap();
    assert!(row.opened("draft").unwrap().len() < 390 * 1024);
    let said = effects(&decision);
    assert!(said[0].contains("This is its beginning."));
    assert_eq!(
        said.iter().filter(|said| said.starts_with("```")).count(),
        MAX_CHUNKS
    );
}

fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["&", "é", "<a>", "`", "```", "word ", "line\n", "x"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn chunks_are_the_text_and_short(lines in prop::collection::vec((piece(), 0usize..2000), 0..6)) {
        let lines = lines.iter().map(|(piece, times)| piece.repeat(*times));
        let text = lines.collect::<Vec<_>>().join("\n");
        let chunks = chunks(&text);
        for chunk in &chunks {
            prop_assert!(chunk.len() <= CHUNK && !chunk.contains("```") && !chunk.contains('<'));
            let bare = chunk.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
            prop_assert!(!bare.contains('&'), "an escape is cut");
        }
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        prop_assert_eq!(bare(&chunks.concat()), bare(&escape(&text.replace("```", "'''"))));
    }
}
