//! Tests of what happens when timers go off, alone and in any order with what people do.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::decide::context::fixture::{LEAD, NOW, Room};
use crate::decide::people;
use crate::decide::reminders::{pause, remind as ask_for, snooze, stop};
use crate::model::actor::Actor;
use crate::model::form::Declaration;
use crate::model::incident::Review;
use crate::model::severity::Severity;
use crate::model::status::Status;

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

fn users(ids: &[&str]) -> Vec<UserId> {
    ids.iter().map(|id| UserId::from(*id)).collect()
}

#[test]
fn an_incident_that_nobody_takes_up_goes_up_the_ladder() {
    let mut room = Room::new();
    room.does(LEAD, |context| {
        people::role(context, &RoleName::Deputy, &"UDEP".into())
    });
    let first = room.awaited(TimerKind::Ack);
    assert_eq!(room.now, NOW.plus(MINUTE * 5));
    assert_eq!(first.told(), users(&[LEAD]));
    assert!(
        first.said().starts_with("<@ULEAD> Nobody has taken up"),
        "{}",
        first.said()
    );
    let second = room.awaited(TimerKind::Ack);
    assert_eq!(second.told(), users(&["UDEP", "UOWNER"]));
    assert!(
        second
            .said()
            .starts_with("<@ULEAD> <@UDEP> <@UOWNER> Nobody")
    );
    assert_eq!(
        second.noted(),
        "nobody has taken it up: called <@UDEP>, <@UOWNER>"
    );
    let third = room.awaited(TimerKind::Ack);
    assert_eq!(third.told(), users(&["UESC1", "UESC2"]));
    assert_eq!(room.now, NOW.plus(MINUTE * 15));
    assert_eq!(room.due(TimerKind::Ack), None);
    assert!(!room.timers.contains_key(&TimerKind::Ack));
}

#[test]
fn without_deputy_and_owners_the_list_is_called_at_once() {
    let mut room = Room::with(|new| new.services.clear());
    room.awaited(TimerKind::Ack);
    assert_eq!(
        room.awaited(TimerKind::Ack).told(),
        users(&["UESC1", "UESC2"])
    );
}

#[test]
fn nobody_else_is_called_to_a_drill_or_to_what_is_private() {
    for edit in [
        |new: &mut Declaration| new.drill = true,
        |new: &mut Declaration| new.private = true,
    ] {
        let mut room = Room::with(edit);
        assert_eq!(room.awaited(TimerKind::Ack).told(), users(&[LEAD]));
        for _ in 0..2 {
            let done = room.awaited(TimerKind::Ack);
            assert!(done.told().is_empty() && done.invited().is_empty());
        }
    }
    // But those who take part are, in private too.
    let mut room = Room::with(|new| new.private = true);
    room.edit().participants.insert("UESC2".into());
    room.awaited(TimerKind::Ack);
    assert_eq!(room.awaited(TimerKind::Ack).told(), users(&["UESC2"]));
}

#[test]
fn an_update_is_asked_for_until_there_is_one() {
    let mut room = Room::new();
    room.does(LEAD, |context| {
        people::role(context, &RoleName::Comms, &"UCOMMS".into())
    });
    let done = room.awaited(TimerKind::UpdateDue);
    assert_eq!(room.now, NOW.plus(MINUTE * 30));
    assert!(
        done.said().starts_with("<@ULEAD> <@UCOMMS> An update of"),
        "{}",
        done.said()
    );
    assert_eq!(done.noted(), "an update is due");
    room.awaited(TimerKind::UpdateDue);
    let third = room.awaited(TimerKind::UpdateDue);
    assert_eq!(room.now, NOW.plus(MINUTE * 90));
    assert_eq!(third.noted(), "");
    let update = lifecycle::Update {
        text: Some("We look.".to_owned()),
        ..lifecycle::Update::default()
    };
    room.does(LEAD, |context| lifecycle::update(context, &update));
    assert_eq!(
        room.due(TimerKind::UpdateDue),
        Some(room.now.plus(MINUTE * 30))
    );
}

