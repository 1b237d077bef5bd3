//! An erasure that meets an install, a slow Slack, or a reader of keys.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tidegate_app::installs::grant::{Grant, Holder};
use tidegate_fake_slack::{Fault, FaultKind};
use tidegate_pipeline::audit::Actor;
use tidegate_pipeline::clock::{Clock, SystemClock};
use tidegate_pipeline::keyring::{KeyError, Keyring};
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::table::{Engine, RowKey, Table};
use tidegate_slack::ids::TenantId;
use tidegate_testing::faulty_table::FaultyTable;
use tidegate_testing::install_world::{InstallWorld, TEAM};

/// The number of calls that were to end a token.
fn revokes(world: &InstallWorld) -> usize {
    let calls = world.slack.calls();
    let revokes = calls.iter().filter(|call| call.method == "auth.revoke");
    revokes.count()
}

#[tokio::test(start_paused = true)]
async fn an_install_does_not_run_into_an_erasure() {
    let world = InstallWorld::new(1).await;
    world.install().await;
    let tenant = TenantId::from(TEAM);
    world
        .instance()
        .erase(&tenant, &Actor::Operator)
        .await
        .unwrap();
    let page = world.try_install().await;
    assert_eq!(page.status(), StatusCode::CONFLICT);
    let place = RowKey::new(&["erasure", TEAM], &["state"]);
    for _ in 0..5 {
        world.pass(Duration::from_mins(1)).await;
        let until = world.clock.now().plus(Duration::from_mins(1));
        world.instance().erase_pass(&place, until).await.unwrap();
    }
    world.install().await;
    assert!(world.grant().await.tokens.is_some());
}

/// The tokens of the install are written after the erasure has ended those that it saw.
#[tokio::test(start_paused = true)]
async fn an_install_that_an_erasure_overtakes_ends_its_tokens_and_says_so() {
    let world = InstallWorld::new(1).await;
    world.install().await;
    let words = ["transact", " put ", "install/bot"];
    let held = world.engine.hold_next(&words, false);
    let erasing = async {
        held.reached.notified().await;
        let tenant = TenantId::from(TEAM);
        let erased = world.instance().erase(&tenant, &Actor::Operator).await;
        held.go_on.notify_one();
        erased.unwrap()
    };
    let (page, _) = tokio::join!(world.try_install(), erasing);
    assert_eq!(page.status(), StatusCode::CONFLICT, "{page:?}");
    // The erasure ended the tokens of the first install, and the second install ended its own.
    assert_eq!(revokes(&world), 2);
    assert!(world.at_slack().scopes.is_empty(), "{:?}", world.at_slack());
}

/// The install looks for an erasure before it begins, and makes new keys after the old ones are destroyed.
#[tokio::test(start_paused = true)]
async fn an_erasure_ends_although_an_install_has_made_new_keys_meanwhile() {
    let world = InstallWorld::new(1).await;
    world.install().await;
    let place = RowKey::new(&["erasure", TEAM], &["state"]);
    let held = world.engine.keys().hold_next(&["get", "tenant_key"], false);
    let pass = async || {
        let until = world.clock.now().plus(Duration::from_mins(1));
        world.instance().erase_pass(&place, until).await.unwrap()
    };
    let erasing = async {
        held.reached.notified().await;
        let erased = world.instance().erase(&TEAM.into(), &Actor::Operator).await;
        assert_eq!(erased.unwrap().revoked, Some(true));
        pass().await;
        held.go_on.notify_one();
    };
    let (page, ()) = tokio::join!(world.try_install(), erasing);
    assert_eq!(page.status(), StatusCode::CONFLICT, "{page:?}");
    let mut passes = 0;
    while !pass().await {
        passes += 1;
        assert!(passes < 10, "it does not end");
        world.pass(Duration::from_mins(1)).await;
    }
    let (left, _) = world.engine.inner.scan(TEAM, None, 10_000).await.unwrap();
    assert_eq!(left, Vec::new());
}

/// Somebody waits for the answer, and every token is one call to Slack.
#[tokio::test(start_paused = true)]
async fn an_erasure_does_not_wait_for_a_slack_that_is_slow_with_every_token() {
    let world = InstallWorld::new(1).await;
    world.install().await;
    let tenant = TenantId::from(TEAM);
    let bot = world.grant().await;
    for n in 0..5 {
        let person = Grant {
            holder: Holder::Person(format!("U{n}").as_str().into()),
            ..bot.clone()
        };
        world
            .rows()
            .write(person.store(&tenant, None))
            .await
            .unwrap();
    }
    world.slack.add_fault(Fault {
        times: 100,
        ..Fault::new("auth.revoke", FaultKind::TimeoutBefore)
    });
    let began = world.clock.now();
    let erased = world.instance().erase(&tenant, &Actor::Operator).await;
    assert_eq!(erased.unwrap().revoked, Some(false));
    assert_eq!(revokes(&world), 1, "a call takes five seconds");
    let took = world.clock.now().since(began);
    assert!(took < Duration::from_secs(15), "{took:?}");
}

#[tokio::test]
async fn keys_read_before_their_destruction_are_not_kept() {
    let engine = FaultyTable::new(1);
    let table = Table::new(Arc::clone(&engine) as Arc<dyn Engine>);
    let master = Arc::new(FixedSecret("5e".repeat(32).into()));
    let keyring = Arc::new(Keyring::new(
        &table,
        master,
        "master",
        Arc::new(SystemClock),
    ));
    let tenant = TenantId::from(TEAM);
    keyring.of(&tenant).await.unwrap();
    keyring.renew(&tenant).await.unwrap();
    let held = engine.hold_next(&["query", "tenant_key"], true);
    let reader = tokio::spawn({
        let (keyring, tenant) = (Arc::clone(&keyring), tenant.clone());
        async move { keyring.of(&tenant).await.map(|_| ()) }
    });
    held.reached.notified().await;
    keyring.mark_erased(&tenant).await.unwrap();
    keyring.destroy(&tenant).await.unwrap();
    held.go_on.notify_one();
    // The first read began before the keys were destroyed. The next one fails.
    let _ = reader.await.unwrap();
    let now = keyring.of(&tenant).await;
    assert!(matches!(now, Err(KeyError::Erased)));
}
