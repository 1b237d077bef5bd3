//! Domains that panic, hang or are switched off while their effects wait.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::delivery::{Performer, Undone};
use tidegate_pipeline::dispatch::Dispatcher;
use tidegate_pipeline::outbox::Class::{AtLeastOnce, AtMostOnce, Repeatable};
use tidegate_testing::effect_story::effect;
use tidegate_testing::install_world::tick;
use tidegate_testing::outbox_world::World;
use tidegate_testing::scripted::KEEP;

use super::{Scripted, Trouble, one, test_lane};

#[tokio::test]
async fn an_effect_that_panics_counts_as_one_whose_outcome_is_unknown() {
    for (class, pause) in [(AtMostOnce, 60..=63), (Repeatable, 1..=3)] {
        let scripted = Arc::new(Scripted {
            panics: AtomicUsize::new(1),
            ..Scripted::default()
        });
        let (world, id) = one(&scripted, class).await;
        world.settle().await;
        let asked = scripted.asked.lock().unwrap().clone();
        let doubts: Vec<bool> = asked.iter().map(|(_, _, doubt)| *doubt).collect();
        assert_eq!(doubts, [false, true], "{class:?}");
        let seconds = asked[1].0.since(asked[0].0).as_secs();
        assert!(pause.contains(&seconds), "{class:?}: {seconds}");
        let settled = world.settled("T1", &id).await;
        assert_eq!(settled[0].state.as_str(), "done", "{class:?}");
    }
}

/// Its lane is not blocked by a domain that panics where it is asked for something else than the effect.
#[tokio::test]
async fn a_panic_beside_the_effect_blocks_no_lane() {
    for trouble in [Trouble::GivingUpPanics, Trouble::NeedingTokenPanics] {
        let scripted = Arc::new(Scripted {
            answers: Mutex::new([Err(Undone::Park("why".to_owned()))].into()),
            trouble,
            ..Scripted::default()
        });
        let mut world = World::new(0).await;
        world.performer = Arc::clone(&scripted) as Arc<dyn Performer>;
        let posts = ["one", "two"].map(|name| effect(&test_lane(), name, Repeatable, json!({})));
        let id = world.put("T1", posts.into()).await;
        world.wake("T1", test_lane().as_str()).await;
        world.settle().await;
        let settled = world.settled("T1", &id).await;
        let state = |name: &str| {
            let post = settled.iter().find(|post| post.purpose == name);
            post.map(|post| post.state.as_str())
        };
        assert_eq!(
            (state("one"), state("two")),
            (Some("parked"), Some("done")),
            "{trouble:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_hangs_ends_with_its_lanes_time() {
    let scripted = Arc::new(Scripted {
        trouble: Trouble::Hangs,
        ..Scripted::default()
    });
    let time = tokio::spawn(tick());
    let (world, _) = one(&scripted, Repeatable).await;
    let working = async {
        while scripted.names().len() < 3 {
            world.work().await;
            world.clock.advance(Duration::from_secs(10));
            world.sweep().await;
        }
    };
    let worked = tokio::time::timeout(Duration::from_hours(1), working).await;
    time.abort();
    assert!(worked.is_ok(), "the worker ends and comes back");
    assert!(scripted.asked.lock().unwrap()[1].2, "it is in doubt");
}

#[tokio::test]
async fn an_effect_whose_domain_is_off_waits_for_it() {
    let mut world = World::new(0).await;
    let clock: Arc<dyn Clock> = Arc::new(world.clock.clone());
    let table = world.engine.table();
    let audit = Audit::new(table.clone(), world.engine.keyring(), Arc::clone(&clock));
    world.performer = Arc::new(Dispatcher::new(Vec::new(), table, audit, clock, KEEP));
    let lane = test_lane();
    let posts = ["one", "two"].map(|name| effect(&lane, name, AtLeastOnce, json!({})));
    let id = world.put("T1", posts.into()).await;
    world.wake("T1", lane.as_str()).await;
    for _ in 0..30 {
        world.work().await;
        world.clock.advance(Duration::from_mins(1));
        world.sweep().await;
    }
    assert!(world.settled("T1", &id).await.is_empty());
    // It is switched on.
    let scripted = Arc::new(Scripted::default());
    world.performer = Arc::clone(&scripted) as Arc<dyn Performer>;
    world.settle().await;
    assert_eq!(scripted.names(), ["one", "two"]);
}
