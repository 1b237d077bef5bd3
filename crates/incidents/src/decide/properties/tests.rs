//! Tests of the name and of privacy.

use super::*;
use crate::decide::lifecycle;
use crate::decide::notes::fixture::{World, changes, effects, words};
use crate::model::news::Audience;
use crate::model::settings::Routing;
use tidegate_pipeline::ledger::Decision;

fn told(decision: &Decision) -> Vec<String> {
    let effects = decision.posts.iter().map(|post| Effect::parse(&post.body));
    let told = effects.filter_map(|effect| match effect? {
        Effect::Tell { to, .. } => Some(to.as_str().to_owned()),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_new_name_keeps_the_day() {
    let mut world = World::new();
    let verdict = rename(&world.context("ULEAD"), "Disk full");
    let decision = world.make(verdict);
    assert_eq!(
        world.subject.incident.channel_name,
        "inc-20261121-disk-full"
    );
    assert_eq!(effects(&decision), ["incident.rename"]);
    assert!(words(rename(&world.context("ULEAD"), "disk-full")).contains("already"));
    assert!(words(rename(&world.context("ULEAD"), "!!!")).contains("nothing for a name"));
    assert!(!changes(&rename(&world.context("UPART"), "mine")));
}

#[test]
fn what_became_private_is_told_to_nobody_outside_any_more() {
    let mut world = World::new();
    world.settings.routing = Routing {
        engineering: Some("CENG".into()),
        ..Routing::default()
    };
    for audience in [
        Audience::Channel("CENG".into()),
        Audience::Person("UOUT".into()),
    ] {
        let key = format!(
            "declared:{}:{}",
            if audience.as_str() == "CENG" {
                'c'
            } else {
                'p'
            },
            audience.as_str()
        );
        let at = world.subject.incident.milestones.declared;
        world.incident().notified.insert(key, at);
    }
    world
        .incident()
        .watchers
        .extend(["UOUT".into(), "UPART".into()]);
    let update = |world: &World| {
        let update = lifecycle::Update {
            text: Some("secret".to_owned()),
            ..Default::default()
        };
        lifecycle::update(&world.context("ULEAD"), &update)
    };
    let verdict = update(&world);
    let decision = world.make(verdict);
    assert_eq!(told(&decision), ["CENG", "UOUT", "UPART"]);
    assert!(!changes(&private(&world.context("UPART"), true)));
    let verdict = private(&world.context("ULEAD"), true);
    let decision = world.make(verdict);
    let done = effects(&decision);
    assert_eq!(
        done.iter()
            .filter(|name| *name == "incident.refresh")
            .count(),
        3
    );
    assert!(done.contains(&"incident.status_page".to_owned()));
    assert!(told(&decision).is_empty());
    let verdict = lifecycle::resolve(&world.context("ULEAD"), Some("over"));
    let decision = world.make(verdict);
    assert_eq!(told(&decision), ["UPART"], "who takes part still hears");
    assert!(!effects(&decision).contains(&"incident.status_page".to_owned()));
}

#[test]
fn an_admin_shows_it_again_and_those_who_should_know_are_told() {
    let mut world = World::new();
    world.settings.routing.engineering = Some("CENG".into());
    world.incident().private = true;
    assert!(!changes(&private(&world.context("ULEAD"), false)));
    assert!(words(private(&world.context("ULEAD"), true)).contains("private already"));
    let verdict = private(&world.context("UADMIN"), false);
    let decision = world.make(verdict);
    assert!(!world.subject.incident.private);
    assert_eq!(told(&decision), ["CENG"]);
    assert!(words(private(&world.context("UADMIN"), false)).contains("public already"));
}
