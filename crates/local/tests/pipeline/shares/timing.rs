//! Shares and the sweep: what is sent again, how often, and what an index that is behind does to it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::ledger::ShareState;
use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::table::{Due, RowKey};
use tidegate_pipeline::timers::{arm, send_due_timers};
use tidegate_testing::faulty_table::Mishap;
use tidegate_testing::scripted::Recorder;
use tidegate_testing::shares_world::{Manner, TENANT, World};

use super::odd_is_done_once;

#[tokio::test]
async fn a_share_that_nobody_tried_is_not_parked_however_often_it_was_sent() {
    let world = World::new();
    world.odd.set(Manner::Retries);
    world.send("Ev1", 1).await;
    world.work().await;
    // The worker is away for three hours, and the sweep goes on.
    for _ in 0..180 {
        world.clock.advance(Duration::from_mins(1));
        world.sweep().await;
    }
    world.odd.set(Manner::Works);
    world.rest().await;
    odd_is_done_once(&world, "Ev1", "the worker is back").await;
}

#[tokio::test]
async fn a_sweep_that_sees_an_old_index_takes_no_parked_share_off_the_list() {
    let world = World::new();
    world.odd.set(Manner::Retries);
    world.send("Ev1", 1).await;
    world.work().await;
    world.clock.advance(Duration::from_mins(2));
    // Parked after the sweep has read the index and before it reads the row.
    let id = tidegate_pipeline::ledger::ShareId {
        event: "Ev1".to_owned(),
        domain: "odd".to_owned(),
    };
    let truth = world.engine.truth();
    let clock = world.clock.clone();
    let park = move || {
        let (rows, clock, id) = (truth.tenant(&TENANT.into()), clock.clone(), id.clone());
        std::thread::scope(|scope| {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            let park = async move {
                tidegate_testing::shares_world::park(rows, &clock, &id, "a bug").await;
            };
            scope.spawn(|| runtime.unwrap().block_on(park));
        });
    };
    // The index is asked shard by shard; the last one is 7.
    world
        .engine
        .next(1, &["query", "share#7"], Mishap::Then(Arc::new(park)));
    world.sweep().await;
    assert!(world.engine.all_happened());
    assert_eq!(world.share("Ev1").await.state, ShareState::Parked);
    let system = world.engine.truth().system();
    let parked = system.due(Due::ParkedEvent, world.clock.now(), 10).await;
    assert_eq!(parked.unwrap().len(), 1);
}

#[tokio::test]
async fn a_queue_that_takes_nothing_keeps_no_timer_of_another_queue_waiting() {
    let world = World::new();
    world.odd.set(Manner::Retries);
    world.send("Ev1", 1).await;
    world.work().await;
    world.clock.advance(Duration::from_mins(2));
    let key = RowKey::new(&["incident", "1"], &["timer", "stale"]);
    let write = arm(key, "incident.timer", &json!({}), 1, world.clock.now());
    world.rows().write(write).await.unwrap();
    let down = Arc::new(Recorder {
        refuses: true,
        ..Recorder::default()
    });
    let up = Arc::new(Recorder::default());
    let queue_of = |kind: &str| -> Option<Arc<dyn Queue>> {
        Some(match kind {
            "incident.timer" => up.clone(),
            _ => down.clone(),
        })
    };
    let until = world.clock.now().plus(Duration::from_secs(50));
    let swept = send_due_timers(&world.engine.table(), &queue_of, &world.clock, until).await;
    assert!(swept.is_err(), "the sweep tells that a queue is down");
    assert_eq!(up.sent.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_flood_of_timers_does_not_hold_up_a_share() {
    let world = World::new();
    world.odd.set(Manner::Retries);
    world.send("Ev1", 1).await;
    world.work().await;
    // Older than the share, and more than one sweep reads.
    for n in 0..2_500 {
        let key = RowKey::new(&["incident", &n.to_string()], &["timer", "stale"]);
        let write = arm(key, "incident.timer", &json!({}), 1, world.clock.now());
        world.rows().write(write).await.unwrap();
    }
    world.clock.advance(Duration::from_mins(2));
    let (timers, shares) = (Arc::new(Recorder::default()), Arc::new(Recorder::default()));
    let queue_of = |kind: &str| -> Option<Arc<dyn Queue>> {
        Some(match kind {
            "incident.timer" => timers.clone(),
            _ => shares.clone(),
        })
    };
    let until = world.clock.now().plus(Duration::from_secs(50));
    let swept = send_due_timers(&world.engine.table(), &queue_of, &world.clock, until).await;
    assert!(swept.unwrap() < 2_500);
    assert_eq!(shares.sent.lock().unwrap().len(), 1);
}
