//! Tests of what people ask of reminders.

use super::*;
use crate::decide::context::fixture::{LEAD, NOW, Room};
use crate::decide::lifecycle;
use crate::model::severity::Severity;

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

#[test]
fn a_reminder_can_be_asked_for() {
    let mut room = Room::new();
    let done = room.does(LEAD, |context| remind(context, Some(MINUTE * 10)));
    assert_eq!(
        done.answer,
        "The next update of INC-1 is due within 10 min."
    );
    assert_eq!(done.names(), ["header", "topic"]);
    room.awaited(TimerKind::UpdateDue);
    assert_eq!(room.now, NOW.plus(MINUTE * 10));
    // Then at the usual pace.
    assert_eq!(
        room.due(TimerKind::UpdateDue),
        Some(room.now.plus(MINUTE * 30))
    );
    for wrong in [Duration::ZERO, MINUTE / 2, LONGEST + MINUTE] {
        assert!(
            room.refuses(LEAD, |context| remind(context, Some(wrong)))
                .contains("7 days")
        );
    }
    assert!(
        room.refuses("UOTHER", |context| remind(context, None))
            .contains("Only the")
    );
}

#[test]
fn a_p4_is_reminded_of_only_if_somebody_asks() {
    let mut room = Room::with(|new| new.severity = Some(Severity::P4));
    assert_eq!(room.due(TimerKind::UpdateDue), None);
    room.does(LEAD, |context| remind(context, Some(MINUTE * 10)));
    room.awaited(TimerKind::UpdateDue);
    assert_eq!(room.due(TimerKind::UpdateDue), None);
}

#[test]
fn reminders_of_updates_go_off_and_come_back() {
    let mut room = Room::new();
    let done = room.does(LEAD, |context| remind(context, None));
    assert!(
        done.said()
            .contains("*switched off* the reminder of updates"),
        "{}",
        done.said()
    );
    assert_eq!(room.due(TimerKind::UpdateDue), None);
    assert!(!room.timers.contains_key(&TimerKind::UpdateDue));
    assert!(
        room.does(LEAD, |context| remind(context, None))
            .answer
            .contains("off already")
    );
    // An update does not bring them back, asking does.
    let update = lifecycle::Update {
        text: Some("We look.".to_owned()),
        ..lifecycle::Update::default()
    };
    room.does(LEAD, |context| lifecycle::update(context, &update));
    assert_eq!(room.due(TimerKind::UpdateDue), None);
    room.does(LEAD, |context| remind(context, Some(MINUTE * 30)));
    assert!(room.timers.contains_key(&TimerKind::UpdateDue));
}

#[test]
fn a_pause_keeps_people_in_peace_but_not_the_clocks() {
    let mut room = Room::new();
    let done = room.does(LEAD, |context| pause(context, Some(MINUTE * 120)));
    assert!(done.said().contains("*quiet for 2 h*"), "{}", done.said());
    for kind in [
        TimerKind::Ack,
        TimerKind::UpdateDue,
        TimerKind::RoleUnclaimed,
    ] {
        assert_eq!(room.due(kind), Some(NOW.plus(MINUTE * 120)), "{kind}");
    }
    room.does(LEAD, |context| pause(context, None));
    assert_eq!(room.due(TimerKind::Ack), Some(NOW.plus(MINUTE * 5)));
    assert!(
        room.does(LEAD, |context| pause(context, None))
            .answer
            .contains("not paused")
    );
    room.does(LEAD, |context| lifecycle::resolve(context, Some("Fixed.")));
    room.does(LEAD, |context| pause(context, Some(DAY * 7)));
    assert_eq!(room.due(TimerKind::AutoClose), Some(NOW.plus(DAY * 3)));
}

#[test]
fn one_reminder_can_be_put_off_or_stopped() {
    let mut room = Room::new();
    room.awaited(TimerKind::UpdateDue);
    let done = room.does(LEAD, |context| snooze(context, TimerKind::UpdateDue, 90));
    assert_eq!(
        done.said(),
        "<@ULEAD> has put the reminder of updates off for 1 h 30 min."
    );
    assert_eq!(
        room.due(TimerKind::UpdateDue),
        Some(room.now.plus(MINUTE * 90))
    );
    room.does(LEAD, |context| stop(context, TimerKind::UpdateDue));
    assert_eq!(room.due(TimerKind::UpdateDue), None);
    // The buttons of old messages.
    let put_off = |context: &DecisionContext<'_>| snooze(context, TimerKind::UpdateDue, 30);
    assert!(room.refuses(LEAD, put_off).contains("is over"));
    assert!(
        room.refuses(LEAD, |context| stop(context, TimerKind::Soak))
            .contains("is over")
    );
    for kind in [TimerKind::AutoClose, TimerKind::Archive] {
        assert!(
            room.refuses(LEAD, |context| stop(context, kind))
                .contains("no reminder")
        );
    }
    assert!(room.refuses("UOTHER", put_off).contains("Only the"));
}

#[test]
fn a_drill_is_sixty_times_as_fast() {
    let mut room = Room::with(|new| new.drill = true);
    let second = Duration::from_secs(1);
    assert_eq!(room.due(TimerKind::Ack), Some(NOW.plus(second * 5)));
    assert_eq!(room.due(TimerKind::UpdateDue), Some(NOW.plus(second * 30)));
    let done = room.does(LEAD, |context| remind(context, Some(MINUTE * 10)));
    assert_eq!(done.answer, "The next update of INC-1 is due within 10 s.");
    assert_eq!(room.due(TimerKind::UpdateDue), Some(NOW.plus(second * 10)));
    room.does(LEAD, |context| snooze(context, TimerKind::Ack, 30));
    assert_eq!(room.due(TimerKind::Ack), Some(NOW.plus(second * 30)));
    room.does(LEAD, |context| pause(context, Some(MINUTE * 120)));
    assert_eq!(room.due(TimerKind::Ack), Some(NOW.plus(MINUTE * 2)));
}
