//! Timers: each goes off once its time has come, one that was set anew goes off as the new one only, and a job that
//! nobody does is sent again.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tidegate_pipeline::clock::{Clock, Timestamp};
use tidegate_pipeline::job::Job;
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::table::{Due, RowKey, Rows, Write};
use tidegate_pipeline::timers::{Fired, arm, disarm, send_due_timers};
use tidegate_testing::faulty_table::Mishap;
use tidegate_testing::outbox_world::World;

const KIND: &str = "incident.timer";

fn key() -> RowKey {
    RowKey::new(&["incident", "1"], &["timer", "stale"])
}

fn rows(world: &World) -> Rows {
    world.engine.truth().tenant(&"T1".into())
}

async fn set(world: &World, generation: i64, at: Timestamp) {
    let payload = json!({"generation": generation});
    let arm = arm(key(), KIND, &payload, generation, at);
    rows(world).write(arm).await.unwrap();
}

/// Sweeps as the scheduler does.
async fn tick(world: &World) -> Option<usize> {
    let until = world.clock.now().plus(Duration::from_secs(50));
    let table = world.engine.table();
    let queue_of = |kind: &str| {
        assert_eq!(kind, KIND);
        Some(Arc::clone(&world.queue) as Arc<dyn Queue>)
    };
    let sent = send_due_timers(&table, &queue_of, &world.clock, until).await;
    sent.ok()
}

/// The jobs that wait in the queue.
async fn jobs(world: &World) -> Vec<(Job, Fired)> {
    let batch = world.queue.receive(10, Duration::ZERO).await.unwrap();
    let receipts = batch.iter().map(|m| m.receipt.clone()).collect();
    world.queue.delete(receipts).await.unwrap();
    let job = |body: &str| {
        let job = Job::decode(body).unwrap();
        let fired = serde_json::from_slice(&job.body).unwrap();
        (job, fired)
    };
    batch.iter().map(|m| job(&m.body)).collect()
}

#[tokio::test]
async fn a_timer_goes_off_when_it_is_due_and_again_until_it_is_done() {
    let world = World::new(0).await;
    let at = world.clock.now().plus(Duration::from_secs(30));
    set(&world, 7, at).await;
    world.clock.advance(Duration::from_secs(29));
    assert_eq!(tick(&world).await, Some(0));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(tick(&world).await, Some(1));
    let first = jobs(&world).await;
    let (job, fired) = &first[0];
    assert_eq!(
        (job.kind.as_str(), job.tenant.as_str(), job.signed_at),
        ("incident.timer", "T1", at)
    );
    assert!(
        job.id.starts_with("timer.") && job.id.ends_with(".7"),
        "{job:?}"
    );
    assert_eq!((fired.generation, fired.due_at), (7, at.millis()));
    assert_eq!(fired.payload, json!({"generation": 7}));
    // Not each second, while a slow worker has it.
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(tick(&world).await, Some(0));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(tick(&world).await, Some(1));
    let again = jobs(&world).await;
    assert_eq!(
        (&again[0].0.id, &again[0].1),
        (&job.id, fired),
        "the same job"
    );
    rows(&world).write(disarm(key())).await.unwrap();
    world.clock.advance(Duration::from_mins(5));
    assert_eq!(tick(&world).await, Some(0));
}

#[tokio::test]
async fn a_job_that_nobody_does_is_sent_ever_more_seldom() {
    let world = World::new(0).await;
    set(&world, 1, world.clock.now()).await;
    let mut sent = 0;
    for _ in 0..24 * 60 {
        sent += tick(&world).await.unwrap();
        world.clock.advance(Duration::from_mins(1));
    }
    assert!((30..50).contains(&sent), "{sent} in a day");
}

