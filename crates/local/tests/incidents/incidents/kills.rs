//! The process that handles a declaration is killed at every step of it: never two channels, never two announcements,
//! never a lost incident.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;
use tidegate_fake_slack::{Fault, FaultKind};
use tidegate_pipeline::outbox::PostState;
use tidegate_testing::faulty_table::Mishap;
use tidegate_testing::worlds::{at_each_step, in_halves};

use super::declare_world::{DeclareWorld, Dies, Seen, TENANT};

/// The effects of declaring, each with the methods of Slack that it calls. Every one of them is killed before Slack hears
/// of it, and after.
const STEPS: [(&str, &[&str]); 7] = [
    ("incident.create_channel", &["conversations.create"]),
    ("incident.header", &["chat.postMessage"]),
    ("incident.invite", &["conversations.invite"]),
    ("incident.pin", &["pins.add"]),
    ("incident.topic", &["conversations.setTopic"]),
    ("incident.bookmarks", &["bookmarks.list", "bookmarks.add"]),
    ("incident.tell", &["chat.postMessage", "conversations.open"]),
];

/// What a declaration calls besides: who it is that declares.
const BESIDES: [&str; 1] = ["users.info"];

#[tokio::test]
async fn a_step_of_declaring_without_a_kill_is_noticed() {
    let world = DeclareWorld::new().await;
    world.declare().await;
    world.settle().await;
    assert_eq!(world.seen().await, Seen::whole());
    let posts = world.settled().await;
    let steps: BTreeSet<&str> = posts
        .iter()
        .map(|post| post.purpose.as_str())
        .filter(|purpose| *purpose != "incident_answer")
        .collect();
    assert_eq!(steps, STEPS.map(|(name, _)| name).into());
    let calls = world.world.slack.calls();
    let called: BTreeSet<&str> = calls
        .iter()
        .map(|call| call.method.as_str())
        .filter(|method| *method != "response_url")
        .collect();
    let methods = STEPS.iter().flat_map(|(_, methods)| methods.iter());
    assert_eq!(called, methods.chain(&BESIDES).copied().collect());
}

#[test]
fn a_kill_at_any_call_of_the_table_doubles_nothing_and_loses_nothing() {
    at_each_step(killed_at);
}

/// False when the declaration is through in fewer steps.
async fn killed_at(step: usize, done: bool) -> bool {
    let world = DeclareWorld::new().await;
    let frozen = Arc::clone(&world.world.frozen);
    let mishap = Mishap::Freeze { done, frozen };
    let words = format!(" {TENANT}#");
    world.world.engine.later(step, &[words.as_str()], mishap);
    world.declare().await;
    world.settle().await;
    assert_eq!(world.seen().await, Seen::whole(), "step {step} {done}");
    let killed = world.world.engine.all_happened();
    assert!(killed || step > 50, "hardly any kill: {step}");
    killed
}

#[test]
fn a_kill_at_any_call_of_slack_doubles_nothing_and_loses_nothing() {
    in_halves(async |half| {
        let how = [Dies::Before, Dies::After][half];
        let mut killed = BTreeSet::new();
        for call in 0.. {
            let world = DeclareWorld::new().await;
            world.dies_at_call(call, how);
            world.declare().await;
            world.settle().await;
            assert_eq!(world.seen().await, Seen::whole(), "call {call} {how:?}");
            let Some(method) = world.died_in() else {
                break;
            };
            killed.insert(method);
        }
        for method in STEPS.iter().flat_map(|(_, methods)| methods.iter()) {
            assert!(killed.contains(*method), "{method} was never killed");
        }
    });
}

#[test]
fn a_second_kill_in_the_search_for_the_first_ones_channel_makes_no_second_channel() {
    in_halves(async |half| {
        let how = [Dies::Before, Dies::After][half];
        for call in 0.. {
            let world = DeclareWorld::new().await;
            // `users.info` comes first, then the channel is made.
            world.dies_at_call(1, Dies::After);
            world.declare().await;
            while world.died_in().is_none() {
                world.step().await;
            }
            assert_eq!(world.died_in().as_deref(), Some("conversations.create"));
            world.dies_at_call(call, how);
            world.settle().await;
            assert_eq!(world.seen().await, Seen::whole(), "call {call} {how:?}");
            if world.died_in().is_none() {
                assert!(call > 3, "nothing was searched");
                return;
            }
        }
    });
}

#[test]
fn an_answer_lost_at_any_method_doubles_nothing_and_loses_nothing() {
    in_halves(async |half| {
        let faults = [
            (FaultKind::TimeoutAfter, false),
            (FaultKind::TimeoutBefore, false),
            (FaultKind::ResetAfter, false),
            (FaultKind::ResetBefore, false),
            (FaultKind::Http500, true),
            (FaultKind::Http500, false),
            (FaultKind::Http503, true),
            (FaultKind::OkFalse, true),
            (FaultKind::OkFalse, false),
            (FaultKind::RateLimited, false),
        ];
        let methods: BTreeSet<&str> = STEPS.iter().flat_map(|(_, m)| m.iter().copied()).collect();
        for (kind, applies) in faults.into_iter().skip(half).step_by(2) {
            let calls = methods
                .iter()
                .flat_map(|method| (0..calls_of(method)).map(move |after| (*method, after)));
            // At once: each waits some seconds for an answer that does not come.
            join_all(calls.map(|(method, after)| lives(method, after, kind, applies))).await;
        }
    });
}

/// A declaration whose call of a method goes wrong after so many that went well.
async fn lives(method: &str, after: usize, kind: FaultKind, applies: bool) {
    let world = DeclareWorld::new().await;
    world.declare().await;
    world.passes(method, after).await;
    let mut fault = Fault::new(method, kind);
    fault.applies = applies;
    world.world.slack.add_fault(fault);
    world.settle().await;
    let seen = world.seen().await;
    assert_eq!(seen, Seen::whole(), "{method} {after} {kind:?} {applies}");
}

/// How often a declaration calls it: a message to the channel, to two others and to a person.
fn calls_of(method: &str) -> usize {
    if method == "chat.postMessage" { 4 } else { 1 }
}

#[tokio::test]
async fn the_private_answer_comes_once_or_is_parked() {
    let world = DeclareWorld::new().await;
    let mut fault = Fault::new("response_url", FaultKind::Http500);
    fault.applies = true;
    world.world.slack.add_fault(fault);
    world.declare().await;
    world.settle().await;
    assert_eq!(world.seen().await, Seen::whole());
    let calls = world.world.slack.calls();
    let answers = calls.iter().filter(|call| call.method == "response_url");
    assert_eq!(answers.count(), 1);
    let posts = world.settled().await;
    let answer = posts.iter().find(|post| post.purpose == "incident_answer");
    assert_eq!(answer.unwrap().state, PostState::Parked);
}

#[tokio::test]
async fn a_command_that_the_queue_shows_again_declares_once() {
    let world = DeclareWorld::new().await;
    for _ in 0..3 {
        world.declare().await;
    }
    world.settle().await;
    assert_eq!(world.seen().await, Seen::whole());
}
