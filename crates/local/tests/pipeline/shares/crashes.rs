//! Shares where a worker dies or an answer is lost: no message is lost, and nothing is done in both the event and the share.

use std::sync::Arc;
use std::time::Duration;

use tidegate_pipeline::ledger::{EventState, ShareState};
use tidegate_pipeline::queue::{Queue, Received};
use tidegate_pipeline::worker::Worker;
use tidegate_testing::faulty_table::Mishap;
use tidegate_testing::scripted::{LIMIT, Recorder};
use tidegate_testing::shares_world::{Manner, TENANT, World};
use tokio::sync::Notify;

use super::{odd_is_done_once, odd_is_parked_alone};

/// Lets a worker take what is in the queue and die in that call of the table, before it is done or after.
fn die_in(world: &World, words: &[&str], done: bool) {
    let frozen = Arc::new(Notify::new());
    let mishap = Mishap::Freeze {
        done,
        frozen: Arc::clone(&frozen),
    };
    world.engine.next(1, words, mishap);
    let (_, died) = world.work_until(&frozen);
    assert!(died, "the worker lives: {words:?}");
}

#[tokio::test]
async fn a_third_receive_after_two_whose_worker_died_leaves_shares_and_nothing_else() {
    let world = World::new();
    world.odd.set(Manner::Freezes);
    world.send("Ev1", 1).await;
    for _ in 0..2 {
        assert_eq!(world.work_or_die().await, 1);
        assert!(!world.is_stored(1).await);
        world.clock.advance(Duration::from_mins(3));
    }
    assert_eq!(world.work().await, 1, "nobody is asked now");
    assert_eq!(world.entry("Ev1").await.unwrap().state, EventState::Done);
    let waiting = |domain: &str| (domain.to_owned(), ShareState::Waiting);
    assert_eq!(
        world.shares("Ev1").await,
        [waiting("mirror"), waiting("odd")]
    );
    assert!(!world.is_stored(1).await);
    world.rest().await;
    odd_is_parked_alone(&world, "Ev1", 1, "a domain that kills its worker").await;
    let deaths = world.odd.asked("Ev1");
    assert!(deaths <= 8, "it killed {deaths} workers");
    world.odd.set(Manner::Works);
    super::replay(&world, "Ev1").await;
    world.rest().await;
    odd_is_done_once(&world, "Ev1", "repaired").await;
}

#[tokio::test]
async fn attempts_that_ended_in_order_are_not_taken_for_deaths() {
    let world = World::new();
    world
        .engine
        .next(2, &["transact", "#ledger#Ev1"], Mishap::Busy);
    world.send("Ev1", 1).await;
    world.rest().await;
    assert!(world.engine.all_happened());
    assert_eq!(
        (world.counted("Ev1").await, world.shares("Ev1").await),
        (1, vec![])
    );
}

/// Attempts of one message say nothing about the attempts of another.
#[tokio::test]
async fn deaths_are_counted_for_each_message_by_itself() {
    let world = World::new();
    world
        .engine
        .next(3, &["transact", "#ledger#Ev1"], Mishap::Busy);
    world.send("Ev1", 1).await;
    for _ in 0..3 {
        world.work().await;
        world.clock.advance(Duration::from_secs(10));
    }
    // Slack sends it again, and two workers die with it.
    let again = Received {
        id: "another".to_owned(),
        ..World::received(&World::job("Ev1", 1), 3)
    };
    assert_eq!(world.worker.process(vec![again], LIMIT).await, [""; 0]);
    assert_eq!(world.shares("Ev1").await.len(), 2);
    world.rest().await;
    assert_eq!(
        (world.counted("Ev1").await, world.is_stored(1).await),
        (1, true)
    );
}

#[tokio::test]
async fn a_worker_that_dies_between_the_commit_and_the_shares_job_leaves_that_to_the_sweep() {
    let world = World::new();
    world.odd.set(Manner::Fails);
    world.send("Ev1", 1).await;
    die_in(&world, &["transact", "#ledger#Ev1"], true);
    assert!(world.is_stored(1).await);
    world.odd.set(Manner::Works);
    // The event's message comes back only after three minutes.
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(world.work().await, 0);
    world.sweep().await;
    assert_eq!(world.work().await, 1);
    odd_is_done_once(&world, "Ev1", "swept").await;
    world.rest().await;
    odd_is_done_once(&world, "Ev1", "after the event came back").await;
}

