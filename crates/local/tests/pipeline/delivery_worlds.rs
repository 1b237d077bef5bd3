//! The delivery protocol under all faults at once, in worlds that a seed decides: Slack fails, the table stumbles,
//! wake-ups are lost, doubled and late, and senders die.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tidegate_fake_slack::{Fault, FaultKind};
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::outbox::Class::{self, AtLeastOnce, AtMostOnce};
use tidegate_testing::chance::Chance;
use tidegate_testing::faulty_queue;
use tidegate_testing::faulty_table::{Mishap, Rates};
use tidegate_testing::outbox_world::World;
use tidegate_testing::worlds::in_each_world;

const WORLDS: u64 = 120;

/// Tenant and channel of each lane.
const LANES: [(&str, &str); 3] = [
    ("T1", "C0000000001"),
    ("T1", "C0000000002"),
    ("T2", "C0000000003"),
];

struct Sent {
    tenant: &'static str,
    id: String,
    class: Class,
    /// Its place among the posts of its channel; none for a `response_url`.
    channel: Option<&'static str>,
}

#[test]
fn no_post_is_lost_or_doubled_in_any_world() {
    in_each_world(WORLDS, live);
}

/// One world from its first post to its rest.
async fn live(seed: u64) {
    let chance = Chance::new(seed);
    let world = World::with_queue(seed, faulty_queue::Rates::ROUGH).await;
    let sent = decide(&world, &chance).await;
    let waits = [
        Some(json!(1)),
        Some(json!(30)),
        Some(json!(200)),
        None,
        Some(json!("soon")),
    ];
    let wait = chance.pick("wait", &waits).as_ref();
    spoil(&world, &chance, wait);
    for (tenant, channel) in LANES {
        world.wake(tenant, channel).await;
    }
    world.settle().await;
    for post in &sent {
        check(seed, &world, post).await;
    }
    check_limits(seed, &world, wait.and_then(Value::as_u64).unwrap_or(30));
    check_order_and_pace(seed, &world, &sent);
    come_to_rest(seed, &world).await;
}

/// I9: no wake-up stays for ever, and no lane is held once they have ended.
async fn come_to_rest(seed: u64, world: &World) {
    world.engine.set_rates(Rates::default());
    for _ in 0..2000 {
        if world.queue.depth().await.unwrap() == 0 {
            break;
        }
        world.work().await;
        world.clock.advance(Duration::from_secs(5));
    }
    assert_eq!(
        world.queue.depth().await.unwrap(),
        0,
        "seed {seed}: wake-ups go on"
    );
    world.clock.advance(Duration::from_secs(30));
    for (tenant, channel) in LANES {
        let lane = world.lane(tenant, channel).await;
        let held_until = lane.number("lease_until").unwrap_or(0);
        assert!(
            held_until < world.clock.now().millis(),
            "seed {seed}: {channel} is held"
        );
    }
}

async fn decide(world: &World, chance: &Chance) -> Vec<Sent> {
    let mut sent = Vec::new();
    for _ in 0..10 {
        let (tenant, channel) = *chance.pick("lane", &LANES);
        let class = *chance.pick("class", &[AtMostOnce, AtMostOnce, AtLeastOnce]);
        let id = match chance.below("form", 4) {
            0 => world.reply(tenant, channel, class).await,
            _ => world.post(tenant, channel, class).await,
        };
        sent.push(Sent {
            tenant,
            id,
            class,
            channel: Some(channel),
        });
    }
    for _ in 0..2 {
        let (id, lane) = world.answer("T1").await;
        world.wake("T1", lane.as_str()).await;
        sent.push(Sent {
            tenant: "T1",
            id,
            class: AtMostOnce,
            channel: None,
        });
    }
    sent
}

/// What will go wrong.
fn spoil(world: &World, chance: &Chance, wait: Option<&Value>) {
    for _ in 0..7 {
        world.slack.add_fault(mishap(chance, wait.cloned()));
    }
    world.engine.set_rates(Rates::ROUGH);
    for _ in 0..chance.below("deaths", 3) {
        let words = [
            &["transact update", "#lane#", "attempt_at"][..],
            &["transact delete", "#outbox#"],
            &["write update", "#lane#"],
            &["query", "#outbox#"],
        ];
        let frozen = Arc::clone(&world.frozen);
        let done = chance.per_mille("done before it died", 500);
        let death = Mishap::Freeze { done, frozen };
        world
            .engine
            .later(0, chance.pick::<&[&str]>("death", &words), death);
    }
}

