//! Tests of every edge of the state machine, and of sequences of changes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::incident::IncidentId;
use crate::model::milestone;
use crate::model::severity::Severity;

const MINUTE: Duration = Duration::from_mins(1);

fn incident(status: Status) -> Incident {
    let stored = json!({
        "id": IncidentId::new(Timestamp(1_000_000), "cause"), "number": 4, "title": "Checkout fails",
        "status": status, "severity": "P3", "services": [], "reporter": {"person": "U1"}, "roles": [],
        "participants": [], "watchers": [], "private": false, "drill": false,
        "milestones": {"declared": 1_000_000}, "updated_at": 1_000_000, "status_since": 1_000_000,
        "channel_name": "inc-20261121-checkout", "seq": 1, "chain": "", "version": 1,
    });
    serde_json::from_value(stored).unwrap()
}

/// An incident that reached a status through valid changes.
fn brought_to(status: Status) -> Incident {
    let mut incident = incident(match status {
        Status::Triage => Status::Triage,
        _ => Status::Declared,
    });
    let steps: &[Status] = match status {
        Status::Triage | Status::Declared => &[],
        Status::Closed => &[Status::Resolved, Status::Closed],
        Status::Canceled | Status::Merged => &[Status::Identified, status],
        _ => &[status],
    };
    for (n, step) in (1..).zip(steps) {
        let at = Timestamp(1_000_000).plus(MINUTE * n);
        assert_eq!(
            move_to(&mut incident, *step, None, false, at),
            Ok(Transition::Moved)
        );
    }
    incident
}

/// The expected result of each change, for rows from and columns to, in the order of [`Status::ALL`]: `=` is unchanged,
/// `+` is allowed, `w` needs words, `a` needs an admin, `.` is impossible. Canceled and merged incidents were
/// identified before.
const EDGES: [(Status, &str); 9] = [
    (Status::Triage, "=+.....++"),
    (Status::Declared, ".=++++.++"),
    (Status::Investigating, "..=+++.++"),
    (Status::Identified, "..w=++.++"),
    (Status::Monitoring, "..++=+..+"),
    (Status::Resolved, "..+..=+.."),
    (Status::Closed, "..a...=.."),
    (Status::Canceled, "...+...=."),
    (Status::Merged, "...+....="),
];

