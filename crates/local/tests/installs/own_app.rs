//! An app of one's own, by client id and secret, against a Slack outside the process: bot and user scopes, tokens sealed
//! on disk, and new keys for all of it.

use axum::serve;
use http::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::json;
use tidegate_app::installs::grant::{self, Grant, Holder};
use tidegate_fake_slack::{Addressee, Approval, FakeConfig, FakeSlack};
use tidegate_pipeline::table::{Item, Write};
use tidegate_testing::damage::foreign;
use tidegate_testing::product::{Browser, Product, SIGNING_SECRET, until};
use tokio::net::TcpListener;

const TEAM: &str = "T0ACME00001";
const ALICE: &str = "U0ALICE0001";

/// A stand-in Slack of its own, and the product that uses it as an app that workspaces install.
async fn started() -> (Product, FakeSlack) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let config = FakeConfig {
        public_url: url.clone(),
        signing_secret: SIGNING_SECRET.to_owned(),
        echo_bot_messages: false,
        ..FakeConfig::default()
    };
    let (id, secret) = (config.client_id.clone(), config.client_secret.clone());
    let slack = FakeSlack::new(config);
    let router = slack.router();
    tokio::spawn(async move { serve(listener, router).await.unwrap() });
    let api = format!("{url}/api");
    let product = Product::start_with(&[
        ("SLACK_CLIENT_ID", &id),
        ("SLACK_CLIENT_SECRET", &secret),
        ("SLACK_USER_SCOPES", "search:read"),
        ("SLACK_API_BASE_URL", &api),
    ])
    .await;
    slack.set_app_url(&product.url);
    (product, slack)
}

async fn installed(product: &Product, slack: &FakeSlack) {
    let browser = Browser::new(product);
    let url = browser.authorize_url().await;
    assert!(url.contains("user_scope=search%3Aread"), "{url}");
    let back = slack.approve(&Approval::of_team(&url, TEAM)).unwrap();
    let page = browser.get(&back).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
}

/// The grants as they are stored.
async fn grants(product: &Product) -> Vec<Grant> {
    let rows = product.table().tenant(&TEAM.into());
    let mut grants = Vec::new();
    for holder in [Holder::Bot, Holder::Person(ALICE.into())] {
        let key = grant::key(&holder);
        let row: Item = rows.get(&key).await.unwrap().expect("it was granted");
        grants.push(Grant::parse(&key, &row).unwrap());
    }
    grants
}

fn tokens(grants: &[Grant]) -> Vec<String> {
    let tokens = grants.iter().filter_map(|grant| grant.tokens.as_ref());
    tokens
        .map(|t| t.access.expose_secret().to_owned())
        .collect()
}

/// Whether any file of the data folder holds these words.
fn lies_open(product: &Product, words: &str) -> bool {
    let files = std::fs::read_dir(product.data_dir()).unwrap();
    let mut files = files.map(|file| std::fs::read(file.unwrap().path()).unwrap_or_default());
    files.any(|bytes| bytes.windows(words.len()).any(|w| w == words.as_bytes()))
}

async fn answered(slack: &FakeSlack, ts: &str) {
    let event = json!({
        "type": "app_mention", "channel": "C0ACMEROOM1", "user": ALICE,
        "text": "hello", "ts": ts, "event_ts": ts,
    });
    let sent = slack.send_event_to(&Addressee::team(TEAM), event).await;
    assert!(sent.ok, "{sent:?}");
    until("the answer", async || {
        let mut posts = slack.messages("C0ACMEROOM1").into_iter();
        posts.find(|m| m.thread_ts.as_deref() == Some(ts))
    })
    .await;
}

#[tokio::test]
async fn bot_and_person_are_granted_apart_and_sealed() {
    let (product, slack) = started().await;
    installed(&product, &slack).await;
    let grants = grants(&product).await;
    let scopes: Vec<_> = grants.iter().map(|grant| grant.scopes.join(",")).collect();
    assert!(scopes[0].contains("chat:write") && !scopes[0].contains("search:read"));
    assert_eq!(scopes[1], "search:read");
    let tokens = tokens(&grants);
    assert_eq!(tokens.len(), 2);
    assert_ne!(tokens[0], tokens[1]);
    for token in &tokens {
        assert!(!lies_open(&product, token), "a token lies open on disk");
    }
    let path = format!("/v1/workspaces/{TEAM}");
    let shown = product.operator(Method::GET, &path).await;
    assert_eq!(shown.json()["workspace"]["user_tokens"], 1);
    for token in &tokens {
        assert!(!shown.body.contains(token.as_str()));
    }
    answered(&slack, "1763690400.000100").await;
}

#[tokio::test]
async fn new_keys_seal_the_tokens_anew_and_nothing_stands_still() {
    let (product, slack) = started().await;
    installed(&product, &slack).await;
    answered(&slack, "1763690400.000100").await;
    let before = grants(&product).await;
    let answer = product.operator(Method::POST, "/v1/operator/reseal").await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(answer.json()["renewed"], 1, "{answer:?}");
    let after = grants(&product).await;
    assert_eq!(tokens(&before), tokens(&after));
    // A refresh that is under way must find the generation that it saw.
    assert_eq!(before[0].generation, after[0].generation);
    answered(&slack, "1763690400.000200").await;
    // Twice is harmless.
    let again = product.operator(Method::POST, "/v1/operator/reseal").await;
    assert_eq!(again.status, StatusCode::OK, "{again:?}");
    answered(&slack, "1763690400.000300").await;
}

/// Nobody can end a token that cannot be opened, so nobody may be told that it was ended.
#[tokio::test]
async fn a_token_that_cannot_be_opened_is_neither_sealed_anew_nor_ended_at_slack() {
    let (product, slack) = started().await;
    installed(&product, &slack).await;
    let store = product.store();
    let foreign = foreign(&store.keyring).await;
    let rows = store.table.tenant(&TEAM.into());
    let spoil = Write::update(
        grant::key(&Holder::Bot),
        "SET #access_token = :access_token",
    );
    let spoil = spoil.value(":access_token", foreign);
    rows.write(spoil).await.unwrap();

    let resealed = product.operator(Method::POST, "/v1/operator/reseal").await;
    assert_eq!(
        resealed.json()["failed"],
        serde_json::json!([TEAM]),
        "{resealed:?}"
    );
    let path = format!("/api/auth/slack/disconnect?tenant={TEAM}");
    let ended = product.operator(Method::POST, &path).await;
    assert_eq!(ended.status, StatusCode::OK, "{ended:?}");
    assert_eq!(ended.json()["revoked_at_slack"], false, "{ended:?}");
}