#[test]
fn free_roles_are_named_once() {
    let mut room = Room::new();
    let done = room.awaited(TimerKind::RoleUnclaimed);
    assert!(done.said().contains("has no comms."), "{}", done.said());
    assert_eq!(done.noted(), "nobody is comms");
    let says = serde_json::to_string(&done.effects).unwrap();
    assert!(says.contains("incident.claim"), "{says}");
    assert_eq!(room.due(TimerKind::RoleUnclaimed), None);
}

#[test]
fn a_quiet_incident_is_resolved_closed_and_put_away() {
    let mut room = Room::new();
    let to = lifecycle::Update {
        to: Some(Status::Monitoring),
        ..lifecycle::Update::default()
    };
    room.does(LEAD, |context| lifecycle::update(context, &to));
    let soak = room.awaited(TimerKind::Soak);
    assert!(soak.said().contains("Is it over?"));
    assert_eq!(room.due(TimerKind::Soak), None);
    room.does(LEAD, |context| lifecycle::resolve(context, Some("Fixed.")));
    let resolved = room.now;
    let done = room.awaited(TimerKind::AutoClose);
    assert_eq!(room.now, resolved.plus(DAY * 3));
    assert_eq!(room.incident().status, Status::Closed);
    assert!(
        done.said().contains("*Closed* by Tidegate"),
        "{}",
        done.said()
    );
    let review = room.awaited(TimerKind::PostmortemDue);
    assert_eq!(room.now, resolved.plus(DAY * 5));
    assert_eq!(review.told(), users(&[LEAD]));
    assert!(review.said().contains("The post-mortem of"));
    room.edit().review = Review::Published;
    let done = room.awaited(TimerKind::Archive);
    assert_eq!(done.names(), ["say", "archive"]);
    assert_eq!(
        room.timers.keys().collect::<Vec<_>>(),
        [&TimerKind::PostmortemDue]
    );
    // Its own row goes when it wakes up: the post-mortem was published behind the timers' back.
    room.goes_off(TimerKind::PostmortemDue);
    assert!(room.timers.is_empty());
}

#[test]
fn a_forgotten_incident_is_brought_up() {
    let mut room = Room::new();
    room.does(LEAD, |context| ask_for(context, None));
    let done = room.awaited(TimerKind::Stale);
    assert_eq!(room.now, NOW.plus(DAY * 7));
    assert!(done.said().starts_with("<@ULEAD> Nobody has said anything"));
    assert_eq!(room.due(TimerKind::Stale), Some(room.now.plus(DAY * 7)));
}

#[test]
fn a_timer_of_before_does_nothing_but_set_itself_anew() {
    let mut room = Room::new();
    room.wait(MINUTE * 30);
    let update = lifecycle::Update {
        text: Some("We look.".to_owned()),
        ..lifecycle::Update::default()
    };
    room.does(LEAD, |context| lifecycle::update(context, &update));
    let before = room.incident().clone();
    // The job of the row that the update has just replaced.
    let done = room.goes_off(TimerKind::UpdateDue);
    assert!(done.effects.is_empty() && done.entries.is_empty());
    let after = room.incident();
    assert_eq!(
        (after.version, &after.timers),
        (before.version + 1, &before.timers)
    );
    let row = &room.timers[&TimerKind::UpdateDue];
    assert_eq!(row.at, room.now.plus(MINUTE * 30));
    // Another name than the job that has just been done, or the ledger would take them for one.
    assert_eq!(row.generation, i64::try_from(after.version).unwrap());
    // Nobody waits for it any more.
    let done = room.goes_off(TimerKind::Ack);
    assert!(done.effects.is_empty() && !room.timers.contains_key(&TimerKind::Ack));
}

/// Something that happens to an incident.
#[derive(Debug, Clone, Copy)]
enum Step {
    Wait(u32),
    /// The job of a timer that may be long gone.
    Late(TimerKind),
    Update,
    Monitor,
    Resolve,
    Reopen,
    Severity(Severity),
    Snooze(TimerKind, u32),
    Stop(TimerKind),
    Remind(Option<u32>),
    Pause(Option<u32>),
    Join,
    Take,
    Drop,
}

