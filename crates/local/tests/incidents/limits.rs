//! How often one person, or one API key, may declare incidents and call people: nobody can flood a workspace, what is done twice
//! counts once, and who has to wait loses nothing of what they entered.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_app::incidents::decide::limits::{KEY_DECLARES, PERSON_CALLS, PERSON_DECLARES};
use tidegate_app::incidents::model::rows;
use tidegate_fake_slack::{Approval, Ephemeral, FakeConfig};
use tidegate_testing::product::{
    Answer, Browser, FORM, OPERATOR_KEY, Product, TENANT, form, signed, until,
};

use super::incidents::people::{ALICE, BOB, CAROL, DAVE, GENERAL, PACE, mention};

const TEAM: &str = "T0SANDBOX1";
const INCIDENTS: &str = "/v1/incidents";
const MINUTE: Duration = Duration::from_mins(1);

/// A workspace in which time stands still.
async fn standing_still() -> Product {
    let settings = [("SERVICES", "api"), ("INCIDENT_ADMINS", ALICE)];
    let product = Product::start_in_a_hurry(PACE, &settings).await;
    product.clock.stand_still();
    product
}

/// The answers that this person alone got in a channel, oldest first.
fn answers(product: &Product, user: &str, channel: &str) -> Vec<Ephemeral> {
    let shown = product.slack().ephemerals().into_iter();
    let own = shown.filter(|one| one.user == user && one.channel == channel);
    // In an incident's channel, a person is welcomed and told their role.
    let told = ["Welcome to", "You are *"];
    own.filter(|one| !told.iter().any(|words| one.text.starts_with(words)))
        .collect()
}

/// Types `/incident …`. Returns the answer.
async fn types(product: &Product, user: &str, channel: &str, text: &str) -> Ephemeral {
    let before = answers(product, user, channel).len();
    let report = product
        .slack()
        .run_command(user, channel, "/incident", text)
        .await;
    assert!(report.ok, "{text}: {report:?}");
    until(&format!("{text} is answered"), async || {
        answers(product, user, channel).into_iter().nth(before)
    })
    .await
}

async fn declares(product: &Product, user: &str, title: &str) -> Ephemeral {
    let text = format!("declare {title} sev:P3 service:api");
    types(product, user, GENERAL, &text).await
}

async fn declared(product: &Product, tenant: &str) -> u32 {
    let rows = product.table().tenant(&tenant.into());
    rows::count(&rows).await.unwrap()
}

#[tokio::test]
async fn a_person_declares_five_at_once_and_then_one_every_ten_minutes() {
    let product = standing_still().await;
    for n in 1..=PERSON_DECLARES.burst {
        let told = declares(&product, ALICE, &format!("Trouble {n}")).await;
        assert!(told.text.contains("is declared as"), "{}", told.text);
    }
    let refused = declares(&product, ALICE, "Search is slow").await;
    for words in [
        "as many incidents as one person may",
        "Nothing has been declared",
        "in 10 minutes",
    ] {
        assert!(refused.text.contains(words), "{}", refused.text);
    }
    assert_eq!(declared(&product, TEAM).await, 5);
    let other = declares(&product, BOB, "Search is slow").await;
    assert!(other.text.contains("is declared as"), "{}", other.text);
    product
        .clock
        .advance(Duration::from_millis(10 * 60_000 - 1));
    let refused = declares(&product, ALICE, "Search is slow").await;
    assert!(refused.text.contains("in 1 minute."), "{}", refused.text);
    product.clock.advance(Duration::from_millis(1));
    let told = declares(&product, ALICE, "Search is slow").await;
    assert!(told.text.contains("is declared as"), "{}", told.text);
    let refused = declares(&product, ALICE, "Mail is slow").await;
    assert!(refused.text.contains("in 10 minutes"), "{}", refused.text);
    assert_eq!(declared(&product, TEAM).await, 7);
}

