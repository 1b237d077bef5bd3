//! Tests of who takes part, and as what.

use std::time::Duration;

use tidegate_pipeline::people::PersonKind;

use super::*;
use crate::decide::context::fixture::{LEAD, Room};
use crate::model::actor::Actor;
use crate::model::timer_kind::ReminderState;

const MINUTE: Duration = Duration::from_mins(1);

fn user(id: &str) -> UserId {
    id.into()
}

#[test]
fn whoever_joins_is_brought_in_welcomed_and_has_taken_it_up() {
    let mut room = Room::new();
    room.wait(MINUTE);
    let done = room.does("UNEW", join);
    assert_eq!(done.invited(), ["UNEW".into()]);
    assert!(done.whispered("UNEW").contains("Welcome to"));
    assert_eq!(done.said(), "<@UNEW> has taken it up: *investigating*.");
    assert_eq!(room.incident().status, Status::Investigating);
    assert_eq!(room.incident().milestones.acknowledged, Some(room.now));
    assert!(room.incident().takes_part(&user("UNEW")));
    assert!(!room.timers.contains_key(&TimerKind::Ack));
    // Once more: no second welcome, and nothing is taken up again; but they may have left the channel.
    let done = room.does("UNEW", join);
    assert_eq!(done.names(), ["invite"]);
    assert_eq!(done.answer, "You take part in INC-1 already.");
}

#[test]
fn the_declarer_takes_it_up_by_the_button_too() {
    let mut room = Room::new();
    let done = room.does(LEAD, join);
    assert!(done.whispered(LEAD).is_empty());
    assert_eq!(room.incident().status, Status::Investigating);
}

#[test]
fn what_is_private_is_not_there_for_others() {
    let mut room = Room::with(|new| new.private = true);
    for ask in [join, leave, watch, unwatch] {
        let words = room.refuses("UOTHER", ask);
        assert!(words.starts_with("There is no incident here."), "{words}");
    }
    let words = room.refuses("UOTHER", |context| claim(context, &RoleName::Scribe));
    assert!(words.starts_with("There is no incident here."), "{words}");
    let words = room.refuses("UOTHER", |context| take(context, None));
    assert!(words.starts_with("There is no incident here."), "{words}");
    assert!(room.refuses(LEAD, watch).contains("is private"));
    // A person who was invited may see it.
    room.does(LEAD, |context| invite(context, &["UOTHER".into()]));
    assert!(room.incident().takes_part(&user("UOTHER")));
    // Who takes part without leading lets nobody else in.
    let again = [user("UOTHER"), user(LEAD)];
    room.does("UOTHER", |context| invite(context, &again));
    let words = room.refuses("UOTHER", |context| invite(context, &["UFRIEND".into()]));
    assert!(
        words.contains("Only the commander, the deputy or an admin"),
        "{words}"
    );
    assert!(!room.incident().takes_part(&user("UFRIEND")));
}

#[test]
fn guests_and_programs_do_not_take_part() {
    let room = Room::new();
    let mut guest = room.by("UGUEST");
    guest.kind = PersonKind::Guest;
    assert!(join(&guest).is_err() && claim(&guest, &RoleName::Scribe).is_err());
    let mut program = room.asked_by(Actor::App("robot".to_owned()));
    program.admin_key = true;
    assert_eq!(
        join(&program).err().unwrap().text.plain(),
        "Only a person can do that."
    );
    assert!(take(&program, None).is_err());
}

#[test]
fn an_incident_holds_so_many_people() {
    let mut room = Room::new();
    for n in 0..MAX_WATCHERS {
        room.does(&format!("UW{n}"), watch);
    }
    assert!(
        room.refuses("UW99", watch)
            .contains("20 people watch INC-1")
    );
    assert_eq!(room.does("UW1", watch).answer, "You watch INC-1 already.");
    room.does("UW1", unwatch);
    room.does("UW99", watch);
    for n in 0..15 {
        room.does(LEAD, |context| {
            role(context, &RoleName::Sme, &format!("US{n}").into())
        });
    }
    let one_more = room.refuses(LEAD, |context| {
        role(context, &RoleName::Sme, &"US15".into())
    });
    assert!(one_more.contains("16 roles"), "{one_more}");
    // A role that changes hands is no role more.
    room.does(LEAD, |context| {
        role(context, &RoleName::Commander, &"US3".into())
    });
    let participants = (0..MAX_PARTICIPANTS).map(|n| UserId::from(format!("UP{n}").as_str()));
    room.edit().participants = participants.collect();
    assert!(
        room.refuses("UNEW", join)
            .contains("500 people can take part")
    );
    // Everything that its end writes still fits one transaction, with everyone told.
    room.does("US3", |context| {
        crate::decide::lifecycle::resolve(context, Some("Over."))
    });
}

