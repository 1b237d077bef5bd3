//! Installing the app over HTTP, as a browser does it, against the stand-in Slack.

use std::time::Duration;

use http::header::{CACHE_CONTROL, SET_COOKIE};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_fake_slack::{Addressee, Approval, FakeConfig, Fault, FaultKind};
use tidegate_testing::product::{
    Answer, Browser, OPERATOR_KEY, Product, answer_of, query_value, until,
};

const TEAM: &str = "T0ACME00001";
const ACCESS: &str = "oauth.v2.access";

async fn product() -> Product {
    Product::start_with_slack(FakeConfig {
        echo_bot_messages: false,
        ..FakeConfig::default()
    })
    .await
}

fn acme(url: &str) -> Approval {
    Approval::of_team(url, TEAM)
}

/// Begins an install, and answers where Slack sends the browser back to.
async fn begun(product: &Product, browser: &Browser<'_>) -> String {
    let url = browser.authorize_url().await;
    product.slack().approve(&acme(&url)).unwrap()
}

/// A page that says what to do, and holds nothing of what came.
fn is_problem(page: &Answer, status: StatusCode, words: &str) {
    assert_eq!(page.status, status, "{page:?}");
    assert!(page.body.contains(words), "{page:?}");
    assert!(
        page.body.contains("Begin again") || page.body.contains("begin again"),
        "{page:?}"
    );
    assert!(
        !page.body.contains("xox") && !page.body.contains("sandbox-client"),
        "{page:?}"
    );
}

fn exchanges(product: &Product) -> u64 {
    product
        .slack()
        .installs()
        .iter()
        .map(|install| install.code_exchanges)
        .sum()
}

async fn line(product: &Product) -> Value {
    let path = format!("/v1/workspaces/{TEAM}");
    product.operator(Method::GET, &path).await.json()["workspace"].clone()
}

#[tokio::test]
async fn an_installed_workspace_is_answered_with_its_own_token() {
    let product = Product::start_with_slack(FakeConfig::default()).await;
    let browser = Browser::new(&product);
    let page = browser
        .install(&product, |url| Approval::of_team(url, "T0ACME00001"))
        .await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    assert!(page.body.contains("Acme"), "{page:?}");
    let slack = product.slack();
    let event = json!({
        "type": "app_mention", "channel": "C0ACMEROOM1", "user": "U0ALICE0001",
        "text": "<@U0TIDEGATE1> hello", "ts": "1763690400.000100", "event_ts": "1763690400.000100",
    });
    let sent = slack
        .send_event_to(&Addressee::team("T0ACME00001"), event)
        .await;
    assert!(sent.ok, "{sent:?}");
    let call = until("the answer", async || {
        let calls = slack.calls();
        calls
            .into_iter()
            .find(|call| call.method == "chat.postMessage")
    })
    .await;
    assert_eq!(call.team.as_deref(), Some("T0ACME00001"));
    assert_eq!(call.outcome, "ok");
}

#[tokio::test]
async fn the_first_page_asks_slack_for_what_is_needed_and_binds_the_browser() {
    let product = product().await;
    let page = Browser::new(&product)
        .get("/slack/install?team=T0GLOBEX001")
        .await;
    assert_eq!(page.status, StatusCode::OK);
    let cookie = page.headers[SET_COOKIE].to_str().unwrap();
    let (value, rest) = cookie
        .strip_prefix("__Host-tidegate_install=")
        .unwrap()
        .split_once(';')
        .unwrap();
    assert!(
        value.len() == 64 && value.chars().all(|c| c.is_ascii_hexdigit()),
        "{cookie}"
    );
    assert_eq!(rest, " Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax");
    assert_eq!(page.headers[CACHE_CONTROL], "no-store");
    let (_, url) = page.body.split_once("href=\"").unwrap();
    let url = url.split_once('"').unwrap().0.replace("&amp;", "&");
    let query = url.split_once('?').unwrap().1;
    let fields: std::collections::BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    assert_eq!(fields["client_id"], FakeConfig::default().client_id);
    assert!(
        fields["scope"]
            .split(',')
            .any(|scope| scope == "chat:write"),
        "{url}"
    );
    assert_eq!(
        fields["redirect_uri"],
        format!("{}/slack/oauth/callback", product.url)
    );
    assert_eq!(fields["team"], "T0GLOBEX001");
    assert!(fields["state"].len() >= 32 && fields["state"] != value);
}

#[tokio::test]
async fn a_state_is_good_once() {
    let product = product().await;
    let browser = Browser::new(&product);
    let back = begun(&product, &browser).await;
    let (first, second) = tokio::join!(browser.get(&back), browser.get(&back));
    let mut pages = [first, second];
    pages.sort_by_key(|page| page.status);
    assert_eq!(pages[0].status, StatusCode::OK, "{pages:?}");
    is_problem(&pages[1], StatusCode::BAD_REQUEST, "finished before");
    is_problem(
        &browser.get(&back).await,
        StatusCode::BAD_REQUEST,
        "finished before",
    );
    assert_eq!(exchanges(&product), 1);
}

