//! Erasing a workspace: nothing of it is left in table, queues and files, nothing of it can be read in a backup, and
//! nobody else loses anything.

use std::path::Path;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_app::mirror::messages;
use tidegate_fake_slack::{Addressee, Approval, FakeConfig};
use tidegate_local::store::Store;
use tidegate_pipeline::audit::Actor;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::table::{Engine, Item, RowKey, TableError, Value as Stored, Write};
use tidegate_slack::ids::TenantId;
use tidegate_testing::install_world::{InstallWorld, TEAM};
use tidegate_testing::product::{
    Browser, OPERATOR_KEY, Product, back_up_keys, back_up_table, store_in, unique_ts, until,
};

const OTHER: &str = "T0GLOBEX001";
const WORDS: &str = "the harbour gate is open tonight";

async fn installed(teams: &[&str]) -> Product {
    let product = Product::start_with_slack(FakeConfig {
        echo_bot_messages: false,
        ..FakeConfig::default()
    })
    .await;
    for team in teams {
        install(&product, team).await;
    }
    product
}

async fn install(product: &Product, team: &str) {
    let browser = Browser::new(product);
    let page = browser
        .install(product, |url| Approval::of_team(url, team))
        .await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
}

/// Somebody says something and mentions the bot. Answers where the message is kept.
async fn talk(product: &Product, team: &str, channel: &str) -> RowKey {
    let ts = unique_ts();
    for kind in ["message", "app_mention"] {
        let event = json!({"type": kind, "channel": channel, "user": "U0ALICE0001", "text": WORDS, "ts": ts,
            "event_ts": ts});
        let to = Addressee::team(team);
        assert!(product.slack().send_event_to(&to, event).await.ok);
    }
    until("the answer", async || {
        (!product.replies(channel).is_empty()).then_some(())
    })
    .await;
    product.drained().await;
    messages::key(channel, &ts)
}

async fn erase(product: &Product, team: &str) {
    let path = format!("/v1/workspaces/{team}");
    let answer = product.operator(Method::DELETE, &path).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    assert_eq!(answer.json()["revoked_at_slack"], true, "{answer:?}");
    until("the erasure has ended", async || {
        let answer = product.operator(Method::GET, &path).await;
        (answer.status == StatusCode::NOT_FOUND).then_some(())
    })
    .await;
}

/// Every row of the table as it lies on disk, as text.
async fn rows(store: &Store) -> Vec<String> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let (keys, next) = store.embedded.scan("", after, 500).await.unwrap();
        for key in keys {
            let row = store.embedded.get(&key).await.unwrap().unwrap_or_default();
            rows.push(format!("{} {} {}", key.pk, key.sk, shown(&row)));
        }
        after = next;
        if after.is_none() {
            return rows;
        }
    }
}

/// The values of a row, which its `Debug` keeps to itself.
fn shown(row: &Item) -> String {
    let value = |(name, value): (&String, &Stored)| match value {
        Stored::S(text) => format!("{name}={text}"),
        Stored::B(bytes) => format!("{name}={}", String::from_utf8_lossy(bytes)),
        other => format!("{name}={other:?}"),
    };
    row.0.iter().map(value).collect::<Vec<_>>().join(" ")
}

fn with<'a>(rows: &'a [String], word: &str) -> Vec<&'a String> {
    rows.iter().filter(|row| row.contains(word)).collect()
}

fn files_with(folder: &Path, word: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let holds = |path: &std::path::PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(word.len()).any(|w| w == word.as_bytes())
    };
    let names = files
        .filter(holds)
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
    names.collect()
}

#[tokio::test]
async fn nothing_of_an_erased_workspace_is_left_and_the_others_lose_nothing() {
    let product = installed(&[TEAM, OTHER]).await;
    talk(&product, TEAM, "C0ACMEROOM1").await;
    let kept = talk(&product, OTHER, "C0GLOBEXRM1").await;
    let body = json!({"name": "reports", "scopes": ["workspace:read"]});
    let path = format!("/v1/keys?tenant={TEAM}");
    product.tell(&path, OPERATOR_KEY, &body).await;
    let others = with(&rows(&product.store()).await, OTHER).len();
    assert!(!with(&rows(&product.store()).await, TEAM).is_empty());
    erase(&product, TEAM).await;
    // Requests that still come for it are taken and dropped.
    let event = json!({"type": "message", "channel": "C0ACMEROOM1", "user": "U0ALICE0001", "text": WORDS,
        "ts": unique_ts()});
    let to = Addressee::team(TEAM);
    assert!(product.slack().send_event_to(&to, event).await.ok);
    product.drained().await;
    let left = rows(&product.store()).await;
    assert_eq!(with(&left, TEAM), Vec::<&String>::new());
    assert_eq!(with(&left, OTHER).len(), others);
    let theirs = product.table().tenant(&OTHER.into());
    assert!(theirs.get(&kept).await.unwrap().is_some());
    talk(&product, OTHER, "C0GLOBEXRM2").await;
    // The trail stays, under a keyed hash.
    let hash = product.store().keyring.hash(TEAM).await.unwrap();
    let trail: Vec<&String> = left.iter().filter(|row| row.contains(&hash)).collect();
    for action in ["install", "workspace.erase"] {
        assert!(trail.iter().any(|row| row.contains(action)), "{trail:?}");
    }
}