fn step() -> impl Strategy<Value = Step> {
    let kind = || prop::sample::select(TimerKind::ALL.to_vec());
    let severity = prop::sample::select(Severity::ALL.to_vec());
    let asked = prop_oneof![
        prop::sample::select(vec![
            Step::Update,
            Step::Monitor,
            Step::Resolve,
            Step::Reopen,
            Step::Join,
            Step::Take,
            Step::Drop,
        ]),
        severity.prop_map(Step::Severity),
        (kind(), 1u32..200).prop_map(|(kind, n)| Step::Snooze(kind, n)),
        kind().prop_map(Step::Stop),
        prop::option::of(1u32..500).prop_map(Step::Remind),
        prop::option::of(1u32..500).prop_map(Step::Pause),
    ];
    prop_oneof![
        3 => (1u32..20_000).prop_map(Step::Wait),
        1 => kind().prop_map(Step::Late),
        4 => asked,
    ]
}

type Decide = Box<dyn Fn(&DecisionContext<'_>) -> Result<Verdict, RequestError>>;

/// Does a step if it is allowed: a refusal changes nothing.
fn take_step(room: &mut Room, step: Step) {
    let moved = |to| lifecycle::Update {
        to,
        text: Some("So it stands.".to_owned()),
        next_minutes: None,
    };
    let length = |n: u32| MINUTE * n;
    let (actor, ask): (_, Decide) = match step {
        Step::Wait(minutes) => return room.wait(MINUTE * minutes),
        Step::Late(kind) => (
            Actor::Tidegate,
            Box::new(move |context| fire(context, kind)),
        ),
        step => (
            Actor::Person(LEAD.into()),
            Box::new(move |context| match step {
                Step::Update => lifecycle::update(context, &moved(None)),
                Step::Monitor => lifecycle::update(context, &moved(Some(Status::Monitoring))),
                Step::Resolve => lifecycle::resolve(context, Some("Fixed.")),
                Step::Reopen => lifecycle::reopen(context, "Not fixed."),
                Step::Severity(to) => lifecycle::severity(context, to, None),
                Step::Snooze(kind, n) => snooze(context, kind, n),
                Step::Stop(kind) => stop(context, kind),
                Step::Remind(n) => ask_for(context, n.map(length)),
                Step::Pause(n) => pause(context, n.map(length)),
                Step::Take => people::take(context, None),
                Step::Drop => people::drop_role(context, &RoleName::Commander),
                Step::Join | Step::Wait(_) | Step::Late(_) => people::join(context),
            }),
        ),
    };
    if ask(&room.asked_by(actor.clone())).is_ok() {
        room.does_as(actor, ask);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn timers_follow_the_incident_whatever_happens(
        steps in prop::collection::vec(step(), 1..30), drill in any::<bool>(), p1 in any::<bool>(),
    ) {
        let mut room = Room::with(|new| {
            new.drill = drill;
            new.severity = Some(if p1 { Severity::P1 } else { Severity::P2 });
        });
        let mut ledger = BTreeSet::new();
        for step in steps {
            take_step(&mut room, step);
            let wanted = timers::wanted(room.incident(), &room.settings.timers);
            let armed: BTreeMap<_, _> =
                room.timers.iter().map(|(kind, timer)| (*kind, timer.at)).collect();
            prop_assert_eq!(&armed, &wanted, "after {:?}", step);
            // Every timer that is due goes off, once each for its name, and never stays due.
            for kind in TimerKind::ALL {
                let Some(timer) = room.timers.get(&kind).filter(|timer| timer.at <= room.now) else {
                    continue;
                };
                prop_assert!(ledger.insert((kind, timer.generation)), "{} again: lost", kind);
                let version = room.incident().version;
                let done = room.goes_off(kind);
                prop_assert_eq!(room.incident().version, version + 1);
                let archives = done.effects.iter().any(|e| matches!(e, Effect::Archive { .. }));
                prop_assert_eq!(archives, kind == TimerKind::Archive);
                prop_assert!(room.due(kind).is_none_or(|due| due > room.now), "{} loops", kind);
            }
        }
    }
}
