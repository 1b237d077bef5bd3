//! Tests of calling people.

use std::time::Duration;

use super::*;
use crate::decide::context::fixture::{LEAD, Room};
use crate::decide::lifecycle;
use crate::model::severity::Severity::{P1, P3};

const MINUTE: Duration = Duration::from_mins(1);

fn person(user: &'static str) -> impl Fn(&DecisionContext<'_>) -> Result<Verdict, RequestError> {
    move |context| page(context, &Paged::Person(user.into()))
}

fn states(done: &[(String, String)]) -> Vec<(&str, &str)> {
    done.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect()
}

/// The seed's throttle was made anew for each command, so that it never throttled; kept as it was written, it would have
/// swallowed the resolve.
#[test]
fn seed_defect_2_the_throttle_is_kept_by_kind_of_news() {
    let mut room = Room::new();
    let first = room.does(LEAD, person("UA"));
    assert_eq!(states(&first.deliveries), [("UA", "pending")]);
    // The same news within five minutes is left out, and the ledger says so.
    room.wait(MINUTE * 4);
    let second = room.does(LEAD, person("UA"));
    assert!(second.told().is_empty() && second.invited().is_empty());
    assert_eq!(states(&second.deliveries), [("UA", "throttled")]);
    assert_eq!(
        second.answer,
        "Called less than 5 minutes ago, and not again now: <@UA>."
    );
    // Other news is not, and least of all that it is over.
    let over = room.does(LEAD, |context| lifecycle::resolve(context, Some("Fixed.")));
    assert_eq!(over.told(), ["UA".into()]);
    assert_eq!(states(&over.deliveries), [("UA", "pending")]);
    // Nor is the same news later: what was left out does not count.
    room.wait(MINUTE);
    let third = room.does(LEAD, person("UA"));
    assert_eq!(third.told(), ["UA".into()]);
}

#[test]
fn seed_defect_2_a_resolve_follows_a_declaration_at_once() {
    let mut room = Room::new();
    room.settings.routing.p1_users = vec!["UBOSS".into()];
    let raised = |room: &mut Room, to| {
        room.does(LEAD, |context| lifecycle::severity(context, to, None))
            .told()
    };
    assert!(raised(&mut room, P3).is_empty());
    assert_eq!(raised(&mut room, P1), ["UBOSS".into()]);
    // Up and down within five minutes: told once.
    raised(&mut room, P3);
    room.wait(MINUTE);
    assert!(raised(&mut room, P1).is_empty());
    let over = room.does(LEAD, |context| lifecycle::resolve(context, Some("Fixed.")));
    assert_eq!(over.told(), ["UBOSS".into()]);
}

#[test]
fn whoever_is_called_is_told_and_brought_in() {
    let mut room = Room::new();
    let done = room.does(LEAD, person("UA"));
    assert_eq!(done.names(), ["tell", "invite", "say"]);
    assert_eq!(
        (done.told(), done.invited()),
        (vec!["UA".into()], vec!["UA".into()])
    );
    assert_eq!(done.said(), "<@ULEAD> calls <@UA> to help.");
    assert_eq!(done.noted(), "called <@UA>");
    assert_eq!(done.answer, "Called: <@UA>.");
    // A person who is paged may act at once.
    assert!(room.incident().takes_part(&"UA".into()));
    assert!(
        room.refuses(LEAD, person(LEAD))
            .contains("nobody to call but you")
    );
    assert!(
        room.refuses("UOTHER", person("UB"))
            .contains("/incident join")
    );
}

#[test]
fn a_service_is_its_owners() {
    let mut room = Room::new();
    room.settings
        .services
        .insert("web".to_owned(), crate::model::settings::Service::default());
    let service = |slug: &'static str| {
        move |context: &DecisionContext<'_>| page(context, &Paged::Service(slug.to_owned()))
    };
    let done = room.does(LEAD, service("checkout"));
    assert_eq!(done.told(), ["UOWNER".into()]);
    assert!(room.refuses(LEAD, service("web")).contains("has no owners"));
    assert_eq!(
        room.refuses(LEAD, service("nope")),
        "`nope` is no service here. There are: checkout, web."
    );
}