#[tokio::test]
async fn a_state_that_is_unknown_missing_or_too_old_installs_nothing() {
    let product = product().await;
    let browser = Browser::new(&product);
    let back = begun(&product, &browser).await;
    let code = query_value(&back, "code");
    for (query, words) in [
        (format!("code={code}&state=made-up"), "not begun here"),
        (format!("code={code}"), "needs what Slack adds"),
        (format!("code={code}&state="), "needs what Slack adds"),
        (String::new(), "needs what Slack adds"),
    ] {
        let page = browser.get(&format!("/slack/oauth/callback?{query}")).await;
        is_problem(&page, StatusCode::BAD_REQUEST, words);
    }
    product.clock.advance(Duration::from_mins(11));
    is_problem(
        &browser.get(&back).await,
        StatusCode::BAD_REQUEST,
        "more than ten minutes ago",
    );
    assert_eq!(exchanges(&product), 0);
}

#[tokio::test]
async fn another_browser_cannot_finish_and_spoils_nothing() {
    let product = product().await;
    let (browser, other) = (Browser::new(&product), Browser::new(&product));
    let back = begun(&product, &browser).await;
    is_problem(
        &other.get(&back).await,
        StatusCode::BAD_REQUEST,
        "another browser",
    );
    other.authorize_url().await;
    is_problem(
        &other.get(&back).await,
        StatusCode::BAD_REQUEST,
        "another browser",
    );
    assert_eq!(exchanges(&product), 0);
    assert_eq!(browser.get(&back).await.status, StatusCode::OK);
    assert_eq!(exchanges(&product), 1);
}

#[tokio::test]
async fn a_refusal_by_the_person_changes_nothing() {
    let product = product().await;
    let browser = Browser::new(&product);
    let deny = |url: &str| Approval {
        deny: true,
        ..acme(url)
    };
    let page = browser.install(&product, deny).await;
    is_problem(&page, StatusCode::FORBIDDEN, "access_denied");
    let url = browser.authorize_url().await;
    let state = query_value(&url, "state");
    let path =
        format!("/slack/oauth/callback?error=%3Cscript%3Ealert(1)%3C/script%3E&state={state}");
    let page = browser.get(&path).await;
    assert!(!page.body.contains("<script"), "{page:?}");
    assert_eq!(exchanges(&product), 0);
}

#[tokio::test]
async fn what_slack_refuses_or_does_not_answer_is_told_in_plain_words() {
    let unclear = StatusCode::SERVICE_UNAVAILABLE;
    let cases = [
        (
            FaultKind::OkFalse,
            "code_already_used",
            StatusCode::BAD_REQUEST,
            "code_already_used",
        ),
        (
            FaultKind::OkFalse,
            "invalid_code",
            StatusCode::BAD_REQUEST,
            "invalid_code",
        ),
        (
            FaultKind::OkFalse,
            "bad_client_secret",
            StatusCode::INTERNAL_SERVER_ERROR,
            "SLACK_CLIENT_SECRET",
        ),
        (
            FaultKind::OkFalse,
            "invalid_client_id",
            StatusCode::INTERNAL_SERVER_ERROR,
            "SLACK_CLIENT_ID",
        ),
        (FaultKind::Http500, "", unclear, "did not answer in time"),
        (FaultKind::ResetAfter, "", unclear, "did not answer in time"),
        (
            FaultKind::RateLimited,
            "",
            unclear,
            "did not answer in time",
        ),
    ];
    let product = product().await;
    let browser = Browser::new(&product);
    for (kind, code, status, words) in cases {
        product.slack().add_fault(Fault {
            error: Some(code.to_owned()),
            ..Fault::new(ACCESS, kind)
        });
        let page = browser.get(&begun(&product, &browser).await).await;
        is_problem(&page, status, words);
    }
    // Nothing stands in the way of trying again.
    assert_eq!(browser.install(&product, acme).await.status, StatusCode::OK);
    assert_eq!(line(&product).await["state"], "connected");
}

