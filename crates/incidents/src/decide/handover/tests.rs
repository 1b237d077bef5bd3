//! Tests of how command is offered, taken over, declined and withdrawn.

use std::time::Duration;

use super::*;
use crate::decide::context::fixture::{LEAD, NOW, Room};
use crate::decide::people;
use crate::model::status::Status;

/// Yes by the button of the first offer.
fn accept_now(context: &DecisionContext<'_>) -> Result<Verdict, RequestError> {
    accept(context, NOW)
}

/// Declines the offer by its button.
fn decline_now(context: &DecisionContext<'_>) -> Result<Verdict, RequestError> {
    decline(context, NOW)
}

fn offered() -> Room {
    let mut room = Room::new();
    let done = room.does(LEAD, |context| {
        offer(context, &"UNEXT".into(), Some("The <database> is full."), 2)
    });
    assert_eq!(done.names(), ["invite", "say", "direct"]);
    assert_eq!(done.told(), ["UNEXT".into()]);
    let brief = &done.effects[1];
    let Effect::Say { message, .. } = brief else {
        panic!("the brief is said");
    };
    let brief = message.to_string();
    for part in [
        "The &lt;database&gt; is full.",
        "Open tasks: 2",
        "handover_accept",
    ] {
        assert!(brief.contains(part), "{brief}");
    }
    assert_eq!(
        done.answer,
        "<@UNEXT> is asked to take the command of INC-1. Until then <@ULEAD> stays the commander."
    );
    room
}

#[test]
fn the_commander_stays_until_the_other_says_yes() {
    let mut room = offered();
    assert_eq!(room.incident().commander(), Some(&LEAD.into()));
    let done = room.does("UNEXT", accept_now);
    assert_eq!(room.incident().commander(), Some(&"UNEXT".into()));
    assert_eq!(
        done.said(),
        "<@UNEXT> *has the command* now, handed over by <@ULEAD>."
    );
    assert!(done.whispered("UNEXT").contains("You decide"));
    assert!(
        done.noted()
            .contains("in place of <@ULEAD>, handed over by <@ULEAD>")
    );
    // A person who takes the command has taken the incident up.
    assert_eq!(room.incident().status, Status::Investigating);
    assert_eq!(room.incident().zone, Some(3600));
    let words = room.refuses("UNEXT", accept_now);
    assert!(words.contains("This handover is over"), "{words}");
}

#[test]
fn a_no_leaves_everything_as_it_was() {
    let mut room = offered();
    let done = room.does("UNEXT", decline_now);
    assert_eq!(
        done.said(),
        "<@ULEAD>: <@UNEXT> cannot take the command. <@ULEAD> stays the commander."
    );
    assert_eq!(room.incident().commander(), Some(&LEAD.into()));
    assert_eq!(room.incident().handover, None);
    assert_eq!(room.incident().status, Status::Declared);
    assert!(
        room.refuses("UNEXT", decline_now)
            .contains("This handover is over")
    );
}

#[test]
fn only_who_is_asked_answers() {
    let mut room = offered();
    room.settings.admins.insert("UADMIN".into());
    for other in [LEAD, "UOTHER", "UADMIN"] {
        for answer in [accept_now, decline_now] {
            let words = room.refuses(other, answer);
            assert_eq!(words, "This handover asks <@UNEXT>, nobody else.");
        }
    }
}

#[test]
fn another_offer_and_another_commander_end_one() {
    let mut room = offered();
    let done = room.does(LEAD, |context| offer(context, &"UTHIRD".into(), None, 0));
    assert!(done.said().starts_with("The offer to <@UNEXT> has lapsed."));
    assert!(room.refuses("UNEXT", accept_now).contains("asks <@UTHIRD>"));
    room.does(LEAD, |context| {
        people::commander(context, Some(&"UFOURTH".into()))
    });
    assert!(
        room.refuses("UTHIRD", accept_now)
            .contains("This handover is over")
    );
}

#[test]
fn a_button_answers_the_offer_that_it_was_drawn_for() {
    let mut room = offered();
    room.wait(Duration::from_mins(5));
    // Offered anew, with other notes: the button of the first is under what does not hold any more.
    room.does(LEAD, |context| {
        offer(context, &"UNEXT".into(), Some("Do not restart it!"), 0)
    });
    let again = room.now;
    for answer in [accept_now, decline_now] {
        let words = room.refuses("UNEXT", answer);
        assert!(words.starts_with("This offer has lapsed"), "{words}");
    }
    room.does("UNEXT", |context| accept(context, again));
    assert_eq!(room.incident().commander(), Some(&"UNEXT".into()));
}

#[test]
fn an_offer_makes_sense_or_is_refused() {
    let mut room = Room::new();
    let to =
        |to: &'static str| move |context: &DecisionContext<'_>| offer(context, &to.into(), None, 0);
    assert!(
        room.refuses(LEAD, to(LEAD))
            .contains("is the commander of INC-1 already")
    );
    assert!(
        room.refuses("UOTHER", to("UNEXT"))
            .contains("Only the commander")
    );
    room.does(LEAD, |context| {
        people::role(context, &RoleName::Deputy, &"UDEP".into())
    });
    assert!(room.refuses("UDEP", to("UDEP")).contains("/incident take"));
    room.does("UDEP", to("UNEXT"));
    // Put away meanwhile: the button under the old message does nothing.
    room.edit().status = Status::Closed;
    assert!(
        room.refuses("UNEXT", accept_now)
            .contains("/incident reopen")
    );
}

#[test]
fn who_is_to_lead_a_private_incident_may_see_it() {
    let mut room = Room::with(|new| new.private = true);
    room.does(LEAD, |context| offer(context, &"UNEXT".into(), None, 0));
    room.does("UNEXT", accept_now);
    assert_eq!(room.incident().commander(), Some(&"UNEXT".into()));
}