#[test]
fn very_many_owners_are_called_in_part_and_the_asker_knows() {
    let mut room = Room::new();
    let owners = (0..30).map(|n| UserId::from(format!("UO{n:02}").as_str()));
    let owners: Vec<UserId> = owners.collect();
    room.settings.services.get_mut("checkout").unwrap().owners = owners.clone();
    let done = room.does(LEAD, |context| {
        page(context, &Paged::Service("checkout".to_owned()))
    });
    assert_eq!(done.told(), owners[..MAX_CALLED]);
    assert_eq!(done.invited(), owners[..MAX_CALLED]);
    assert!(
        done.answer
            .ends_with("20 people are called at once: 10 more were not.")
    );
}

/// So many are told by one effect, which is spread over several transactions.
#[test]
fn nine_people_are_called_and_brought_in_like_one() {
    let mut room = Room::new();
    let owners: Vec<UserId> = (1..=9).map(|n| format!("UO{n}").as_str().into()).collect();
    room.settings.services.get_mut("checkout").unwrap().owners = owners.clone();
    let service =
        |context: &DecisionContext<'_>| page(context, &Paged::Service("checkout".to_owned()));
    let done = room.does(LEAD, service);
    assert_eq!(done.invited(), owners);
    assert_eq!(done.told(), owners);
    assert_eq!(done.answer, format!("Called: {}.", mentions(&owners)));
    room.wait(MINUTE);
    let again = room.does(LEAD, service);
    assert!(again.told().is_empty() && again.invited().is_empty());
    assert!(again.answer.starts_with("Called less than 5 minutes ago"));
}

#[test]
fn an_escalation_goes_down_the_list_and_then_to_the_owners() {
    let mut room = Room::new();
    for expected in ["UESC1", "UESC2", "UOWNER"] {
        let done = room.does(LEAD, escalate);
        assert_eq!(done.told(), [expected.into()]);
        assert_eq!(done.answer, format!("Called: <@{expected}>."));
    }
    let words = room.refuses(LEAD, escalate);
    assert!(
        words.starts_with("Everybody on the escalation list"),
        "{words}"
    );
    let mut room = Room::with(|new| new.services.clear());
    room.settings.escalation = vec![LEAD.into()];
    assert!(room.refuses(LEAD, escalate).contains("/incident page"));
    room.settings.escalation.clear();
    assert!(
        room.refuses(LEAD, escalate)
            .starts_with("There is no escalation list")
    );
}

#[test]
fn into_a_private_incident_those_who_lead_call() {
    let mut room = Room::with(|new| new.private = true);
    room.edit().participants.insert("UA".into());
    let words = room.refuses("UA", person("UB"));
    assert!(words.starts_with("INC-1 is private."), "{words}");
    assert!(
        room.refuses("UA", escalate)
            .starts_with("INC-1 is private.")
    );
    // Who takes part already may be called by anybody who does.
    room.does("UA", person(LEAD));
    room.does(LEAD, person("UB"));
    assert!(room.incident().takes_part(&"UB".into()));
}

#[test]
fn a_refusal_calls_nobody_by_what_was_typed_and_gives_it_back_as_it_was() {
    let room = Room::new();
    let typed = Paged::Service("<!channel> & co".to_owned());
    let Err(refused) = page(&room.by(LEAD), &typed) else {
        panic!("there is such a service");
    };
    assert_eq!(refused.code, "no_such_service");
    let told = refused.text.mrkdwn();
    assert!(
        told.starts_with("`&lt;!channel&gt; &amp; co` is no service here."),
        "{told}"
    );
    let told = refused.text.plain();
    assert!(
        told.starts_with("`<!channel> & co` is no service here."),
        "{told}"
    );
}