#[tokio::test]
async fn a_timer_of_a_domain_that_is_off_is_left_alone_until_the_domain_is_back() {
    let world = World::new(0).await;
    let at = world.clock.now();
    set(&world, 1, at).await;
    let off = |_: &str| None;
    for _ in 0..24 * 60 {
        let until = world.clock.now().plus(Duration::from_secs(50));
        let table = world.engine.table();
        let sent = send_due_timers(&table, &off, &world.clock, until).await;
        assert_eq!(sent.unwrap(), 0);
        world.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(jobs(&world).await, []);
    // The domain is switched on again.
    let mut sent = Vec::new();
    for _ in 0..60 {
        world.clock.advance(Duration::from_mins(1));
        if tick(&world).await.unwrap() > 0 {
            sent.extend(jobs(&world).await);
            break;
        }
    }
    assert_eq!(sent.len(), 1, "within an hour");
    assert_eq!(sent[0].1.due_at, at.millis());
    let row = rows(&world).get(&key()).await.unwrap().unwrap();
    assert_eq!(row.number("sent"), Some(1), "no sending counts from before");
}

#[tokio::test]
async fn a_domain_that_was_off_for_a_moment_loses_a_minute_and_not_an_hour() {
    let world = World::new(0).await;
    set(&world, 1, world.clock.now()).await;
    let until = world.clock.now().plus(Duration::from_secs(50));
    let table = world.engine.table();
    let sent = send_due_timers(&table, &|_: &str| None, &world.clock, until).await;
    assert_eq!(sent.unwrap(), 0);
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(tick(&world).await, Some(1));
}

#[tokio::test]
async fn workspaces_whose_rows_fail_hold_up_no_other() {
    for words in ["get T0BROKEN", "write update T0BROKEN"] {
        let world = World::new(0).await;
        let now = world.clock.now();
        // Their timers are older, and more than a sweep reads at once.
        let earlier = Timestamp(now.millis() - 60_000);
        for n in 0..2400 {
            let broken = format!("T0BROKEN{}", n % 12);
            let broken = world.engine.truth().tenant(&broken.as_str().into());
            let key = RowKey::new(&["incident", &n.to_string()], &["timer", "stale"]);
            let write = arm(key, KIND, &json!({}), 1, earlier);
            broken.write(write).await.unwrap();
        }
        set(&world, 1, now).await;
        world.engine.next(10_000, &[words], Mishap::Busy);
        assert_eq!(tick(&world).await, None, "the sweep tells of it");
        let mut jobs = Vec::new();
        loop {
            let more = self::jobs(&world).await;
            if more.is_empty() {
                break;
            }
            jobs.extend(more);
        }
        let whole = jobs.iter().filter(|(job, _)| job.tenant.as_str() == "T1");
        assert_eq!(whole.count(), 1, "{words}");
        // A workspace that fails is tried once in a sweep: twelve calls fail, each of another workspace.
        let failed = 10_000 - world.engine.left(&[words]);
        assert!(failed <= 12, "{words}: {failed}");
        assert!(jobs.len() <= 13, "{words}: {}", jobs.len());
    }
}

#[tokio::test]
async fn a_timer_that_was_set_anew_goes_off_as_the_new_one_only() {
    let world = World::new(0).await;
    let due = world.clock.now();
    set(&world, 1, due).await;
    // Set anew after the sweep has read it: its sending is noted on the old generation only.
    let later = due.plus(Duration::from_mins(10));
    let arm = arm(key(), KIND, &json!({}), 2, later);
    let truth = rows(&world);
    let set_anew = move || {
        let (truth, arm) = (truth.clone(), arm.clone());
        let write = async move { truth.write(arm).await.unwrap() };
        std::thread::scope(|scope| {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            scope.spawn(|| runtime.unwrap().block_on(write));
        });
    };
    let then = Mishap::Then(std::sync::Arc::new(set_anew));
    world.engine.next(1, &["get T1#incident#1"], then);
    assert_eq!(tick(&world).await, Some(0));
    let stale = jobs(&world).await;
    assert_eq!(stale[0].1.generation, 1, "its worker sees that it is stale");
    let row = rows(&world).get(&key()).await.unwrap().unwrap();
    assert_eq!(row.number("due_at"), Some(later.millis()));
    world.clock.advance(Duration::from_mins(10));
    assert_eq!(tick(&world).await, Some(1));
    let fresh = jobs(&world).await;
    assert_eq!(fresh[0].1.generation, 2);
    assert_ne!(fresh[0].0.id, stale[0].0.id);
}

#[tokio::test]
async fn a_table_that_stumbles_delays_a_timer_and_loses_none() {
    for (words, mishap) in [
        ("get T1#incident#1", Mishap::Busy),
        ("write update T1#incident#1", Mishap::Busy),
        ("write update T1#incident#1", Mishap::AnswerLost),
        ("write update T1#incident#1", Mishap::RequestLost),
    ] {
        let world = World::new(0).await;
        set(&world, 1, world.clock.now()).await;
        world.engine.next(1, &[words], mishap);
        assert_eq!(tick(&world).await, None);
        world.clock.advance(Duration::from_mins(1));
        tick(&world).await.unwrap();
        let sent = jobs(&world).await;
        assert!(!sent.is_empty(), "{words}");
        assert!(
            sent.iter().all(|(job, _)| job.id == sent[0].0.id),
            "{words}"
        );
    }
}

#[tokio::test]
async fn a_row_that_is_no_timer_is_looked_at_once_and_keeps_none_from_going_off() {
    let world = World::new(0).await;
    let damaged = RowKey::new(&["incident", "0"], &["timer", "damaged"]);
    let at = Timestamp(world.clock.now().millis() - 1000);
    let write = arm(damaged.clone(), KIND, &json!({}), 1, at);
    rows(&world).write(write).await.unwrap();
    let spoil = Write::update(damaged, "REMOVE #kind");
    rows(&world).write(spoil).await.unwrap();
    set(&world, 1, world.clock.now()).await;
    assert_eq!(tick(&world).await, Some(1));
    let truth = world.engine.truth();
    let due = truth.system().due(Due::Timer, world.clock.now(), 10).await;
    assert_eq!(due.unwrap(), []);
}