#[tokio::test]
async fn a_queue_that_refuses_the_shares_job_leaves_that_to_the_sweep() {
    let world = World::new();
    world.odd.set(Manner::Fails);
    let refuses = Worker {
        source: Arc::new(Recorder {
            refuses: true,
            ..Recorder::default()
        }),
        ..world.worker.clone()
    };
    let message = World::received(&World::job("Ev1", 1), 1);
    assert_eq!(refuses.process(vec![message], LIMIT).await, [""; 0]);
    world.odd.set(Manner::Works);
    world.rest().await;
    odd_is_done_once(&world, "Ev1", "swept").await;
}

#[tokio::test]
async fn a_worker_that_dies_anywhere_in_a_share_does_it_once() {
    for (words, done) in [
        (&["write update", "#ledger#Ev1/share"][..], true),
        (&["get", "#archive"], true),
        (&["transact", "#ledger#Ev1/share"], false),
        (&["transact", "#ledger#Ev1/share"], true),
    ] {
        let world = World::new();
        world.odd.set(Manner::Retries);
        world.send("Ev1", 1).await;
        world.work().await;
        world.odd.set(Manner::Works);
        world.clock.advance(Duration::from_secs(5));
        die_in(&world, words, done);
        world.rest().await;
        odd_is_done_once(&world, "Ev1", &format!("died in {words:?}, {done}")).await;
        assert_eq!(world.dead_letters.depth().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_share_whose_answer_is_lost_is_done_once() {
    for mishap in [Mishap::AnswerLost, Mishap::RequestLost, Mishap::Busy] {
        for readable in [true, false] {
            let world = World::new();
            world.odd.set(Manner::Retries);
            world.send("Ev1", 1).await;
            world.work().await;
            world.odd.set(Manner::Works);
            let commit = &["transact", "#ledger#Ev1/share"];
            world.engine.next(1, commit, mishap.clone());
            if !readable {
                world
                    .engine
                    .next(1, &["get", "#ledger#Ev1/share"], Mishap::Busy);
            }
            world.rest().await;
            world.engine.forget();
            odd_is_done_once(&world, "Ev1", "a lost answer").await;
        }
    }
}

#[tokio::test]
async fn an_events_commit_whose_answer_is_lost_leaves_its_share() {
    for mishap in [Mishap::AnswerLost, Mishap::RequestLost] {
        let world = World::new();
        world.odd.set(Manner::Retries);
        world.engine.next(1, &["transact", "#ledger#Ev1"], mishap);
        world.send("Ev1", 1).await;
        world.work().await;
        world.odd.set(Manner::Works);
        world.rest().await;
        assert!(world.is_stored(1).await);
        assert_eq!(
            (world.counted("Ev1").await, world.posts("Ev1").await.len()),
            (1, 1)
        );
    }
}

#[tokio::test]
async fn many_deliveries_of_a_share_at_once_do_it_once() {
    let world = World::new();
    world.odd.set(Manner::Retries);
    world.send("Ev1", 1).await;
    world.work().await;
    world.odd.set(Manner::Works);
    world.clock.advance(Duration::from_mins(2));
    // The sweep sends it while it is in the queue.
    world.sweep().await;
    let batch = world.events.receive(10, Duration::ZERO).await.unwrap();
    assert_eq!(batch.len(), 2);
    let again = batch.clone();
    let (first, second) = tokio::join!(
        world.worker.process(batch, LIMIT),
        world.worker.process(again, LIMIT)
    );
    assert_eq!((first.len(), second.len()), (0, 0));
    odd_is_done_once(&world, "Ev1", "four deliveries").await;
}

#[tokio::test]
async fn a_share_of_an_erased_workspace_is_dropped() {
    let world = World::new();
    world.odd.set(Manner::Retries);
    world.send("Ev1", 1).await;
    world.work().await;
    world.odd.set(Manner::Works);
    let keyring = world.engine.keyring();
    keyring.mark_erased(&TENANT.into()).await.unwrap();
    keyring.destroy(&TENANT.into()).await.unwrap();
    keyring.forget(&TENANT.into());
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(world.work().await, 1);
    assert_eq!(world.events.depth().await.unwrap(), 0);
    assert_eq!(world.counted("Ev1").await, 0);
    assert_eq!(world.notes("odd.counted").await, []);
}

/// Does the first job of the batch, and all others while that attempt is not over yet. Then the share is done once.
async fn others_come_meanwhile(world: &World, mut batch: Vec<Received>) {
    let others = batch.split_off(1);
    assert!(others.len() >= 4, "{} others", others.len());
    let noting = ["write update", "#ledger#Ev1/share", "failures"];
    let held = world.engine.hold_next(&noting, false);
    let meanwhile = async {
        held.reached.notified().await;
        world.worker.process(others, LIMIT).await;
        held.go_on.notify_one();
    };
    tokio::join!(world.worker.process(batch, LIMIT), meanwhile);
    let share = world.share("Ev1").await;
    assert_eq!(share.state, ShareState::Waiting, "{share:?}");
    assert_eq!(share.attempts, 1);
    world.odd.set(Manner::Works);
    world.rest().await;
    odd_is_done_once(world, "Ev1", "the others came meanwhile").await;
}

/// Copies of one job that wait for a worker are no dead workers.
#[tokio::test]
async fn copies_of_a_shares_job_at_the_same_time_are_one_attempt() {
    let world = World::new();
    world.odd.set(Manner::Retries);
    world.send("Ev1", 1).await;
    world.work().await;
    // The worker is away, and the sweep goes on.
    for _ in 0..7 {
        world.clock.advance(Duration::from_mins(1));
        world.sweep().await;
    }
    let batch = world.events.receive(10, Duration::ZERO).await.unwrap();
    others_come_meanwhile(&world, batch).await;
}

/// Each replay of a waiting share that began an attempt of its own would count as a worker that died at it.
#[tokio::test]
async fn replays_of_a_waiting_share_at_the_same_time_are_one_attempt() {
    let world = World::new();
    world.odd.set(Manner::Retries);
    world.send("Ev1", 1).await;
    world.work().await;
    for _ in 0..6 {
        assert_eq!(super::replay(&world, "Ev1").await["replayed"], true);
    }
    let batch = world.events.receive(10, Duration::ZERO).await.unwrap();
    others_come_meanwhile(&world, batch).await;
}

/// An attempt that ended badly does not keep its own message from beginning another.
#[tokio::test]
async fn a_replay_survives_a_table_that_stumbles_at_its_beginning_or_end() {
    for (words, mishap) in [
        (
            &["write update", "#ledger#Ev1/share"][..],
            Mishap::AnswerLost,
        ),
        (
            &["write update", "#ledger#Ev1/share", "failures"],
            Mishap::Busy,
        ),
    ] {
        let world = World::new();
        world.odd.set(Manner::Fails);
        world.send("Ev1", 1).await;
        world.rest().await;
        odd_is_parked_alone(&world, "Ev1", 1, "before the replay").await;
        world.odd.set(Manner::Retries);
        super::replay(&world, "Ev1").await;
        world.engine.next(1, words, mishap);
        assert_eq!(world.work().await, 1);
        world.odd.set(Manner::Works);
        for _ in 0..4 {
            world.clock.advance(Duration::from_secs(5));
            world.work().await;
        }
        assert!(world.engine.all_happened(), "{words:?}");
        odd_is_done_once(&world, "Ev1", "replayed").await;
    }
}

/// A waiting share goes on with its next receive, and not only with the next sweep.
#[tokio::test]
async fn a_share_whose_failure_could_not_be_noted_is_tried_again_by_its_message() {
    let world = World::new();
    world.odd.set(Manner::Retries);
    world.send("Ev1", 1).await;
    world.work().await;
    world.clock.advance(Duration::from_secs(2));
    let noting = ["write update", "#ledger#Ev1/share", "failures"];
    world.engine.next(1, &noting, Mishap::Busy);
    assert_eq!(world.work().await, 1);
    assert!(world.engine.all_happened());
    world.odd.set(Manner::Works);
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(world.work().await, 1);
    odd_is_done_once(&world, "Ev1", "the same message").await;
}