#[test]
fn every_step_goes_or_is_refused_as_the_table_says() {
    for (from, row) in EDGES {
        for (to, sign) in Status::ALL.into_iter().zip(row.chars()) {
            for (words, admin) in [
                (None, false),
                (Some("why"), false),
                (None, true),
                (Some("why"), true),
            ] {
                let before = brought_to(from);
                let mut after = before.clone();
                let went = move_to(&mut after, to, words, admin, Timestamp(2_000_000));
                let goes = match sign {
                    '+' => true,
                    'w' => words.is_some(),
                    'a' => admin,
                    _ => false,
                };
                match went {
                    Ok(Transition::Unchanged) => {
                        assert!(sign == '=' && after == before, "{from} to {to}");
                    }
                    Ok(Transition::Moved) => assert!(goes && after.status == to, "{from} to {to}"),
                    Err(denied) => {
                        assert!(!goes && sign != '=' && after == before, "{from} to {to}");
                        let text = denied.to_string();
                        assert!(
                            text.starts_with("INC-4 ") && text.contains(['`', ' ']),
                            "{text}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_refusal_says_what_to_do_instead() {
    let cases = [
        (
            Status::Closed,
            Status::Monitoring,
            "INC-4 is closed. An admin can reopen it with `/incident reopen <why>`.",
        ),
        (
            Status::Resolved,
            Status::Identified,
            "INC-4 is resolved. Reopen it first, with `/incident reopen <why>`.",
        ),
        (
            Status::Triage,
            Status::Monitoring,
            "INC-4 is in triage. Declare it with `/incident accept`, or put it away with `/incident cancel <why>`.",
        ),
        (
            Status::Monitoring,
            Status::Closed,
            "INC-4 is monitoring. Resolve it first, with `/incident resolve <summary>`.",
        ),
    ];
    for (from, to, said) in cases {
        let denied = move_to(&mut brought_to(from), to, None, false, Timestamp(2_000_000));
        assert_eq!(denied.unwrap_err().to_string(), said);
    }
}

#[test]
fn a_way_with_skips_fills_the_milestones_that_it_skips() {
    let mut incident = incident(Status::Declared);
    let at = Timestamp(1_600_000);
    move_to(&mut incident, Status::Resolved, None, false, at).unwrap();
    assert_eq!((incident.updated_at, incident.status_since), (at, at));
    let marks = &incident.milestones;
    assert_eq!((marks.acknowledged, marks.mitigated), (Some(at), Some(at)));
    assert_eq!((marks.resolved, marks.identified), (Some(at), None));
}

#[test]
fn only_the_first_time_counts_for_a_milestone() {
    let mut incident = incident(Status::Declared);
    for (n, to) in (1..).zip([
        Status::Monitoring,
        Status::Investigating,
        Status::Identified,
        Status::Monitoring,
        Status::Resolved,
    ]) {
        move_to(&mut incident, to, None, false, Timestamp(1_000_000 + n)).unwrap();
    }
    let marks = &incident.milestones;
    assert_eq!(marks.acknowledged, Some(Timestamp(1_000_001)));
    assert_eq!(marks.mitigated, Some(Timestamp(1_000_001)));
    assert_eq!(marks.identified, Some(Timestamp(1_000_003)));
    assert_eq!(marks.resolved, Some(Timestamp(1_000_005)));
}

#[test]
fn the_clocks_of_what_was_in_triage_run_from_its_declaration() {
    let mut incident = incident(Status::Triage);
    move_to(
        &mut incident,
        Status::Declared,
        None,
        false,
        Timestamp(1_500_000),
    )
    .unwrap();
    assert_eq!(incident.milestones.declared, Timestamp(1_500_000));
    assert_eq!(incident.milestones.detected, Some(Timestamp(1_000_000)));
}

#[test]
fn the_end_of_a_bad_one_needs_a_summary_and_asks_for_a_review() {
    for (severity, drill, review) in [
        (Severity::P1, false, Review::Required),
        (Severity::P2, false, Review::Required),
        (Severity::P3, false, Review::None),
        (Severity::P1, true, Review::None),
    ] {
        let mut one = incident(Status::Monitoring);
        (one.severity, one.drill) = (severity, drill);
        let bare = move_to(
            &mut one.clone(),
            Status::Resolved,
            Some("  "),
            false,
            Timestamp(2_000_000),
        );
        assert_eq!(bare.is_err(), severity.is_broadcast(), "{severity}");
        let said = Some("Rolled back.");
        move_to(
            &mut one,
            Status::Resolved,
            said,
            false,
            Timestamp(2_000_000),
        )
        .unwrap();
        assert_eq!((one.review, one.summary.as_deref()), (review, said));
    }
}

#[test]
fn the_seeds_bare_resolved_ends_what_has_been_spoken_of() {
    let mut one = incident(Status::Investigating);
    (one.severity, one.summary) = (Severity::P1, Some("Rolled back.".to_owned()));
    assert_eq!(
        move_to(
            &mut one,
            Status::Resolved,
            None,
            false,
            Timestamp(2_000_000)
        ),
        Ok(Transition::Moved)
    );
    assert_eq!(one.summary.as_deref(), Some("Rolled back."));
}

#[test]
fn what_was_reopened_is_counted_and_not_resolved_any_more() {
    for (from, admin) in [(Status::Resolved, false), (Status::Closed, true)] {
        let mut one = brought_to(from);
        one.review = Review::Draft;
        let to = reopens_to(&one).unwrap();
        move_to(&mut one, to, Some("again"), admin, Timestamp(2_000_000)).unwrap();
        assert_eq!((one.status, one.reopened), (Status::Investigating, 1));
        assert_eq!(
            (one.milestones.resolved, one.milestones.closed),
            (None, None)
        );
        assert_eq!(one.review, Review::Draft);
    }
}

#[test]
fn what_was_put_away_comes_back_to_where_it_stood() {
    for away in [Status::Canceled, Status::Merged] {
        for from in [Status::Triage, Status::Declared, Status::Investigating] {
            let mut one = incident(from);
            move_to(&mut one, away, None, false, Timestamp(2_000_000)).unwrap();
            one.merged_into = Some(one.id.clone());
            assert_eq!(reopens_to(&one), Some(from));
            move_to(&mut one, from, None, false, Timestamp(3_000_000)).unwrap();
            let left = (
                one.previous,
                one.merged_into,
                one.milestones.closed,
                one.reopened,
            );
            assert_eq!((one.status, left), (from, (None, None, None, 0)));
        }
    }
}

#[test]
fn after_seven_days_nothing_comes_back_but_for_an_admin_what_was_closed() {
    for (from, back) in [
        (Status::Resolved, false),
        (Status::Canceled, false),
        (Status::Merged, false),
        (Status::Closed, true),
    ] {
        let one = brought_to(from);
        let ended = one.milestones.resolved.or(one.milestones.closed).unwrap();
        let to = reopens_to(&one).unwrap();
        let last = ended.plus(REOPEN_WITHIN);
        assert!(move_to(&mut one.clone(), to, Some("why"), true, last).is_ok());
        let late = move_to(&mut one.clone(), to, Some("why"), true, last.plus(MINUTE));
        assert_eq!(late.is_ok(), back, "{from}");
    }
    let mut old = brought_to(Status::Resolved);
    let late = Timestamp(1_000_000).plus(REOPEN_WITHIN * 2);
    assert_eq!(
        move_to(&mut old, Status::Closed, None, false, late),
        Ok(Transition::Moved)
    );
}

proptest! {
    /// No sequence of changes leaves the table, and the milestones of an incident never go backward, even if the clock
    /// does.
    #[test]
    fn any_sequence_keeps_the_record_in_order(
        triage in any::<bool>(),
        steps in prop::collection::vec(
            (0usize..9, any::<bool>(), any::<bool>(), -3_600_000i64..200_000_000), 1..40,
        ),
    ) {
        let mut one = incident(if triage { Status::Triage } else { Status::Declared });
        let edges: BTreeMap<Status, &str> = EDGES.into_iter().collect();
        let mut now = 1_000_000;
        for (to, words, admin, pause) in steps {
            now = (now + pause).max(0);
            let before = one.clone();
            let to = Status::ALL[to];
            let went = move_to(&mut one, to, words.then_some("words"), admin, Timestamp(now));
            prop_assert_eq!(milestone::out_of_order(&one.milestones), None);
            match went {
                Ok(Transition::Moved) => {
                    let column = Status::ALL.iter().position(|status| *status == to).unwrap();
                    let away = matches!(before.status, Status::Canceled | Status::Merged);
                    let sign = edges[&before.status].as_bytes()[column];
                    let there = before.previous == Some(to);
                    let known = if away { there } else { b"+wa".contains(&sign) };
                    prop_assert!(known);
                    prop_assert!(one.reopened >= before.reopened);
                    prop_assert_eq!(one.milestones.resolved.is_some(),
                        one.status == Status::Resolved || before.status == Status::Resolved && one.status == Status::Closed);
                }
                Ok(Transition::Unchanged) | Err(_) => prop_assert_eq!(&one, &before),
            }
        }
    }
}