#[tokio::test]
async fn who_has_to_wait_gets_the_form_back_as_they_filled_it_in() {
    let product = standing_still().await;
    for n in 1..=PERSON_DECLARES.burst {
        declares(&product, ALICE, &format!("Trouble {n}")).await;
    }
    let refused = declares(&product, ALICE, "Search is slow").await;
    // The button stays good while they wait.
    let opens = product.slack().click(
        ALICE,
        GENERAL,
        &refused.ts,
        "incident.open_form",
        &Value::Null,
    );
    let opened = opens.await;
    assert!(opened.ok, "{opened:?}");
    let view = until("the form is open", async || {
        let views = product.slack().open_views().into_iter();
        views.map(|open| open.view).next()
    })
    .await;
    assert!(view.to_string().contains("Search is slow"), "{view}");
    let values = json!({"title": "Search is very slow", "severity": "P3", "service": ["api"], "description": "Since noon"});
    assert!(
        product
            .slack()
            .submit(ALICE, values.as_object().unwrap())
            .await
            .ok
    );
    let is_direct = |channel: &str| channel.starts_with('D');
    let sent = until("she is told", async || {
        let rooms = product.slack().channels().into_iter();
        let direct = rooms.filter(|room| is_direct(&room.id));
        let mut messages = direct.flat_map(|room| product.slack().messages(&room.id));
        messages.find(|message| message.text.contains("as one person may"))
    })
    .await;
    let blocks = sent.blocks.unwrap().to_string();
    assert!(
        blocks.contains("Search is very slow") && blocks.contains("Since noon"),
        "{blocks}"
    );
    assert_eq!(declared(&product, TEAM).await, 5);
}