fn mishap(chance: &Chance, wait: Option<Value>) -> Fault {
    let kinds = [
        FaultKind::RateLimited,
        FaultKind::RateLimited,
        FaultKind::Http500,
        FaultKind::Http503,
        FaultKind::ResetAfter,
        FaultKind::OkFalse,
    ];
    let methods = [
        "chat.postMessage",
        "chat.postMessage",
        "conversations.history",
        "conversations.replies",
        "*",
    ];
    let codes = [
        "fatal_error",
        "internal_error",
        "is_archived",
        "missing_scope",
    ];
    let mut fault = Fault::new(
        chance.pick::<&str>("method", &methods),
        *chance.pick("kind", &kinds),
    );
    fault.retry_after = wait;
    let code = *chance.pick("code", &codes);
    fault.error = Some(code.to_owned());
    // Slack does not do what it refuses with a reason.
    fault.applies = chance.per_mille("applies", 500)
        && (fault.kind != FaultKind::OkFalse || code.ends_with("_error"));
    fault
}

/// I4: at most one post, and one or parked in the end.
async fn check(seed: u64, world: &World, post: &Sent) {
    let settled = world.settled(post.tenant, &post.id).await;
    assert_eq!(settled.len(), 1, "seed {seed} {}: {settled:?}", post.id);
    let state = settled[0].state.as_str();
    if post.channel.is_none() {
        assert!(
            matches!(state, "done" | "parked"),
            "seed {seed}: {settled:?}"
        );
        return;
    }
    let fate = world.fate(post.tenant, &post.id).await;
    let expected = match (post.class, state) {
        (AtMostOnce, "done") => 1..=1,
        (AtMostOnce, "parked") if fate.reason.starts_with("refused") => 0..=0,
        (AtMostOnce, "parked") => 0..=1,
        (AtLeastOnce, "done") => 1..=4,
        (AtLeastOnce, "parked") => 0..=4,
        _ => panic!("seed {seed}: {settled:?}"),
    };
    assert!(
        expected.contains(&fate.at_slack),
        "seed {seed} {}: {fate:?}",
        post.id
    );
}

/// I5: no call of a method for a tenant before the limit that this tenant met has ended.
fn check_limits(seed: u64, world: &World, wait: u64) {
    let tenant_of = |channel: &str| LANES.iter().find(|(_, c)| *c == channel).map(|(t, _)| *t);
    let mut met: BTreeMap<(String, &str), u64> = BTreeMap::new();
    for call in world.slack.calls() {
        let Some(tenant) = call.channel.as_deref().and_then(tenant_of) else {
            continue;
        };
        let key = (call.method.clone(), tenant);
        if let Some(limited_at) = met.get(&key) {
            assert!(
                call.at_ms >= limited_at + wait * 1000,
                "seed {seed}: {call:?}"
            );
        }
        if call.outcome == "ratelimited" {
            met.insert(key, call.at_ms);
        }
    }
}

/// I8 and I5: a channel shows the posts in the order of the outbox, and at most one a second.
fn check_order_and_pace(seed: u64, world: &World, sent: &[Sent]) {
    for (_, channel) in LANES {
        let order: Vec<&str> = sent
            .iter()
            .filter(|post| post.channel == Some(channel))
            .map(|post| post.id.trim_start_matches("Ev"))
            .collect();
        let texts = world.texts(channel);
        let places: Vec<usize> = texts
            .iter()
            .map(|text| order.iter().position(|id| id == text).unwrap())
            .collect();
        assert!(places.is_sorted(), "seed {seed} {channel}: {texts:?}");
        let calls = world.calls("chat.postMessage", channel);
        let paced = |pair: &[tidegate_fake_slack::Call]| pair[1].at_ms >= pair[0].at_ms + 1000;
        assert!(calls.windows(2).all(paced), "seed {seed}: {calls:?}");
    }
}
