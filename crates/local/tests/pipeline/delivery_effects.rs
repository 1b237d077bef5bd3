//! Effects of domains: what each answer of a performer leads to, their order, what follows them, and a Slack that is down
//! for ten minutes.

mod trouble;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::json;
use tidegate_fake_slack::FaultKind;
use tidegate_outcome::Refusal;
use tidegate_pipeline::clock::{Clock, Timestamp};
use tidegate_pipeline::delivery::{
    BotTokens, Deliverer, Done, Effect, NoToken, Performer, TokenVerdict, Undone,
};
use tidegate_pipeline::outbox::Class::{self, AtLeastOnce, AtMostOnce, Repeatable};
use tidegate_pipeline::outbox::Lane;
use tidegate_pipeline::table::{Item, RowKey, Write};
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client;
use tidegate_slack::ids::TenantId;
use tidegate_testing::effect_story::{Story, Told, begin, effect, lane, page_lane};
use tidegate_testing::faulty_table::Mishap;
use tidegate_testing::outbox_world::{World, fault};

/// Answers what it is told to, one after the other, and is done after that.
#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<Result<Done, Undone>>>,
    /// When it was asked, and whether an earlier attempt was in doubt.
    asked: Mutex<Vec<(Timestamp, String, bool)>>,
    /// How often it panics before it answers.
    panics: AtomicUsize,
    trouble: Trouble,
}

/// What else goes wrong with a performer.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    #[default]
    None,
    /// The effect `one` never ends.
    Hangs,
    GivingUpPanics,
    NeedingTokenPanics,
}

#[async_trait]
impl Performer for Scripted {
    async fn perform(&self, effect: Effect<'_>) -> Result<Done, Undone> {
        let asked = (
            effect.clock.now(),
            effect.name.to_owned(),
            effect.doubt_since.is_some(),
        );
        self.asked.lock().unwrap().push(asked);
        let panics = self.panics.load(Ordering::Relaxed);
        if panics > 0 {
            self.panics.store(panics - 1, Ordering::Relaxed);
            // As a panic does, without its message on the terminal.
            std::panic::resume_unwind(Box::new("a test panics"));
        }
        if self.trouble == Trouble::Hangs && effect.name == "one" {
            // The world's clock goes on beside tokio's.
            effect.clock.sleep(Duration::from_secs(30)).await;
            std::future::pending::<()>().await;
        }
        let answer = self.answers.lock().unwrap().pop_front();
        answer.unwrap_or_else(|| Ok(Done::default()))
    }

    fn given_up(&self, name: &str, _body: &serde_json::Value, reason: &str, _: Timestamp) -> Done {
        if self.trouble == Trouble::GivingUpPanics {
            std::panic::resume_unwind(Box::new("a test panics"));
        }
        let key = RowKey::new(&["told"], &[name]);
        Done {
            writes: vec![Write::put(key, Item::new().with("reason", reason))],
            posts: vec![effect(
                &Lane::named(&["told", "of"]),
                "follows",
                Repeatable,
                json!({}),
            )],
            ..Done::default()
        }
    }

    fn needs_token(&self, _name: &str) -> bool {
        if self.trouble == Trouble::NeedingTokenPanics {
            std::panic::resume_unwind(Box::new("a test panics"));
        }
        false
    }
}

impl Scripted {
    fn answering(answers: Vec<Result<Done, Undone>>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into()),
            ..Self::default()
        })
    }

    fn names(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(_, name, _)| name.clone()).collect()
    }
}

fn test_lane() -> Lane {
    Lane::named(&["test", "1"])
}

async fn one(scripted: &Arc<Scripted>, class: Class) -> (World, String) {
    let mut world = World::new(0).await;
    world.performer = Arc::clone(scripted) as Arc<dyn Performer>;
    let lane = test_lane();
    let id = world
        .put("T1", vec![effect(&lane, "one", class, json!({}))])
        .await;
    world.wake("T1", lane.as_str()).await;
    (world, id)
}

/// What one answer leads to: when the effect is performed again, in seconds from and to, and whether it is in doubt then;
/// or nothing, for it is parked.
type Leads = Option<(i64, i64, bool)>;