#[tokio::test]
async fn a_command_that_comes_again_and_again_counts_once() {
    let product = standing_still().await;
    let url = product.response_url().await;
    let body = form(&[
        ("command", "/incident"),
        ("text", "declare Trouble 1 sev:P3 service:api"),
        ("team_id", TEAM),
        ("user_id", ALICE),
        ("channel_id", GENERAL),
        ("trigger_id", "1.2.trigger"),
        ("response_url", &url),
    ]);
    let headers = signed(FORM, &body);
    for _ in 0..10 {
        let answer = product
            .send("/slack/commands", headers.clone(), body.clone())
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    product.handled().await;
    for n in 2..=PERSON_DECLARES.burst {
        let told = declares(&product, ALICE, &format!("Trouble {n}")).await;
        assert!(told.text.contains("is declared as"), "{}", told.text);
    }
    let refused = declares(&product, ALICE, "Search is slow").await;
    assert!(refused.text.contains("in 10 minutes"), "{}", refused.text);
    assert_eq!(declared(&product, TEAM).await, 5);
}

#[tokio::test]
async fn what_comes_at_the_same_moment_is_counted_one_by_one() {
    let product = standing_still().await;
    let commands = (0..9).map(|n| {
        let text = format!("declare Trouble {n} sev:P3 service:api");
        let slack = product.slack();
        async move { slack.run_command(ALICE, GENERAL, "/incident", &text).await }
    });
    assert!(join_all(commands).await.iter().all(|report| report.ok));
    until("all are answered", async || {
        (answers(&product, ALICE, GENERAL).len() == 9).then_some(())
    })
    .await;
    assert_eq!(declared(&product, TEAM).await, PERSON_DECLARES.burst);
}

/// Declares an incident, and returns its channel.
async fn room(product: &Product, n: u32) -> String {
    let earlier: BTreeSet<String> = product
        .slack()
        .channels()
        .into_iter()
        .map(|room| room.id)
        .collect();
    declares(product, ALICE, &format!("Trouble {n}")).await;
    let made = until("the channel is there", async || {
        // Slack lets an app make a channel every few seconds.
        product.clock.advance(Duration::from_secs(1));
        let rooms = product.slack().channels().into_iter();
        let mut made =
            rooms.filter(|room| room.name.starts_with("inc-") && !earlier.contains(&room.id));
        made.next()
    });
    let made = made.await.id;
    let rows = product.table().tenant(&TEAM.into());
    until("the channel is known", async || {
        product.clock.advance(Duration::from_secs(1));
        let loaded = rows::load_pointed(&rows, &rows::by_channel(&made.as_str().into())).await;
        loaded.unwrap()
    })
    .await;
    made
}

#[tokio::test]
async fn a_person_calls_people_ten_times_and_then_once_a_minute() {
    let product = standing_still().await;
    let mut rooms = Vec::new();
    for n in 1..=4 {
        rooms.push(room(&product, n).await);
    }
    let whom = rooms
        .iter()
        .flat_map(|room| [BOB, CAROL, DAVE].map(|user| (room, user)));
    let mut whom = whom.map(|(room, user)| (room, format!("page {}", mention(user))));
    for (room, text) in whom.by_ref().take(PERSON_CALLS.burst as usize) {
        let told = types(&product, ALICE, room, &text).await;
        assert!(told.text.contains("Called: "), "{}", told.text);
    }
    let (room, text) = whom.next().unwrap();
    let refused = types(&product, ALICE, room, &text).await;
    for words in [
        "as often as one person may",
        "Nobody has been called",
        "In 1 minute, type `/incident page` <@U0CAROL0001> again",
    ] {
        assert!(refused.text.contains(words), "{}", refused.text);
    }
    // Who was called just before is left alone, and that is no call.
    let spared = types(
        &product,
        ALICE,
        &rooms[0],
        &format!("page {}", mention(BOB)),
    )
    .await;
    assert!(spared.text.contains("not again now"), "{}", spared.text);
    let other = types(&product, BOB, room, &text).await;
    assert!(other.text.contains("Called: "), "{}", other.text);
    product.clock.advance(MINUTE);
    let (room, text) = whom.next().unwrap();
    let told = types(&product, ALICE, room, &text).await;
    assert!(told.text.contains("Called: "), "{}", told.text);
}

fn is_refused(answer: &Answer, words: &str, seconds: u32) {
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{answer:?}");
    let error = &answer.json()["error"];
    assert_eq!(error["code"], "limit_reached");
    assert_eq!(
        answer.headers["retry-after"],
        seconds.to_string(),
        "{answer:?}"
    );
    assert!(
        error["message"].as_str().unwrap().contains(words),
        "{answer:?}"
    );
}

#[tokio::test]
async fn an_api_key_has_a_limit_of_its_own_and_the_operator_has_none() {
    let product = Product::start().await;
    product.clock.stand_still();
    let scopes = ["incidents:write", "incidents:read"];
    let key = product.make_key(TENANT, &scopes).await.key;
    let alert = |n: u32| json!({"title": format!("Alert {n}"), "severity": "P4"});
    for n in 1..=KEY_DECLARES.burst {
        let once = format!("alert-{n}");
        let alert = alert(n);
        let sends = || product.tell_once(INCIDENTS, &key, &alert, &once);
        let answer = sends().await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        // A repeat under the same idempotency key is not counted.
        let again = sends().await;
        assert_eq!(again.status, StatusCode::OK, "{again:?}");
    }
    let refused = product.tell(INCIDENTS, &key, &alert(0)).await;
    is_refused(
        &refused,
        "This API key has declared as many incidents as one key may",
        60,
    );
    is_refused(&refused, "Try again in 1 minute.", 60);
    let other = product.make_key(TENANT, &scopes).await.key;
    let answer = product.tell(INCIDENTS, &other, &alert(0)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let path = format!("{INCIDENTS}?tenant={TENANT}");
    for n in 100..=100 + KEY_DECLARES.burst {
        let answer = product.tell(&path, OPERATOR_KEY, &alert(n)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    }
    product.clock.advance(MINUTE);
    let answer = product.tell(INCIDENTS, &key, &alert(0)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
}

#[tokio::test]
async fn a_person_has_one_limit_in_slack_and_over_the_api() {
    const ACME: &str = "T0ACME00001";
    const MEMBER: &str = "U0ACME00001";
    let product = Product::start_with_slack(FakeConfig::default()).await;
    let page = Browser::new(&product);
    let page = page
        .install(&product, |url| Approval::of_team(url, ACME))
        .await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let browser = Browser::new(&product);
    browser.sign_in(&product, ACME, MEMBER).await;
    let me = browser.get("/v1/me").await.json();
    let token = me["csrf_token"].as_str().unwrap().to_owned();
    let headers = [
        ("origin", product.url.as_str()),
        ("x-csrf-token", token.as_str()),
    ];
    product.clock.stand_still();
    for n in 1..=PERSON_DECLARES.burst {
        let wanted = json!({"title": format!("Trouble {n}"), "severity": "P3"});
        let answer = browser
            .call_with(Method::POST, INCIDENTS, &headers, Some(&wanted))
            .await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    }
    let wanted = json!({"title": "Search is slow", "severity": "P3"});
    let answer = browser
        .call_with(Method::POST, INCIDENTS, &headers, Some(&wanted))
        .await;
    is_refused(
        &answer,
        "You have declared as many incidents as one person may",
        600,
    );
    let url = product.response_url().await;
    let body = form(&[
        ("command", "/incident"),
        ("text", "declare Search is slow sev:P3"),
        ("team_id", ACME),
        ("user_id", MEMBER),
        ("channel_id", "C0ACMEGEN01"),
        ("trigger_id", "1.2.trigger"),
        ("response_url", &url),
    ]);
    let answer = product
        .send("/slack/commands", signed(FORM, &body), body)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    product.handled().await;
    assert_eq!(declared(&product, ACME).await, PERSON_DECLARES.burst);
}
