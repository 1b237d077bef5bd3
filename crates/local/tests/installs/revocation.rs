//! What a workspace takes back: `tokens_revoked` and `app_uninstalled`, in either order, twice and late.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_app::installs::grant::{self, Holder};
use tidegate_fake_slack::{Addressee, Approval, FakeConfig};
use tidegate_pipeline::table::{Item, Value as Field};
use tidegate_testing::product::{
    Browser, OPERATOR_KEY, Product, envelope, id, now, unique, unique_ts, until,
};

const TEAM: &str = "T0ACME00001";
const BOT: &str = "UB0ACME00001";
const ROOM: &str = "C0ACMEROOM1";

/// The app installed in [`TEAM`] half a minute before what Slack says from now on.
async fn installed() -> Product {
    let product = Product::start_with_slack(FakeConfig {
        echo_bot_messages: false,
        retry_delays: Vec::new(),
        ..FakeConfig::default()
    })
    .await;
    product.clock.fall_back(Duration::from_secs(30));
    install(&product).await;
    product
}

async fn install(product: &Product) {
    let browser = Browser::new(product);
    let page = browser
        .install(product, |url| Approval::of_team(url, TEAM))
        .await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
}

/// An event about the install itself, dispatched at that second.
fn about(event: &Value, at: i64) -> Value {
    let mut outer = envelope(event);
    outer["team_id"] = TEAM.into();
    outer["event_time"] = at.into();
    outer["event"]["event_ts"] = unique_ts().into();
    outer.as_object_mut().unwrap().remove("authorizations");
    outer
}

fn uninstalled() -> Value {
    json!({"type": "app_uninstalled"})
}

fn revoked(people: &[&str], bots: &[&str]) -> Value {
    json!({"type": "tokens_revoked", "tokens": {"oauth": people, "bot": bots}})
}

async fn tell(product: &Product, event: &Value) {
    assert_eq!(product.event(event).await.status, StatusCode::OK);
    product.handled().await;
}

async fn mention(product: &Product, text: &str) {
    let ts = unique_ts();
    let event = json!({"type": "app_mention", "channel": ROOM, "user": text, "text": "hello", "ts": ts,
        "event_ts": ts});
    let to = Addressee::team(TEAM);
    assert!(product.slack().send_event_to(&to, event).await.ok);
    product.handled().await;
}

async fn state(product: &Product) -> Value {
    let path = format!("/v1/workspaces/{TEAM}");
    let answer = product.operator(Method::GET, &path).await;
    answer.json()["workspace"]["state"].clone()
}

async fn row(product: &Product, holder: &Holder) -> Option<Item> {
    let rows = product.table().tenant(&TEAM.into());
    rows.get(&grant::key(holder)).await.unwrap()
}

fn has_secrets(row: &Item) -> bool {
    row.0.iter().any(|(name, value)| {
        name.ends_with("_token") || matches!(value, Field::B(_) | Field::Sealed(_))
    })
}

async fn parked(product: &Product) -> usize {
    let answer = product.operator(Method::GET, "/v1/operator/posts").await;
    answer.json()["posts"].as_array().unwrap().len()
}

fn calls(product: &Product) -> usize {
    product.slack().calls().len()
}

#[tokio::test]
async fn an_uninstall_erases_the_secrets_without_asking_slack_in_either_order() {
    for uninstalled_first in [false, true] {
        let product = installed().await;
        let before = row(&product, &Holder::Bot).await.unwrap();
        assert!(has_secrets(&before));
        let asked = calls(&product);
        assert!(product.slack().uninstall(TEAM, uninstalled_first).await.ok);
        product.drained().await;
        assert_eq!(state(&product).await, "disconnected");
        let after = row(&product, &Holder::Bot).await.unwrap();
        assert!(!has_secrets(&after), "{after:?}");
        assert_eq!(after.number("generation"), Some(2), "it ended once");
        // The same again, under other ids.
        tell(&product, &about(&uninstalled(), now())).await;
        tell(&product, &about(&revoked(&[], &[BOT]), now())).await;
        assert_eq!(row(&product, &Holder::Bot).await.unwrap(), after);
        assert_eq!(calls(&product), asked, "Slack was asked");
    }
}

#[tokio::test]
async fn one_event_that_comes_twice_ends_once() {
    let product = installed().await;
    let event = about(&uninstalled(), now());
    tell(&product, &event).await;
    let after = row(&product, &Holder::Bot).await.unwrap();
    tell(&product, &event).await;
    assert_eq!(row(&product, &Holder::Bot).await.unwrap(), after);
    assert_eq!(product.settled(id(&event)).await["state"], "done");
}

