//! How tokens are stored while the table or its keys fail. They exist nowhere else.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tidegate_app::installs::grant::State;
use tidegate_fake_slack::FakeConfig;
use tidegate_pipeline::clock::Clock as _;
use tidegate_pipeline::delivery::BotTokens;
use tidegate_pipeline::secrets::{FixedSecret, SecretError, Secrets};
use tidegate_pipeline::table::{RowKey, Table, Write};
use tidegate_testing::faulty_table::{FaultyTable, Held, Mishap};
use tidegate_testing::install_world::{InstallWorld, TEAM};

/// A second install tells the admins, so storing it twice would tell them twice.
#[tokio::test(start_paused = true)]
async fn an_install_is_stored_once_although_the_answers_to_its_writes_are_lost() {
    let world = InstallWorld::new(5).await;
    world.install().await;
    let before = world.grant().await.generation;
    for lost in [
        &["transact", " put ", "install/bot"][..],
        &["write put", "tenants"],
    ] {
        world.engine.next(1, lost, Mishap::AnswerLost);
    }
    world.install().await;
    assert_eq!(world.grant().await.generation, before + 1);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_loses_no_tokens() {
    let world = InstallWorld::new(7).await;
    // Before the tokens are stored, and after.
    for after in 0..2 {
        world.engine.later(after, &["get", "erasure"], Mishap::Busy);
        world.install().await;
        assert!(world.engine.all_happened());
    }
    assert_eq!(world.grant().await.generation, 2);
}

/// The answer to the write of the install is lost. Before it is tried again, somebody disconnects the workspace.
#[tokio::test(start_paused = true)]
async fn an_install_whose_answer_was_lost_does_not_undo_a_disconnect() {
    let world = InstallWorld::new(8).await;
    let words = ["transact", " put ", "install/bot"];
    world.engine.next(1, &words, Mishap::AnswerLost);
    let held = Arc::new(Held::default());
    let again = Mishap::Hold {
        done: false,
        held: Arc::clone(&held),
    };
    world.engine.later(1, &["get", "erasure"], again);
    let disconnecting = async {
        held.reached.notified().await;
        let now = world.clock.now();
        let instance = world.instance();
        let ended = instance.disconnect(&TEAM.into(), now).await;
        assert_eq!(ended.unwrap(), Some(true));
        held.go_on.notify_one();
    };
    tokio::join!(world.try_install(), disconnecting);
    let grant = world.grant().await;
    assert_eq!(
        (grant.state, grant.tokens.is_some()),
        (State::Disconnected, false)
    );
}

/// A call that is repeated ends what was installed when it was made first.
#[tokio::test(start_paused = true)]
async fn a_late_disconnect_leaves_a_newer_install_alone() {
    let world = InstallWorld::new(9).await;
    let before = world.clock.now();
    world.pass(Duration::from_secs(1)).await;
    world.install().await;
    let instance = world.instance();
    let late = instance.disconnect(&TEAM.into(), before).await;
    assert_eq!(late.unwrap(), None);
    assert_eq!(world.grant().await.state, State::Connected);
}

/// Holds the app's secret. When it is asked for it, which is between the lease of a refresh and its call, the keys of the workspace
/// are unreadable for one read.
struct SpoilsKeys {
    secret: FixedSecret,
    engine: Arc<FaultyTable>,
}

#[async_trait]
impl Secrets for SpoilsKeys {
    async fn get(&self, name: &str) -> Result<SecretString, SecretError> {
        let hash = self.engine.keyring().hash(TEAM).await.unwrap();
        let rows = Table::new(Arc::new(self.engine.keys().inner.clone()));
        let rows = rows.system().rows().clone();
        let place = RowKey::new(&["tenant_key", &hash], &["key", "1"]);
        let key = rows.get(&place).await.unwrap().unwrap();
        let spoil = Write::update(place.clone(), "SET #wrapped = :nothing");
        let spoil = spoil.value(":nothing", "nothing");
        rows.write(spoil).await.unwrap();
        self.engine.keyring().forget(&TEAM.into());
        let mend = move || {
            let (rows, put) = (rows.clone(), Write::put(place.clone(), key.clone()));
            tokio::spawn(async move { rows.write(put).await.unwrap() });
        };
        let mend = Mishap::Then(Arc::new(mend));
        self.engine.keys().next(1, &["query"], mend);
        self.secret.get(name).await
    }
}

#[tokio::test(start_paused = true)]
async fn renewed_tokens_are_stored_although_the_keys_are_unreadable_at_first() {
    let world = InstallWorld::new(6).await;
    world.install().await;
    let before = world.grant().await.generation;
    world.pass(Duration::from_hours(12)).await;
    let mut instance = world.instance();
    let app = instance.app.as_mut().unwrap();
    app.secrets = Arc::new(SpoilsKeys {
        secret: FixedSecret(FakeConfig::default().client_secret.into()),
        engine: Arc::clone(&world.engine),
    });
    instance.token(&TEAM.into()).await.unwrap();
    assert!(world.engine.keys().all_happened());
    let stored = world.grant().await;
    assert_eq!(stored.generation, before + 1);
    assert_eq!(world.at_slack().refreshes, 1);
}
