//! Token rotation under all faults at once, in worlds that a seed decides: Slack fails, the table stumbles, refreshers
//! freeze and die. However many instances there are, one expiry is one refresh, and no refresh token that began to be
//! stored is lost.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::json;
use tidegate_app::installs::Installs;
use tidegate_app::installs::grant::State;
use tidegate_fake_slack::{Fault, FaultKind};
use tidegate_outcome::Outcome;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::delivery::BotTokens;
use tidegate_slack::api::auth::Test;
use tidegate_testing::chance::Chance;
use tidegate_testing::faulty_table::{Mishap, Rates};
use tidegate_testing::install_world::{InstallWorld, TEAM};
use tidegate_testing::worlds::in_each_world;

const WORLDS: u64 = 24;

/// Token lives in each world.
const LIVES: usize = 3;

const REFRESH: &str = "oauth.v2.access";

/// Nobody waits longer for a token; whoever does is frozen.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn one_expiry_is_one_refresh_in_every_world() {
    in_each_world(WORLDS, live);
}

async fn live(seed: u64) {
    tokio::time::pause();
    let (world, chance) = (InstallWorld::new(seed).await, Chance::new(seed));
    world.install().await;
    for life in 0..LIVES {
        live_once(&format!("seed {seed}, life {life}"), &world, &chance).await;
    }
}

/// Lives through the end of one token, and checks what is left.
async fn live_once(what: &str, world: &InstallWorld, chance: &Chance) {
    let (before, seen) = (world.at_slack(), world.grant().await);
    let calls_before = world.slack.calls().len();
    world.slack.clear_faults();
    world.engine.set_rates(Rates::default());
    world.engine.forget();
    // Before its end, at its end, and after it.
    let minutes = chance.pick("when", &[10 * 60 + 1, 12 * 60 - 1, 12 * 60, 13 * 60]);
    world.pass(Duration::from_mins(*minutes)).await;
    let stops = spoil(world, chance);
    crowd(world, chance).await;
    // Calm again: whoever comes now gets the answer that stands.
    world.slack.clear_faults();
    world.engine.set_rates(Rates::default());
    let instance = world.instance();
    for _ in 0..2 {
        world.pass(Duration::from_secs(90)).await;
        sweep(&instance, &world.clock).await;
    }
    let token = instance.token(&TEAM.into()).await;
    let after = world.at_slack();
    let refreshes = after.refreshes - before.refreshes;
    assert!(refreshes <= 1, "{what}: {refreshes} refreshes");
    // A refresher died with the answer, or Slack did it and its answer was lost.
    let lost = ["timeout_after", "reset_after", "http_500_applied"];
    let lost = world.slack.calls()[calls_before..]
        .iter()
        .any(|call| lost.contains(&call.outcome.as_str()));
    let died = stops == Some(false) && world.engine.all_happened();
    let stored = world.grant().await;
    if !lost && !died {
        let refused = after.refused_refreshes - before.refused_refreshes;
        let calls = &world.slack.calls()[calls_before..];
        assert_eq!((refreshes, refused), (1, 0), "{what}: {calls:?}");
        assert_eq!(stored.state, State::Connected, "{what}");
        assert!(stored.generation > seen.generation, "{what}");
    }
    match stored.state {
        State::Connected => {
            let newest = stored.tokens.unwrap();
            assert_eq!(
                token.unwrap().expose_secret(),
                newest.access.expose_secret(),
                "{what}"
            );
            let answer = world.client.perform(&newest.access, &Test {}).await;
            assert!(matches!(answer, Outcome::Done(_)), "{what}: {answer:?}");
        }
        State::Reconnect => {
            assert!(lost || died, "{what}: a refresh token was lost");
            world.install().await;
        }
        State::Disconnected => panic!("{what}: nobody revoked it"),
    }
}

/// What goes wrong. Answers whether a refresher stops for good, and if so, whether after its storing or before.
fn spoil(world: &InstallWorld, chance: &Chance) -> Option<bool> {
    for _ in 0..chance.below("faults", 3) {
        let kinds = [
            FaultKind::RateLimited,
            FaultKind::Http500,
            FaultKind::TimeoutBefore,
            FaultKind::RateLimited,
            FaultKind::TimeoutAfter,
            FaultKind::ResetAfter,
        ];
        let applies = chance.per_mille("applies", 150);
        world.slack.add_fault(Fault {
            retry_after: Some(json!(chance.below("wait", 15) + 1)),
            applies,
            ..Fault::new(REFRESH, *chance.pick("kind", &kinds))
        });
    }
    world.engine.set_rates(Rates {
        busy: 60,
        answer_lost: 60,
        request_lost: 60,
    });
    let stops = *chance.pick("stops", &[None, None, Some(true), Some(false)]);
    if let Some(done) = stops {
        let frozen = Arc::default();
        let mishap = Mishap::Freeze { done, frozen };
        world.engine.later(0, &["write put", "install/bot"], mishap);
    }
    stops
}

/// Many instances at once, some of them more than once.
async fn crowd(world: &InstallWorld, chance: &Chance) {
    let tasks: Vec<_> = (0..chance.below("instances", 12) + 2)
        .map(|_| {
            let (instance, sweeps) = (world.instance(), chance.per_mille("sweeps", 300));
            let clock = world.clock.clone();
            tokio::spawn(async move {
                for _ in 0..4 {
                    if sweeps {
                        sweep(&instance, &clock).await;
                    }
                    match tokio::time::timeout(PATIENCE, instance.token(&TEAM.into())).await {
                        Ok(Err(_)) => clock.sleep(Duration::from_secs(7)).await,
                        // It has one, or it is frozen.
                        _ => return,
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn sweep(instance: &Installs, clock: &impl Clock) {
    let until = clock.now().plus(PATIENCE);
    let _ = tokio::time::timeout(PATIENCE, instance.upkeep(until)).await;
}