#[tokio::test]
async fn the_files_hold_nothing_of_it_either() {
    let product = installed(&[TEAM, OTHER]).await;
    talk(&product, TEAM, "C0ACMEROOM1").await;
    talk(&product, OTHER, "C0GLOBEXRM1").await;
    assert!(!files_with(product.data_dir(), TEAM).is_empty());
    erase(&product, TEAM).await;
    until("the files are written anew", async || {
        files_with(product.data_dir(), TEAM)
            .is_empty()
            .then_some(())
    })
    .await;
    assert!(!files_with(product.data_dir(), OTHER).is_empty());
    talk(&product, OTHER, "C0GLOBEXRM2").await;
}

#[tokio::test]
async fn a_backup_from_before_cannot_be_read_with_the_keys_that_are_left() {
    let product = installed(&[TEAM, OTHER]).await;
    let lost = talk(&product, TEAM, "C0ACMEROOM1").await;
    let kept = talk(&product, OTHER, "C0GLOBEXRM1").await;
    let backup = tempfile::tempdir().unwrap();
    back_up_table(product.data_dir(), backup.path());
    erase(&product, TEAM).await;
    back_up_keys(product.data_dir(), backup.path());
    let restored = store_in(backup.path());
    let read = restored.table.tenant(&TEAM.into()).get(&lost).await;
    assert_eq!(read, Err(TableError::Erased));
    let read = restored.table.tenant(&OTHER.into()).get(&kept).await;
    assert_eq!(read.unwrap().unwrap().opened_text("text"), Some(WORDS));
}

#[tokio::test]
async fn a_workspace_installs_again_after_its_erasure_and_begins_anew() {
    let product = installed(&[TEAM]).await;
    let lost = talk(&product, TEAM, "C0ACMEROOM1").await;
    erase(&product, TEAM).await;
    product.drained().await;
    install(&product, TEAM).await;
    let read = product.table().tenant(&TEAM.into()).get(&lost).await;
    assert_eq!(read, Ok(None));
    talk(&product, TEAM, "C0ACMEROOM2").await;
    let path = format!("/v1/workspaces/{TEAM}");
    let line: Value = product.operator(Method::GET, &path).await.json();
    assert_eq!(line["workspace"]["state"], "connected");
}

#[tokio::test(start_paused = true)]
async fn an_erasure_that_is_stopped_again_and_again_gets_to_its_end() {
    let world = InstallWorld::new(1).await;
    world.install().await;
    let (tenant, truth) = (TenantId::from(TEAM), world.engine.truth());
    let notes = |whose: &TenantId, n: usize| {
        let row = |n: usize| {
            let key = RowKey::new(&["notes"], &[&n.to_string()]);
            (whose.clone(), key, Item::new().with("n", 1i64))
        };
        (0..n).map(row).collect::<Vec<_>>()
    };
    let system = truth.system();
    system.put_all(notes(&tenant, 2500)).await.unwrap();
    system.put_all(notes(&OTHER.into(), 20)).await.unwrap();
    world
        .instance()
        .erase(&tenant, &Actor::Operator)
        .await
        .unwrap();
    let place = RowKey::new(&["erasure", TEAM], &["state"]);
    let mut passes = 0;
    // Each time by another process, which has time for one page.
    while !world
        .instance()
        .erase_pass(&place, world.clock.now())
        .await
        .unwrap()
    {
        passes += 1;
        assert!(passes < 50, "it does not end");
        world.pass(Duration::from_secs(50)).await;
    }
    assert!(passes >= 3, "{passes}");
    let (left, _) = world.engine.inner.scan(TEAM, None, 10_000).await.unwrap();
    assert_eq!(left, Vec::new());
    let (others, _) = world.engine.inner.scan(OTHER, None, 10_000).await.unwrap();
    assert_eq!(others.len(), 20);
}

/// A row of an erasure lies in the table of data. A writer of that table alone gets nothing erased.
#[tokio::test(start_paused = true)]
async fn an_erasure_that_nobody_began_erases_nothing() {
    let world = InstallWorld::new(1).await;
    world.install().await;
    let now = world.clock.now();
    let made_up = Item::new()
        .with("tenant", TEAM)
        .with("begun_at", now.millis())
        .with("removed", 0i64);
    let place = RowKey::new(&["erasure", TEAM], &["state"]);
    let instance = world.instance();
    let system = instance.table.system();
    let put = Write::put(place.clone(), made_up);
    system.rows().write(put).await.unwrap();
    let done = instance.erase_pass(&place, now).await.unwrap();
    assert!(!done, "the call that began it may still be at work");
    assert!(world.grant().await.tokens.is_some());
    world.pass(Duration::from_mins(61)).await;
    let now = world.clock.now();
    assert!(instance.erase_pass(&place, now).await.unwrap());
    assert!(world.grant().await.tokens.is_some());
    assert!(system.rows().get(&place).await.unwrap().is_none());
}
