//! Tests of marks: they may come in any order, and the latest event of each counts.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn id() -> IncidentId {
    IncidentId::new(Timestamp(1), "test")
}

proptest! {
    #[test]
    fn whatever_order_they_come_in_the_latest_of_each_counts(
        marks in prop::collection::vec((0usize..4, any::<bool>()), 1..12),
        order in any::<prop::sample::Index>(),
    ) {
        let users = ["U1", "U2", "U3"].map(UserId::from);
        let marker = |n: usize| match users.get(n) {
            Some(by) => Marker::Reaction { emoji: "pushpin", by },
            None => Marker::Pin,
        };
        let mut last = BTreeMap::new();
        for (n, on) in &marks {
            last.insert(*n, *on);
        }
        let mut events: Vec<_> = marks.iter().enumerate().collect();
        events.rotate_left(order.index(marks.len()));
        let again = events.clone();
        let mut marked = Marked::new(&id());
        for (at, (n, on)) in events.into_iter().chain(again) {
            marked.mark(marker(*n), *on, &Ts::from(format!("{}.000{}00", 100 + at / 3, at % 3)));
        }
        prop_assert_eq!(marked.is_held(), last.values().any(|on| *on));
        let source = Source { channel: "C1".into(), ts: "1.1".into() };
        let write = marked.write(&source, false);
        let tidegate_pipeline::table::WriteAction::Put(row) = write.action else { panic!() };
        prop_assert_eq!(read(&row), Some(marked));
    }

    #[test]
    fn any_text_is_no_moment_or_one(ts in "[0-9.é]{0,24}") {
        let _ = moment(&Ts::from(ts));
    }
}

#[test]
fn many_marks_keep_the_row_small_and_forget_what_is_over_first() {
    let mut marked = Marked::new(&id());
    let users: Vec<_> = (0..60).map(|n| UserId::from(format!("U{n}"))).collect();
    let (early, late) = (Ts::from("5.000000"), Ts::from("6.000000"));
    let mark = |by| Marker::Reaction {
        emoji: "pushpin",
        by,
    };
    for by in &users {
        marked.mark(mark(by), true, &early);
    }
    assert_eq!(marked.marks.len(), MAX_MARKS);
    assert!(!marked.mark(Marker::Pin, true, &late));
    marked.mark(mark(&users[0]), false, &late);
    assert!(marked.mark(Marker::Pin, true, &late));
    assert_eq!(marked.marks.len(), MAX_MARKS);
}

#[test]
fn a_deleted_message_comes_back_by_no_mark_and_no_edit() {
    let mut marked = Marked::new(&id());
    marked.mark(Marker::Pin, true, &"1.000000".into());
    assert!(marked.edit(&"2.000000".into()) && !marked.edit(&"2.000000".into()));
    assert!(marked.delete() && !marked.delete());
    marked.mark(Marker::Word, true, &"9.000000".into());
    assert!(!marked.is_held() && !marked.edit(&"10.000000".into()));
}

#[test]
fn a_declarations_row_holds_its_message_by_word() {
    let row = rows::pointer(&id()).with("seq", 1i64);
    let marked = read(&row).unwrap();
    assert!(marked.is_held());
    assert_eq!(marked.seq, Some(1));
}

#[test]
fn a_moment_is_read_to_the_millisecond() {
    assert_eq!(
        moment(&"1795256940.123456".into()),
        Some(Timestamp(1_795_256_940_123))
    );
    assert_eq!(moment(&"9223372036854775807.000".into()), None);
    assert_eq!(moment(&"5".into()), None);
}