#[test]
fn leaving_frees_roles_but_the_commander_hands_over_first() {
    let mut room = Room::new();
    assert!(room.refuses(LEAD, leave).contains("/incident handover"));
    room.does(LEAD, |context| {
        role(context, &RoleName::Comms, &"UCOMMS".into())
    });
    let done = room.does("UCOMMS", leave);
    assert_eq!(
        done.said(),
        "<@UCOMMS> has left the incident. Roles now free: *comms*."
    );
    assert!(!room.incident().takes_part(&user("UCOMMS")));
    let done = room.does("UCOMMS", leave);
    assert_eq!(done.answer, "You do not take part in INC-1.");
    assert!(done.effects.is_empty());
}

#[test]
fn a_role_comes_with_its_card() {
    let mut room = Room::new();
    let legal = RoleName::Custom("legal".to_owned());
    let done = room.does(LEAD, |context| role(context, &legal, &"ULAW".into()));
    assert!(done.whispered("ULAW").contains("Read the contracts."));
    assert_eq!(done.said(), "<@ULAW> is *legal* now, says <@ULEAD>.");
    assert_eq!(done.invited(), ["ULAW".into()]);
    // Given, not taken: nobody has taken the incident up by that.
    assert_eq!(room.incident().status, Status::Declared);
    let again = room.does(LEAD, |context| role(context, &legal, &"ULAW".into()));
    assert_eq!(again.answer, "<@ULAW> is legal of INC-1 already.");
    let unknown = RoleName::Custom("pilot".to_owned());
    assert_eq!(
        room.refuses(LEAD, |context| role(context, &unknown, &"ULAW".into())),
        "There is no role `pilot`. There are: commander, deputy, comms, scribe, sme, legal."
    );
}

#[test]
fn a_free_role_is_claimed_and_a_taken_one_is_not() {
    let mut room = Room::new();
    let scribe = |context: &DecisionContext<'_>| claim(context, &RoleName::Scribe);
    let words = room.refuses("UA", scribe);
    assert!(words.contains("/incident join"), "{words}");
    room.does("UA", join);
    room.does("UB", join);
    let done = room.does("UA", scribe);
    assert_eq!(done.said(), "<@UA> is *scribe* now.");
    assert_eq!(
        room.does("UA", scribe).answer,
        "You are scribe of INC-1 already."
    );
    assert!(
        room.refuses("UB", scribe)
            .contains("The commander is <@ULEAD>")
    );
    assert!(
        room.refuses("UB", |context| claim(context, &RoleName::Deputy))
            .contains("Only the commander")
    );
    assert!(
        room.refuses("UB", |context| drop_role(context, &RoleName::Scribe))
            .contains("You are not scribe")
    );
    room.does("UA", |context| drop_role(context, &RoleName::Scribe));
    let done = room.does("UB", scribe);
    assert_eq!(done.noted(), "<@UB> is scribe");
}

#[test]
fn a_claim_takes_the_incident_up() {
    let mut room = Room::new();
    let done = room.does(LEAD, |context| claim(context, &RoleName::Scribe));
    assert_eq!(
        done.said(),
        "<@ULEAD> is *scribe* now. It is *investigating* now."
    );
    assert_eq!(room.incident().status, Status::Investigating);
}

#[test]
fn seed_defect_10_the_commander_can_change() {
    let mut room = Room::new();
    room.does("UA", join);
    assert!(
        room.refuses("UA", |context| commander(context, Some(&"UA".into())))
            .contains("Only the commander")
    );
    let done = room.does(LEAD, |context| commander(context, Some(&"UA".into())));
    assert_eq!(room.incident().commander(), Some(&user("UA")));
    assert_eq!(
        done.said(),
        "<@UA> is *commander* now in place of <@ULEAD>, says <@ULEAD>."
    );
    assert!(done.names().contains(&"header") && done.names().contains(&"topic"));
    assert_eq!(done.noted(), "<@UA> is commander in place of <@ULEAD>");
    // There is one commander at a time, and the one before still takes part.
    let held = room.incident().roles.iter();
    assert_eq!(
        held.filter(|held| held.role == RoleName::Commander).count(),
        1
    );
    assert!(room.incident().takes_part(&user(LEAD)));
    let shown = room.does("UB", |context| commander(context, None));
    assert_eq!(shown.answer, "The commander of INC-1 is <@UA>.");
    // Nobody knows the clock of somebody else.
    assert_eq!(room.incident().zone, None);
    room.does("UA", |context| drop_role(context, &RoleName::Commander));
    let done = room.does(LEAD, |context| take(context, Some("<!channel> I am back")));
    assert_eq!(
        done.said(),
        "<@ULEAD> has *taken the command*: &lt;!channel&gt; I am back"
    );
    assert_eq!(room.incident().zone, Some(3600));
}

