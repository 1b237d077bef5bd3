//! Tests of who is told, and of how much that takes.

use super::*;
use crate::decide::context::fixture::{LEAD, NOW, Room};
use crate::decide::lifecycle::{cancel, reopen, resolve};
use crate::model::actor::Actor;

const MINUTE: Duration = Duration::from_mins(1);

/// The names of what each of two tellings, a minute apart, comes to for a person.
fn twice(news: News) -> [Vec<&'static str>; 2] {
    let room = Room::new();
    let to = BTreeSet::from([Audience::Person("UA".into())]);
    let actor = Actor::Person(LEAD.into());
    let mut first = Change::of(room.incident(), &actor, NOW);
    let told = tell(&mut first, &to, news, None);
    let mut second = Change::of(&first.incident, &actor, NOW.plus(MINUTE));
    [told, tell(&mut second, &to, news, None)]
        .map(|told| told.effects.iter().map(Effect::name).collect())
}

#[test]
fn news_are_told_once_in_five_minutes_but_how_it_ends_always() {
    use News::{Declared, Escalated, Paged, Reopened, Resolved, Updated, Withdrawn};
    for news in [Declared, Escalated, Updated, Paged] {
        assert_eq!(twice(news)[0], ["incident.tell"], "{news:?}");
        // The messages that they got before are brought to the present state.
        assert_eq!(twice(news)[1], ["incident.refresh"], "{news:?}");
    }
    for news in [Resolved, Reopened, Withdrawn] {
        assert_eq!(twice(news)[1], ["incident.tell"], "{news:?}");
    }
}

#[test]
fn over_not_over_and_over_within_five_minutes_is_told_each_time() {
    let mut room = Room::new();
    room.edit().watchers.insert("UWATCH".into());
    for _ in 0..2 {
        let over = room.does(LEAD, |context| resolve(context, Some("Fixed.")));
        assert_eq!(over.told(), ["UWATCH".into()]);
        room.wait(MINUTE);
        let back = room.does(LEAD, |context| reopen(context, "It came back."));
        assert_eq!(back.told(), ["UWATCH".into()]);
        room.wait(MINUTE);
    }
}

#[test]
fn what_was_never_announced_is_withdrawn_from_nobody() {
    let mut room = Room::with(|new| new.triage = true);
    room.settings.routing.p1_users = vec!["UBOSS".into()];
    room.settings.routing.general = Some("CALL".into());
    room.edit().watchers.insert("UWATCH".into());
    let done = room.does(LEAD, |context| cancel(context, "A test alarm."));
    assert_eq!(done.names(), ["say", "header", "topic", "status_page"]);
    // Who was told something meanwhile sees that it was none.
    let mut room = Room::with(|new| new.triage = true);
    room.does(LEAD, |context| {
        crate::decide::paging::page(context, &crate::command::Paged::Person("UA".into()))
    });
    let done = room.does(LEAD, |context| cancel(context, "A test alarm."));
    assert_eq!(
        done.names(),
        ["say", "header", "topic", "refresh", "status_page"]
    );
}
