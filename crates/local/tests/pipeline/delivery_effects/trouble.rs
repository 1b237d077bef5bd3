//! Domains that panic, hang or are switched off while their effects wait.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use tidegate_fake_slack::{FakeSlack, Fault, FaultKind};
use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::delivery::{Done, Effect, Performer, Undone};
use tidegate_pipeline::dispatch::Dispatcher;
use tidegate_pipeline::outbox::Class::{AtLeastOnce, AtMostOnce, Repeatable};
use tidegate_testing::effect_story::effect;
use tidegate_testing::faulty_table::Mishap;
use tidegate_testing::install_world::tick;
use tidegate_testing::outbox_world::{World, fault};
use tidegate_testing::scripted::KEEP;

use super::{Scripted, Trouble, one, test_lane};

const CHANNEL: &str = "C0000000001";

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

/// Ends in the middle of its first post, as at a deadline: Slack has it, and has not answered.
struct CutOff {
    slack: FakeSlack,
    was_cut_off: Arc<AtomicBool>,
}

#[async_trait]
impl Performer for CutOff {
    async fn perform(&self, effect: Effect<'_>) -> Result<Done, Undone> {
        let body = json!({"channel": CHANNEL, "text": "once"});
        if effect.doubt_since.is_none() {
            tokio::select! {
                ended = effect.post(&body) => panic!("the post ended by itself: {ended:?}"),
                () = arrived(&self.slack) => {
                    self.was_cut_off.store(true, Ordering::Relaxed);
                    std::panic::resume_unwind(Box::new("a test panics"));
                }
            }
        }
        let ts = effect.post(&body).await?;
        Ok(Done {
            ts: Some(ts),
            ..Done::default()
        })
    }
}

async fn arrived(slack: &FakeSlack) {
    while slack.messages(CHANNEL).is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_post_that_was_cut_off_is_looked_for_before_it_is_sent_again() {
    let mut world = World::new(0).await;
    let was_cut_off = Arc::new(AtomicBool::new(false));
    world.performer = Arc::new(CutOff {
        slack: world.slack.clone(),
        was_cut_off: Arc::clone(&was_cut_off),
    });
    let lane = test_lane();
    let post = effect(&lane, "one", AtLeastOnce, json!({}));
    let id = world.put("T1", vec![post]).await;
    world.wake("T1", lane.as_str()).await;
    let silent = fault("chat.postMessage", FaultKind::TimeoutAfter);
    world.slack.add_fault(silent);
    world.settle().await;
    assert!(was_cut_off.load(Ordering::Relaxed));
    assert_eq!(world.slack.messages(CHANNEL).len(), 1);
    assert_eq!(world.settled("T1", &id).await[0].state.as_str(), "done");
}

#[tokio::test]
async fn an_effect_that_was_taken_too_late_to_begin_is_not_in_doubt() {
    let scripted = Arc::new(Scripted::default());
    let mut world = World::new(0).await;
    world.performer = Arc::clone(&scripted) as Arc<dyn Performer>;
    let post = effect(&test_lane(), "one", AtMostOnce, json!({}));
    world.put("T1", vec![post]).await;
    world.wake("T1", test_lane().as_str()).await;
    let clock = world.clock.clone();
    let late = move || clock.advance(Duration::from_secs(15));
    let taking = ["transact", "#outbox#", "first_attempt_at"];
    world.engine.next(1, &taking, Mishap::Then(Arc::new(late)));
    world.settle().await;
    assert!(world.engine.all_happened());
    let asked = scripted.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(!asked[0].2, "nothing had begun before");
}

/// Posts once.
struct Posts;

#[async_trait]
impl Performer for Posts {
    async fn perform(&self, effect: Effect<'_>) -> Result<Done, Undone> {
        let body = json!({"channel": CHANNEL, "text": "once"});
        let ts = effect.post(&body).await?;
        Ok(Done {
            ts: Some(ts),
            ..Done::default()
        })
    }
}

/// The first post is lost, nobody can look for it, and each of the next three meets a rate limit.
#[tokio::test]
async fn a_resend_that_slack_refused_is_no_resend() {
    let mut world = World::new(0).await;
    world.performer = Arc::new(Posts);
    let lane = test_lane();
    let id = world
        .put("T1", vec![effect(&lane, "one", AtLeastOnce, json!({}))])
        .await;
    world.wake("T1", lane.as_str()).await;
    world
        .slack
        .add_fault(fault("chat.postMessage", FaultKind::TimeoutBefore));
    world.slack.add_fault(Fault {
        times: 3,
        retry_after: Some(json!(40)),
        ..fault("chat.postMessage", FaultKind::RateLimited)
    });
    world.slack.add_fault(Fault {
        times: 1000,
        error: Some("missing_scope".to_owned()),
        ..fault("conversations.history", FaultKind::OkFalse)
    });
    world.settle().await;
    let settled = world.settled("T1", &id).await;
    assert_eq!(settled[0].state.as_str(), "done", "{settled:?}");
    assert_eq!(world.slack.messages(CHANNEL).len(), 1);
}

/// Makes one call that takes twelve seconds of the world's clock, if there is room for it.
#[derive(Default)]
struct LongCall(Mutex<Vec<(String, bool)>>);

#[async_trait]
impl Performer for LongCall {
    async fn perform(&self, effect: Effect<'_>) -> Result<Done, Undone> {
        let room = effect.room_for(Duration::from_secs(12));
        let asked = (effect.name.to_owned(), room.is_ok());
        self.0.lock().unwrap().push(asked);
        room?;
        effect.clock.sleep(Duration::from_secs(12)).await;
        Ok(Done::default())
    }

    fn needs_token(&self, _name: &str) -> bool {
        false
    }
}

#[tokio::test]
async fn a_long_call_is_put_off_until_there_is_room_for_it() {
    let calls = Arc::new(LongCall::default());
    let mut world = World::new(0).await;
    world.performer = Arc::clone(&calls) as Arc<dyn Performer>;
    let posts = ["one", "two"].map(|name| effect(&test_lane(), name, Repeatable, json!({})));
    let id = world.put("T1", posts.into()).await;
    world.wake("T1", test_lane().as_str()).await;
    world.settle().await;
    let asked = calls.0.lock().unwrap().clone();
    let asked: Vec<_> = asked.iter().map(|(n, room)| (n.as_str(), *room)).collect();
    assert_eq!(asked.first(), Some(&("one", true)));
    assert_eq!(asked.last(), Some(&("two", true)));
    assert!(asked.contains(&("two", false)), "it was put off: {asked:?}");
    let settled = world.settled("T1", &id).await;
    assert!(settled.iter().all(|post| post.state.as_str() == "done"));
}