#[test]
fn a_commander_who_leaves_the_role_is_looked_for() {
    let mut room = Room::new();
    let done = room.does(LEAD, |context| drop_role(context, &RoleName::Commander));
    assert!(done.said().contains("has no commander"), "{}", done.said());
    let shown = room.does("UB", |context| commander(context, None));
    assert!(shown.answer.contains("/incident take"));
}

#[test]
fn the_command_is_taken_from_who_is_silent_only() {
    let mut room = Room::new();
    room.does("UA", join);
    let try_it = |context: &DecisionContext<'_>| take(context, Some("no answer"));
    let words = room.refuses("UA", try_it);
    assert!(words.contains("who has answered so far"), "{words}");
    for n in 0..2 {
        assert!(!silent(room.incident()), "{n}");
        room.wait(MINUTE * 30);
        let done = room.goes_off(TimerKind::UpdateDue);
        assert_eq!(done.said().contains("/incident take"), n == 1);
    }
    assert!(silent(room.incident()));
    let done = room.does("UA", try_it);
    assert_eq!(
        done.said(),
        "<@UA> has *taken the command* in place of <@ULEAD>: no answer"
    );
    // The new commander has missed nothing, so nobody can take the command from them at once.
    assert!(!silent(room.incident()));
    room.wait(MINUTE * 30);
    room.goes_off(TimerKind::UpdateDue);
    assert!(!silent(room.incident()));
    assert!(
        room.refuses(LEAD, try_it)
            .contains("who has answered so far")
    );
}

#[test]
fn silence_is_what_was_missed_since_then() {
    let base = Room::new().incident().clone();
    let at = |ms: i64| tidegate_pipeline::clock::Timestamp(base.updated_at.0 + ms);
    let reminder = |fired, last| ReminderState {
        fired,
        last: Some(at(last)),
        ..ReminderState::default()
    };
    for (status, kind, reminder, expected) in [
        (Status::Declared, TimerKind::Ack, reminder(1, 5), true),
        (Status::Declared, TimerKind::Ack, reminder(0, 5), false),
        // Before they were commander.
        (Status::Declared, TimerKind::Ack, reminder(1, 0), false),
        // Somebody has taken it up meanwhile.
        (Status::Investigating, TimerKind::Ack, reminder(1, 5), false),
        (
            Status::Investigating,
            TimerKind::UpdateDue,
            reminder(1, 5),
            false,
        ),
        (
            Status::Investigating,
            TimerKind::UpdateDue,
            reminder(2, 5),
            true,
        ),
        // Before the last update.
        (
            Status::Investigating,
            TimerKind::UpdateDue,
            reminder(9, -1),
            false,
        ),
        (
            Status::Investigating,
            TimerKind::Stale,
            reminder(9, 5),
            false,
        ),
    ] {
        let mut incident = base.clone();
        incident.status = status;
        incident.timers.insert(kind, reminder);
        assert_eq!(silent(&incident), expected, "{status} {kind} {reminder:?}");
        incident.roles.clear();
        assert!(!silent(&incident), "nobody cannot be silent");
    }
}

#[test]
fn what_has_ended_takes_nobody_in() {
    let mut room = Room::new();
    room.does(LEAD, |context| {
        crate::decide::lifecycle::cancel(context, "A test.")
    });
    for ask in [join, watch] {
        assert!(room.refuses("UA", ask).contains("/incident reopen"));
    }
    let give = |context: &DecisionContext<'_>| role(context, &RoleName::Sme, &"UA".into());
    assert!(room.refuses(LEAD, give).contains("/incident reopen"));
    assert!(
        room.refuses(LEAD, |context| invite(context, &["UA".into()]))
            .contains("/incident reopen")
    );
}
