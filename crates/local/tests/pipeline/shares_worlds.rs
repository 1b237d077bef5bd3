//! Shares under all faults at once, in worlds that a seed decides: the table stumbles, the queue delivers twice, late and in any
//! order, and one of two domains misbehaves for a while. Workers that die are in `shares::crashes`.

use std::time::Duration;

use http::Method;
use tidegate_pipeline::job::Job;
use tidegate_pipeline::ledger::{EventState, ShareState};
use tidegate_testing::chance::Chance;
use tidegate_testing::faulty_queue;
use tidegate_testing::faulty_table::Rates;
use tidegate_testing::shares_world::{Manner, World};
use tidegate_testing::worlds::{dead_letters, in_each_world};

const WORLDS: u64 = 100;

const EVENTS: usize = 12;

#[test]
fn a_domain_is_done_once_or_parked_and_the_mirror_is_right_in_every_world() {
    in_each_world(WORLDS, live);
}

async fn live(seed: u64) {
    let chance = Chance::new(seed);
    let world = World::with(seed, faulty_queue::Rates::drawn(&chance), &[]);
    world.engine.set_rates(Rates::drawn(&chance));
    let manners = [
        Manner::Works,
        Manner::Works,
        Manner::Fails,
        Manner::Retries,
        Manner::Panics,
        Manner::ManyWrites,
        Manner::Refused,
        Manner::Stale,
    ];
    let event = |n: usize| format!("Ev{n:03}");
    for n in 0..EVENTS {
        world
            .odd
            .set_for(&event(n), *chance.pick("manner", &manners));
        // Slack sends some twice, and some late.
        for _ in 0..=chance.below("again", 2) {
            world.send(&event(n), n).await;
        }
        if chance.per_mille("pause", 300) {
            world.work_or_die().await;
            world
                .clock
                .advance(Duration::from_secs(chance.number("pause") % 90));
        }
    }
    if chance.per_mille("repaired", 500) {
        world.work_or_die().await;
        world.odd.forget();
    }
    world.rest().await;
    world.engine.set_rates(Rates::default());
    let repeated = chance.below("late", EVENTS);
    world.send(&event(repeated), repeated).await;
    world.rest().await;
    let letters = dead(&world).await;
    for n in 0..EVENTS {
        check(&world, seed, &event(n), n, letters.contains(&event(n))).await;
    }
    // Repaired, and replayed by hand, each is done.
    world.odd.forget();
    for n in 0..EVENTS {
        let path = format!("/v1/operator/events/{}/replay", event(n));
        let answer = world.operator(Method::POST, &path).await;
        assert_eq!(answer["ok"], true, "seed {seed}: {answer}");
    }
    world.rest().await;
    for n in 0..EVENTS {
        check(&world, seed, &event(n), n, false).await;
        let (counted, what) = (
            world.counted(&event(n)).await,
            format!("seed {seed} {}", event(n)),
        );
        let shown = world
            .operator(Method::GET, &format!("/v1/operator/events/{}", event(n)))
            .await;
        assert_eq!(counted, 1, "{what}: {shown}");
        assert!(world.is_stored(n).await, "{what}");
        assert_eq!(world.posts(&event(n)).await.len(), 1, "{what}");
        let notes = world.notes("odd.counted").await.into_iter();
        let told = notes.filter(|note| note.detail == event(n)).count();
        assert_eq!(told, 1, "{what}");
    }
}

/// The ids of the jobs that ended as dead letters.
async fn dead(world: &World) -> Vec<String> {
    let bodies = dead_letters(&*world.dead_letters).await;
    let job = |body: &String| Job::decode(body).unwrap().id;
    bodies.iter().map(job).collect()
}

/// An event is done or a dead letter. The mirror has each message whose event is done. The odd domain's part is done once, in
/// the event or in its share, or it is parked.
async fn check(world: &World, seed: u64, event: &str, n: usize, is_dead: bool) {
    let what = format!("seed {seed} {event}");
    let Some(entry) = world.entry(event).await else {
        assert!(is_dead, "{what}: lost");
        assert_eq!(world.counted(event).await, 0, "{what}");
        return;
    };
    assert_eq!(entry.state, EventState::Done, "{what}");
    let shares = world.shares(event).await;
    let state = |domain: &str| {
        let found = shares.iter().find(|(of, _)| of == domain);
        found.map(|(_, state)| *state)
    };
    assert_eq!(
        shares.len(),
        usize::try_from(entry.shares).unwrap(),
        "{what}"
    );
    // Parked only beside a domain that killed worker after worker.
    let is_parked = state("mirror") == Some(ShareState::Parked);
    assert!(is_parked || world.is_stored(n).await, "{what}: {shares:?}");
    let done = match state("odd") {
        None | Some(ShareState::Done) => 1,
        Some(ShareState::Parked) => 0,
        Some(ShareState::Waiting) => panic!("{what}: it waits for ever"),
    };
    assert_eq!(world.counted(event).await, done, "{what}: {shares:?}");
    let posts = world.posts(event).await.len();
    assert_eq!(posts, usize::try_from(done).unwrap(), "{what}");
}
