//! Each domain fails alone: whatever one does, the mirror stores the message, and the other's share is tried again, then set
//! aside by itself, and done once when it is replayed. All faults at once are in `shares_worlds.rs`.

mod audit;
mod crashes;
mod operator;
mod timing;

use std::time::Duration;

use http::Method;
use serde_json::json;
use tidegate_pipeline::ledger::{EventState, ShareState};
use tidegate_pipeline::table::{Item, Write};
use tidegate_pipeline::worker::Handler;
use tidegate_testing::scripted::LIMIT;
use tidegate_testing::shares_world::{Manner, World, settings};

/// The domain's share is parked, and nothing of it was done; the mirror's part was.
async fn odd_is_parked_alone(world: &World, event: &str, n: usize, what: &str) {
    assert!(world.is_stored(n).await, "{what}: the message is stored");
    let entry = world.entry(event).await.unwrap();
    assert_eq!(entry.state, EventState::Done, "{what}");
    for (domain, state) in world.shares(event).await {
        let wanted = match domain.as_str() {
            "odd" => ShareState::Parked,
            _ => ShareState::Done,
        };
        assert_eq!(state, wanted, "{what}: {domain}");
    }
    assert_eq!(world.share(event).await.state, ShareState::Parked, "{what}");
    assert_eq!(world.counted(event).await, 0, "{what}");
    assert_eq!(world.posts(event).await, [""; 0], "{what}");
    assert_eq!(world.notes("odd.counted").await, [], "{what}");
    let dead = world.dead_letters.depth().await.unwrap();
    assert_eq!(dead, 0, "{what}: no message of it is a dead letter");
}

/// The domain's share is done, once.
async fn odd_is_done_once(world: &World, event: &str, what: &str) {
    assert_eq!(world.share(event).await.state, ShareState::Done, "{what}");
    assert_eq!(world.counted(event).await, 1, "{what}");
    assert_eq!(world.posts(event).await.len(), 1, "{what}");
    let noted = world.notes("odd.counted").await.into_iter();
    let noted = noted.filter(|note| note.detail == event);
    assert_eq!(noted.count(), 1, "{what}: noted once");
}

async fn replay(world: &World, event: &str) -> serde_json::Value {
    let path = format!("/v1/operator/events/{event}/replay?domain=odd");
    world.operator(Method::POST, &path).await
}

/// From the event to the replay of the share.
async fn fails_alone(world: &World, what: &str) {
    world.send("Ev1", 1).await;
    world.rest().await;
    odd_is_parked_alone(world, "Ev1", 1, what).await;
    let list = world
        .operator(Method::GET, "/v1/operator/events?state=parked")
        .await;
    assert_eq!(list["events"][0]["event_id"], "Ev1", "{what}: {list}");
    let shown = world.operator(Method::GET, "/v1/operator/events/Ev1").await;
    assert_eq!(shown["state"], "parked", "{what}");
    let shares = shown["shares"].as_array().unwrap();
    let odd = shares
        .iter()
        .find(|share| share["domain"] == "odd")
        .unwrap();
    assert_eq!(odd["state"], "parked", "{what}");
    assert!(odd["attempts"].as_i64().unwrap() >= 1, "{what}: {odd}");
    assert!(!odd["reason"].as_str().unwrap().is_empty(), "{what}");

    // Repaired, it is still a person's to replay.
    world.odd.set(Manner::Works);
    let row = world.rows();
    row.write(Write::delete(settings())).await.unwrap();
    world.clock.advance(Duration::from_hours(1));
    world.sweep().await;
    world.rest().await;
    odd_is_parked_alone(world, "Ev1", 1, what).await;
    let mirrors = world.odd.asked("Ev1");
    assert_eq!(replay(world, "Ev1").await["replayed"], true, "{what}");
    assert_eq!(replay(world, "Ev1").await["replayed"], true, "{what}");
    world.rest().await;
    odd_is_done_once(world, "Ev1", what).await;
    assert!(world.odd.asked("Ev1") > mirrors, "{what}");
    assert_eq!(replay(world, "Ev1").await["replayed"], false, "{what}");
    world.rest().await;
    odd_is_done_once(world, "Ev1", what).await;
    let shown = world.operator(Method::GET, "/v1/operator/events/Ev1").await;
    assert_eq!(
        (&shown["state"], &shown["posts_waiting"]),
        (&json!("done"), &json!(1)),
        "{what}"
    );
    let list = world
        .operator(Method::GET, "/v1/operator/events?state=parked")
        .await;
    assert_eq!(list["events"], json!([]), "{what}");
}

#[tokio::test]
async fn whatever_a_domain_does_wrong_it_fails_alone() {
    for manner in [
        Manner::Fails,
        Manner::Retries,
        Manner::Panics,
        Manner::ManyWrites,
        Manner::Large,
        Manner::Refused,
        Manner::Stale,
        Manner::Rambles,
    ] {
        let world = World::new();
        world.odd.set(manner);
        fails_alone(&world, &format!("{manner:?}")).await;
    }
}