#[tokio::test]
async fn what_is_older_than_the_install_is_ignored() {
    let product = installed().await;
    product.clock.advance(Duration::from_mins(1));
    install(&product).await;
    let kept = row(&product, &Holder::Bot).await.unwrap();
    for event in [uninstalled(), revoked(&[], &[BOT])] {
        tell(&product, &about(&event, now())).await;
        assert_eq!(row(&product, &Holder::Bot).await.unwrap(), kept);
    }
    assert_eq!(state(&product).await, "connected");
    mention(&product, "U0STILL0001").await;
    until("the answer", async || {
        (product.replies(ROOM).len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_bots_and_a_persons_tokens_end_apart() {
    let product = Product::start_with_slack(FakeConfig::default()).await;
    product.clock.fall_back(Duration::from_secs(30));
    install(&product).await;
    let (alice, bob) = ("U0ALICE0001", "U0BOB000001");
    // People's grants as an install with user scopes leaves them.
    let rows = product.table().tenant(&TEAM.into());
    let bot = row(&product, &Holder::Bot).await.unwrap();
    for person in [alice, bob] {
        let key = grant::key(&Holder::Person(person.into()));
        let mut theirs = grant::Grant::parse(&grant::key(&Holder::Bot), &bot).unwrap();
        theirs.holder = Holder::Person(person.into());
        theirs.bot_user = None;
        rows.write(theirs.store(&TEAM.into(), None)).await.unwrap();
        assert!(rows.get(&key).await.unwrap().is_some());
    }
    tell(&product, &about(&revoked(&[alice], &[]), now())).await;
    let of = async |person: &str| row(&product, &Holder::Person(person.into())).await.unwrap();
    assert!(!has_secrets(&of(alice).await));
    assert!(has_secrets(&of(bob).await));
    assert!(has_secrets(&row(&product, &Holder::Bot).await.unwrap()));
    assert_eq!(state(&product).await, "connected");
    // Another app's bot is not ours.
    tell(&product, &about(&revoked(&[], &["U0OTHERBOT1"]), now())).await;
    assert_eq!(state(&product).await, "connected");
    tell(&product, &about(&revoked(&[], &[BOT]), now())).await;
    assert_eq!(state(&product).await, "disconnected");
    assert!(has_secrets(&of(bob).await));
    tell(&product, &about(&uninstalled(), now())).await;
    assert!(!has_secrets(&of(bob).await));
}

#[tokio::test]
async fn posts_wait_for_a_new_install_and_go_out_once_each_and_in_order() {
    let product = installed().await;
    let slack = product.slack();
    assert!(slack.uninstall(TEAM, false).await.ok);
    product.drained().await;
    let asked = calls(&product);
    let people: Vec<String> = (0..4).map(|_| unique("U0P")).collect();
    for person in &people {
        mention(&product, person).await;
    }
    product.drained().await;
    assert_eq!(calls(&product), asked, "nothing can be sent");
    assert_eq!(parked(&product).await, 0);
    // The sweep leaves them alone too.
    product.clock.advance(Duration::from_mins(10));
    product.drained().await;
    assert_eq!((calls(&product), parked(&product).await), (asked, 0));
    install(&product).await;
    let replies = until("what waited is there", async || {
        product.clock.advance(Duration::from_secs(1));
        let replies = product.replies(ROOM);
        (replies.len() >= people.len()).then_some(replies)
    })
    .await;
    assert_eq!(replies.len(), people.len());
    for (reply, person) in replies.iter().zip(&people) {
        assert!(reply.contains(person.as_str()), "{replies:?}");
    }
    assert_eq!(parked(&product).await, 0);
}

#[tokio::test]
async fn a_dead_token_that_no_event_told_of_ends_the_install_and_parks_nothing() {
    let product = installed().await;
    // Slack's events are lost: only the token is dead.
    product.slack().set_app_url("http://127.0.0.1:9");
    let _ = product.slack().uninstall(TEAM, false).await;
    product.slack().set_app_url(&product.url);
    mention(&product, "U0LATE00001").await;
    until("the install has ended", async || {
        (state(&product).await == "disconnected").then_some(())
    })
    .await;
    product.drained().await;
    assert!(!has_secrets(&row(&product, &Holder::Bot).await.unwrap()));
    assert_eq!(parked(&product).await, 0);
    install(&product).await;
    until("the answer", async || {
        (product.replies(ROOM).len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_trail_tells_of_it_and_names_nobody() {
    let product = installed().await;
    let alice = "U0ALICE0001";
    tell(&product, &about(&revoked(&[alice], &[BOT]), now())).await;
    tell(&product, &about(&uninstalled(), now())).await;
    let store = product.store();
    let hash = store.keyring.hash(TEAM).await.unwrap();
    let range = tidegate_pipeline::table::Range::All;
    let system = store.table.system();
    let page = system
        .rows()
        .query(&["audit", &hash], range, false, 100, None)
        .await
        .unwrap();
    let actions: Vec<&str> = page
        .rows
        .iter()
        .map(|(_, row)| row.text("action").unwrap())
        .collect();
    assert!(actions.contains(&"install"), "{actions:?}");
    assert!(actions.contains(&"tokens_revoked"), "{actions:?}");
    assert!(actions.contains(&"app_uninstalled"), "{actions:?}");
    for (key, row) in &page.rows {
        let texts = ["actor", "action", "detail"].map(|name| row.text(name).unwrap());
        let text = format!("{key:?} {texts:?}");
        for name in [TEAM, alice, BOT, "Acme"] {
            assert!(!text.contains(name), "{text}");
        }
    }
}

/// In an emergency, a mistyped id must not look like success; and a late repeat must not end a new install.
#[tokio::test]
async fn a_disconnection_names_a_workspace_that_there_is_and_happens_once_for_a_key() {
    let product = Product::start_with_slack(FakeConfig::default()).await;
    install(&product).await;
    for path in [
        "/v1/workspaces/T0NOBODY001/disconnect",
        "/api/auth/slack/disconnect?tenant=T0NOBODY001",
    ] {
        let answer = product.operator(Method::POST, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{answer:?}");
    }
    let path = format!("/v1/workspaces/{TEAM}/disconnect");
    let once = async || {
        let body = serde_json::json!({});
        product
            .tell_once(&path, OPERATOR_KEY, &body, "cut-off-1")
            .await
    };
    let state = async || {
        let path = format!("/v1/workspaces/{TEAM}");
        let shown = product.operator(Method::GET, &path).await.json();
        shown["workspace"]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(once().await.status, StatusCode::OK);
    assert_eq!(state().await, "disconnected");
    install(&product).await;
    assert_eq!(once().await.status, StatusCode::OK);
    assert_eq!(state().await, "connected");
}