#[tokio::test]
async fn a_front_end_of_ones_own_gets_the_same_as_json() {
    let product = product().await;
    let browser = Browser::new(&product);
    let path = "/api/auth/slack/authorize";
    let own = format!("{}/slack/oauth/callback", product.url);
    for foreign in [
        "https://evil.example/callback",
        "http://127.0.0.1.evil.example/",
    ] {
        let body = json!({"redirect_uri": foreign});
        let posted = browser.call(Method::POST, path, Some(&body)).await;
        let got = browser.get(&format!("{path}?redirect_uri={foreign}")).await;
        for answer in [posted, got] {
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
            assert_eq!(answer.json()["ok"], false);
        }
    }
    let asked = browser
        .call(Method::POST, path, Some(&json!({"redirect_uri": own})))
        .await;
    let asked = asked.json();
    let back = product
        .slack()
        .approve(&acme(asked["authorization_url"].as_str().unwrap()))
        .unwrap();
    let code = query_value(&back, "code");
    let finish = json!({"code": code, "state": asked["state"]});
    let stranger = Browser::new(&product);
    let refused = stranger
        .call(Method::POST, "/api/auth/slack/callback", Some(&finish))
        .await;
    assert_eq!(
        refused.json()["error"]["code"],
        "other_browser",
        "{refused:?}"
    );
    let done = browser
        .call(Method::POST, "/api/auth/slack/callback", Some(&finish))
        .await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    assert_eq!(done.json()["workspace"]["state"], "connected");
    let again = browser
        .call(Method::POST, "/api/auth/slack/callback", Some(&finish))
        .await;
    assert_eq!(again.json()["error"]["code"], "state_used", "{again:?}");
    let status = browser.get("/api/auth/slack/status").await.json();
    assert_eq!(status["status"], "configured");
    assert_eq!(status["redirect_uri"], own);
    let refreshed = product
        .operator(
            Method::POST,
            &format!("/api/auth/slack/refresh?tenant={TEAM}"),
        )
        .await;
    assert_eq!(refreshed.status, StatusCode::OK, "{refreshed:?}");
    let gone = product
        .operator(
            Method::POST,
            &format!("/api/auth/slack/disconnect?tenant={TEAM}"),
        )
        .await;
    assert_eq!(gone.json()["revoked_at_slack"], true, "{gone:?}");
    // A repeat of one call is one entry of the audit trail.
    let path = format!("/v1/workspaces/{TEAM}/disconnect");
    for _ in 0..2 {
        let request = product.http.post(format!("{}{path}", product.url));
        let request = request
            .header("Idempotency-Key", "k1")
            .bearer_auth(OPERATOR_KEY);
        let answer = answer_of(request.send().await.unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    let path = format!("/v1/audit?tenant={TEAM}");
    let audit = product.operator(Method::GET, &path).await.json();
    let entries = audit["entries"].as_array().unwrap().iter();
    let ended = entries.filter(|entry| entry["action"] == "install.disconnect");
    assert_eq!(ended.count(), 2, "{audit}");
    // Nothing was left to revoke: this says nothing about what Slack confirmed before.
    let path = format!("/api/auth/slack/disconnect?tenant={TEAM}");
    let twice = product.operator(Method::POST, &path).await;
    assert!(twice.json()["revoked_at_slack"].is_null(), "{twice:?}");
    assert_eq!(line(&product).await["state"], "disconnected");
    for answer in [done, again, refused, refreshed, gone] {
        assert!(!answer.body.contains("xox"), "{answer:?}");
    }
}

#[tokio::test]
async fn several_people_install_one_workspace_and_again_after_an_uninstall() {
    let product = product().await;
    let by = |user: &'static str| {
        move |url: &str| Approval {
            user: Some(user.to_owned()),
            ..acme(url)
        }
    };
    for user in ["U0ACME00001", "U0BOB000001"] {
        let page = Browser::new(&product).install(&product, by(user)).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        let line = line(&product).await;
        assert_eq!(
            (&line["installer"], &line["bot_id"]),
            (&json!(user), &json!("BB0ACME00001"))
        );
        assert_eq!(line["missing_scopes"], json!([]));
    }
    let _ = product.slack().uninstall(TEAM, true).await;
    product.handled().await;
    let page = Browser::new(&product)
        .install(&product, by("U0ACME00001"))
        .await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    assert_eq!(line(&product).await["state"], "connected");
}

#[tokio::test]
async fn names_from_slack_are_text() {
    let evil = "<img src=x onerror=alert(1)>";
    let mut slack = FakeConfig::default();
    slack.workspaces[0].name = evil.to_owned();
    let product = Product::start_with_slack(slack).await;
    let page = Browser::new(&product).install(&product, acme).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    assert!(
        !page.body.contains("<img") && page.body.contains("&lt;img"),
        "{page:?}"
    );
}

#[tokio::test]
async fn a_missing_scope_is_named_in_the_list_and_in_what_is_parked() {
    let product = Product::start_with_slack(FakeConfig {
        strict_scopes: true,
        echo_bot_messages: false,
        ..FakeConfig::default()
    })
    .await;
    let browser = Browser::new(&product);
    // The person takes a scope out of the question, as an administrator's approval may.
    let url = browser.authorize_url().await.replace("chat%3Awrite%2C", "");
    let back = product.slack().approve(&acme(&url)).unwrap();
    let page = browser.get(&back).await;
    assert!(
        page.status == StatusCode::OK && page.body.contains("chat:write"),
        "{page:?}"
    );
    assert_eq!(
        line(&product).await["missing_scopes"],
        json!(["chat:write"])
    );
    let event = json!({"type": "app_mention", "channel": "C0ACMEROOM1", "user": "U0ALICE0001", "text": "hello",
        "ts": "1763690400.000100"});
    product
        .slack()
        .send_event_to(&Addressee::team(TEAM), event)
        .await;
    let parked = until("the post is parked", async || {
        let posts = product
            .operator(Method::GET, "/v1/operator/posts")
            .await
            .json()["posts"]
            .clone();
        posts.as_array().filter(|posts| posts.len() == 1).cloned()
    })
    .await;
    assert!(
        parked[0]["reason"]
            .as_str()
            .unwrap()
            .contains("add `chat:write`"),
        "{parked:?}"
    );
    assert_eq!(line(&product).await["state"], "connected");
}
