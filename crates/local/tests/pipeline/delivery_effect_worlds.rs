//! Effects when their senders die at every step, and in worlds where everything goes wrong at once.

use std::sync::Arc;

use serde_json::Value;
use tidegate_fake_slack::{Fault, FaultKind};
use tidegate_pipeline::outbox::Class;
use tidegate_testing::chance::Chance;
use tidegate_testing::effect_story::{Story, Told, begin, class_of, lane, page_lane};
use tidegate_testing::faulty_queue;
use tidegate_testing::faulty_table::{Mishap, Rates};
use tidegate_testing::outbox_world::World;
use tidegate_testing::worlds::{at_each_step, in_each_world};

const WORLDS: u64 = 24;

/// Posts of each story in the worlds: more than nine, for their order.
const POSTS: usize = 11;

#[test]
fn a_sender_killed_at_any_step_does_nothing_twice_and_leaves_nothing_out() {
    at_each_step(killed_at);
}

/// False when the story is told in fewer steps.
async fn killed_at(step: usize, done: bool) -> bool {
    let mut world = World::new(0).await;
    world.performer = Arc::new(Story::new(0, 0));
    world.put("T1", vec![begin("a", 3)]).await;
    world.wake("T1", lane("a").as_str()).await;
    let frozen = Arc::clone(&world.frozen);
    world
        .engine
        .later(step, &[" T1#"], Mishap::Freeze { done, frozen });
    world.settle().await;
    let told = Told::of(&world, "T1", "a").await;
    let made = told.channels;
    check(&format!("step {step} {done}"), told, 3);
    assert_eq!(made, 1, "step {step} {done}");
    world.engine.all_happened()
}

/// Everything once and in order, but for posts that must not come twice and whose fate nobody knows.
fn check(what: &str, mut told: Told, posts: usize) {
    let mut whole = Told::whole(posts);
    whole.channels = told.channels;
    for n in 0..posts {
        let given_up = format!("story.post {n}");
        if class_of(n) == Class::AtMostOnce && told.given_up.contains(&given_up) {
            whole.given_up.push(given_up);
            let text = format!("{n:04}");
            whole
                .rows
                .retain(|row| *row != format!("post {text}") && *row != format!("pin {text}"));
            if !told.texts.contains(&text) {
                whole.texts.retain(|other| *other != text);
            }
        }
    }
    told.given_up.sort_unstable();
    whole.given_up.sort_unstable();
    assert_eq!(told, whole, "{what}");
}

#[test]
fn no_effect_is_lost_or_doubled_in_any_world() {
    in_each_world(WORLDS, live);
}

async fn live(seed: u64) {
    let chance = Chance::new(seed);
    let mut world = World::with_queue(seed, faulty_queue::Rates::ROUGH).await;
    world.performer = Arc::new(Story::new(seed, 300));
    let stories = [("T1", "a"), ("T1", "b"), ("T2", "c")];
    for (tenant, story) in stories {
        world.put(tenant, vec![begin(story, POSTS)]).await;
    }
    for _ in 0..10 {
        world.slack.add_fault(mishap(&chance));
    }
    world.engine.set_rates(Rates::ROUGH);
    for _ in 0..chance.below("deaths", 4) {
        let (frozen, step) = (Arc::clone(&world.frozen), chance.below("step", 300));
        let done = chance.per_mille("done before it died", 500);
        world
            .engine
            .later(step, &[" T"], Mishap::Freeze { done, frozen });
    }
    for (tenant, story) in stories {
        world.wake(tenant, lane(story).as_str()).await;
    }
    world.settle().await;
    for (tenant, story) in stories {
        let told = Told::of(&world, tenant, story).await;
        assert!(told.channels <= stories.len(), "seed {seed}: {told:?}");
        check(&format!("seed {seed} {story}"), told, POSTS);
    }
    world.engine.set_rates(Rates::default());
    assert_eq!(world.pending("T1", page_lane("a").as_str()).await.len(), 0);
}

/// Only what Slack gets over: nothing here is refused for good.
fn mishap(chance: &Chance) -> Fault {
    let kinds = [
        FaultKind::RateLimited,
        FaultKind::Http500,
        FaultKind::Http503,
        FaultKind::ResetAfter,
        FaultKind::OkFalse,
    ];
    let methods = [
        "chat.postMessage",
        "chat.postMessage",
        "conversations.create",
        "conversations.history",
        "conversations.list",
        "pins.add",
        "*",
    ];
    let method = chance.pick::<&str>("method", &methods);
    let mut fault = Fault::new(method, *chance.pick("kind", &kinds));
    fault.retry_after = Some(Value::from(chance.below("wait", 40)));
    let codes = ["fatal_error", "internal_error"];
    fault.error = Some((*chance.pick("code", &codes)).to_owned());
    fault.applies = chance.per_mille("applies", 500);
    fault
}