fn cases() -> Vec<(Undone, Class, Leads)> {
    let mut cases = Vec::new();
    for class in [AtLeastOnce, AtMostOnce, Repeatable] {
        let ambiguous = match class {
            Repeatable => (1, 3, true),
            AtLeastOnce | AtMostOnce => (60, 63, true),
        };
        let now = Timestamp(1_700_000_000_000);
        let limited = Refusal::RateLimited { retry_after: 30 };
        let scope = Refusal::Rejected(SlackRejection::MissingScope {
            needed: Vec::new(),
            provided: Vec::new(),
        });
        let wait = Undone::Wait(now.plus(Duration::from_secs(20)));
        cases.extend([
            (wait, class, Some((19, 22, false))),
            (Undone::Refused(limited), class, Some((30, 33, false))),
            (
                Undone::Refused(Refusal::Unreachable),
                class,
                Some((1, 3, false)),
            ),
            (Undone::Ambiguous("why".to_owned()), class, Some(ambiguous)),
            (Undone::Retry("why".to_owned()), class, Some((1, 3, false))),
            (
                Undone::Refused(Refusal::Rejected(SlackRejection::Credential(
                    "invalid_auth".to_owned(),
                ))),
                class,
                None,
            ),
            (Undone::Refused(scope), class, None),
            (
                Undone::Refused(Refusal::Rejected(SlackRejection::Permanent(
                    "no".to_owned(),
                ))),
                class,
                None,
            ),
            (Undone::Park("why".to_owned()), class, None),
        ]);
    }
    cases
}

#[tokio::test]
async fn each_answer_leads_to_what_its_class_says() {
    for (undone, class, leads) in cases() {
        let scripted = Scripted::answering(vec![Err(undone.clone())]);
        let (world, id) = one(&scripted, class).await;
        world.settle().await;
        let asked = scripted.asked.lock().unwrap().clone();
        let settled = world.settled("T1", &id).await;
        let state = settled.iter().find(|post| post.purpose == "one").unwrap();
        let told = world.engine.truth().tenant(&"T1".into());
        let told = told.get(&RowKey::new(&["told"], &["one"])).await.unwrap();
        if let Some((from, to, doubt)) = leads {
            assert_eq!(asked.len(), 2, "{undone:?} {class:?}");
            let seconds = (asked[1].0.millis() - asked[0].0.millis() + 999) / 1000;
            assert!(
                (from..=to).contains(&seconds),
                "{undone:?} {class:?}: {seconds}"
            );
            assert_eq!(
                (asked[0].2, asked[1].2),
                (false, doubt),
                "{undone:?} {class:?}"
            );
            assert_eq!(state.state.as_str(), "done");
            assert_eq!(told, None);
        } else {
            // The rows and posts about it are written in the same transaction.
            assert_eq!(scripted.names(), ["one", "follows"], "{undone:?} {class:?}");
            assert_eq!(state.state.as_str(), "parked");
            let told = told.unwrap();
            assert_eq!(told.text("reason"), state.reason.as_deref(), "{undone:?}");
        }
    }
}

#[tokio::test]
async fn an_effect_that_never_comes_to_an_end_is_parked_after_hours() {
    for undone in [
        Undone::Refused(Refusal::Unreachable),
        Undone::Ambiguous("why".to_owned()),
        Undone::Retry("why".to_owned()),
    ] {
        let answers = (0..100).map(|_| Err(undone.clone())).collect();
        let scripted = Scripted::answering(answers);
        let (world, id) = one(&scripted, Repeatable).await;
        let began = world.clock.now();
        while world.waiting().await > 0 {
            if world.work().await == 0 {
                world.clock.advance(Duration::from_mins(1));
                world.sweep().await;
            }
        }
        let hours = world.clock.now().since(began).as_secs() / 3600;
        assert!((4..12).contains(&hours), "{undone:?}: {hours}");
        let settled = world.settled("T1", &id).await;
        let one = settled.iter().find(|post| post.purpose == "one").unwrap();
        assert_eq!(
            (one.state.as_str(), one.attempts),
            ("parked", 60),
            "{undone:?}"
        );
    }
}

#[tokio::test]
async fn effects_of_one_event_go_in_order_and_wait_for_the_first() {
    let scripted = Scripted::answering(vec![
        Err(Undone::Refused(Refusal::Unreachable)),
        Err(Undone::Retry("why".to_owned())),
    ]);
    let mut world = World::new(0).await;
    world.performer = Arc::clone(&scripted) as Arc<dyn Performer>;
    let names = [
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m",
    ];
    let posts = names.map(|name| effect(&test_lane(), name, AtLeastOnce, json!({})));
    let before = world.clock.now();
    world.put("T1", posts.into()).await;
    world.wake("T1", test_lane().as_str()).await;
    world.settle().await;
    let mut expected = vec!["a", "a"];
    expected.extend(names);
    assert_eq!(scripted.names(), expected);
    // Nothing is paced that is no post.
    let last = scripted.asked.lock().unwrap().last().unwrap().0;
    assert!(last.since(before) < Duration::from_secs(8), "{last:?}");
}

#[tokio::test]
async fn a_result_whose_condition_fails_is_no_result() {
    let taken = RowKey::new(&["taken"], &["row"]);
    let done = |condition: &str| Done {
        writes: vec![Write::put(taken.clone(), Item::new()).when(condition)],
        posts: vec![effect(&test_lane(), "follows", Repeatable, json!({}))],
        ..Done::default()
    };
    let scripted = Scripted::answering(vec![
        Ok(done("attribute_exists(#pk)")),
        Ok(done("attribute_not_exists(#pk)")),
    ]);
    let (world, _) = one(&scripted, AtLeastOnce).await;
    world.settle().await;
    assert_eq!(scripted.names(), ["one", "one", "follows"]);
    let doubts: Vec<bool> = scripted.asked.lock().unwrap().iter().map(|a| a.2).collect();
    assert_eq!(doubts, [false, true, false]);
}