#[tokio::test]
async fn a_domain_that_meets_a_damaged_row_fails_alone() {
    let world = World::new();
    let damaged = Item::new().with("settings", "{\"limit\": \"");
    let put = Write::put(settings(), damaged);
    world.rows().write(put).await.unwrap();
    fails_alone(&world, "a damaged row").await;
}

#[tokio::test(start_paused = true)]
async fn a_domain_that_hangs_fails_alone_and_within_the_time_for_a_record() {
    let world = World::new();
    world.hold_time();
    world.odd.set(Manner::Hangs);
    let job = World::job("Ev1", 1);
    let began = tokio::time::Instant::now();
    let failed = world
        .worker
        .process(vec![World::received(&job, 1)], LIMIT)
        .await;
    assert_eq!(failed, [""; 0]);
    assert!(began.elapsed() < LIMIT, "{:?}", began.elapsed());
    assert!(world.is_stored(1).await);
    let share = world.share("Ev1").await;
    assert_eq!(
        (share.state, share.domain.as_str()),
        (ShareState::Waiting, "odd")
    );
    assert_eq!(
        share.reason.as_deref(),
        Some("the domain did not decide in time")
    );
    fails_alone(&world, "a domain that hangs").await;
}

#[tokio::test]
async fn a_post_has_the_same_id_in_the_events_commit_and_in_a_share() {
    let (together, apart) = (World::new(), World::new());
    apart.odd.set(Manner::Retries);
    for world in [&together, &apart] {
        world.send("Ev1", 1).await;
        world.work().await;
        world.odd.set(Manner::Works);
        world.rest().await;
        assert_eq!(world.counted("Ev1").await, 1);
    }
    assert_eq!(together.shares("Ev1").await, []);
    assert_eq!(apart.share("Ev1").await.state, ShareState::Done);
    assert_eq!(together.posts("Ev1").await, apart.posts("Ev1").await);
}

#[tokio::test]
async fn the_same_message_under_another_id_changes_nothing_whatever_its_share_has_come_to() {
    let world = World::new();
    world.odd.set(Manner::Fails);
    world.send("Ev1", 1).await;
    world.work().await;
    world.odd.set_for("Ev2", Manner::Works);
    for _ in 0..2 {
        // The share waits the first time, and is parked the second.
        world.send("Ev2", 1).await;
        world.rest().await;
        assert_eq!(
            world.entry("Ev2").await.unwrap().state,
            EventState::Duplicate
        );
        assert_eq!(
            (world.counted("Ev2").await, world.shares("Ev2").await),
            (0, vec![])
        );
        odd_is_parked_alone(&world, "Ev1", 1, "the first").await;
    }
}

#[tokio::test]
async fn a_share_whose_domain_is_switched_off_waits_and_is_done_once_it_is_on_again() {
    let world = World::new();
    world.odd.set(Manner::Retries);
    world.send("Ev1", 1).await;
    world.work().await;
    world.odd.set(Manner::Works);
    let off = world.worker_without_odd();
    for _ in 0..60 {
        world.clock.advance(Duration::from_mins(1));
        world.sweep().await;
        while world.work_with(&off).await > 0 {}
    }
    assert_eq!(world.share("Ev1").await.state, ShareState::Waiting);
    // Nor does a replay park it.
    assert_eq!(replay(&world, "Ev1").await["replayed"], true);
    assert_eq!(world.work_with(&off).await, 1);
    assert_eq!(world.share("Ev1").await.state, ShareState::Waiting);
    assert_eq!(world.counted("Ev1").await, 0);
    world.rest().await;
    odd_is_done_once(&world, "Ev1", "switched on").await;
}

#[tokio::test]
async fn a_replay_while_the_domain_is_switched_off_says_so() {
    let world = World::new();
    world.odd.set(Manner::Fails);
    world.send("Ev1", 1).await;
    world.rest().await;
    world.odd.set(Manner::Works);
    replay(&world, "Ev1").await;
    assert_eq!(world.work_with(&world.worker_without_odd()).await, 1);
    odd_is_parked_alone(&world, "Ev1", 1, "switched off").await;
    let shown = world.operator(Method::GET, "/v1/operator/events/Ev1").await;
    let reason = shown["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("the domain odd is switched off"),
        "{reason}"
    );
    replay(&world, "Ev1").await;
    world.rest().await;
    odd_is_done_once(&world, "Ev1", "switched on").await;
}

#[tokio::test]
async fn the_label_of_a_share_names_its_domain() {
    let world = World::new();
    world.odd.set(Manner::Retries);
    world.send("Ev1", 1).await;
    world.work().await;
    world.clock.advance(Duration::from_secs(5));
    let batch = tidegate_pipeline::queue::Queue::receive(&*world.events, 10, Duration::ZERO).await;
    let job = tidegate_pipeline::job::Job::decode(&batch.unwrap()[0].body).unwrap();
    assert_eq!(job.id, "Ev1/odd");
    assert_eq!(world.dispatcher.label(&job).name, "share/odd");
}