#[tokio::test]
async fn a_result_that_the_table_will_never_take_is_parked() {
    let scripted = Scripted::answering(vec![Ok(Done::default())]);
    let (world, id) = one(&scripted, AtLeastOnce).await;
    world
        .engine
        .next(1, &["transact delete", "#outbox#"], Mishap::Refused);
    world.settle().await;
    assert_eq!(
        world
            .settled("T1", &id)
            .await
            .iter()
            .filter(|p| p.state.as_str() == "parked")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_slack_that_refuses_everything_for_ten_minutes_is_made_up_for_within_two() {
    let kinds = [
        Some(fault("*", FaultKind::Http503)),
        Some(fault("*", FaultKind::Http500)),
        Some(tidegate_fake_slack::Fault {
            error: Some("fatal_error".to_owned()),
            ..fault("*", FaultKind::OkFalse)
        }),
        Some(fault("*", FaultKind::RateLimited)),
        // Nobody listens there.
        None,
    ];
    for kind in kinds {
        let mut world = World::new(0).await;
        world.performer = Arc::new(Story::new(0, 0));
        let reachable = world.client.clone();
        if let Some(fault) = kind.clone() {
            world.slack.add_fault(tidegate_fake_slack::Fault {
                times: u32::MAX,
                ..fault
            });
        } else {
            let http = http_client::build().unwrap();
            world.client = SlackClient::new(http, "http://127.0.0.1:9/api").unwrap();
        }
        world.put("T1", vec![begin("a", 3)]).await;
        world.wake("T1", lane("a").as_str()).await;
        go_on(&world, 600).await;
        assert_eq!(
            Told::of(&world, "T1", "a").await,
            Told::default(),
            "{kind:?}"
        );
        world.slack.clear_faults();
        world.client = reachable;
        go_on(&world, 120).await;
        assert_eq!(
            Told::of(&world, "T1", "a").await,
            Told::whole(3),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn a_parked_effect_that_is_queued_again_is_performed_again() {
    let scripted = Scripted::answering(vec![Err(Undone::Park("why".to_owned()))]);
    let (world, id) = one(&scripted, Repeatable).await;
    world.settle().await;
    let parked = world.settled("T1", &id).await;
    let parked = parked.iter().find(|post| post.purpose == "one").unwrap();
    let rows = world.engine.truth().tenant(&"T1".into());
    let row = rows.get(&parked.key).await.unwrap().unwrap();
    let again = parked.requeue(&row, world.clock.now());
    rows.transact(again.into()).await.unwrap();
    world.wake("T1", test_lane().as_str()).await;
    world.settle().await;
    assert_eq!(scripted.names(), ["one", "follows", "one"]);
}

/// A workspace that is not connected.
struct NoTokens;

#[async_trait]
impl BotTokens for NoTokens {
    async fn token(&self, _tenant: &TenantId) -> Result<SecretString, NoToken> {
        Err(NoToken::Disconnected("not installed".to_owned()))
    }

    async fn refused(
        &self,
        _tenant: &TenantId,
        _token: &SecretString,
        _code: &str,
    ) -> TokenVerdict {
        TokenVerdict::Disconnected
    }
}

#[tokio::test]
async fn effects_that_need_slack_are_held_without_it_and_others_are_not() {
    let mut world = World::new(0).await;
    let story = Arc::new(Story::new(0, 0));
    world.performer = Arc::clone(&story) as Arc<dyn Performer>;
    let sync = json!({"story": "a"});
    let sync = effect(&page_lane("a"), "story.sync", Repeatable, sync);
    world.put("T1", vec![begin("a", 1), sync]).await;
    let disconnected = Deliverer {
        tokens: Arc::new(NoTokens),
        ..world.present()
    };
    for lane in [lane("a"), page_lane("a")] {
        world.run(&disconnected, "T1", lane.as_str()).await.unwrap();
    }
    assert_eq!(*story.page.lock().unwrap(), ["a"]);
    assert_eq!(world.pending("T1", lane("a").as_str()).await.len(), 1);
    assert_eq!(world.waiting().await, 0, "out of the sweep's sight");
}

/// Lets wake-ups and a sweep a minute go on for so many seconds.
async fn go_on(world: &World, seconds: u64) {
    let end = world.clock.now().plus(Duration::from_secs(seconds));
    while world.clock.now() < end {
        if world.work().await > 0 {
            continue;
        }
        world.clock.advance(Duration::from_secs(1));
        if world.clock.now().seconds() % 60 == 0 {
            world.sweep().await;
        }
    }
}
