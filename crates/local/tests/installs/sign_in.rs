//! Signing in with Slack over HTTP, as a browser does it, against the stand-in Slack; and what a session may do.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_fake_slack::{Approval, FakeConfig};
use tidegate_testing::product::{Answer, Browser, OPERATOR_KEY, Product, answer_of, query_value};

const ACME: &str = "T0ACME00001";
const INSTALLER: &str = "U0ALICE0001";
const COLLEAGUE: &str = "U0ACME00001";

#[tokio::test]
async fn whoever_installed_the_app_signs_in_and_may_do_everything() {
    let product = installed(&[]).await;
    let browser = Browser::new(&product);
    let page = browser.sign_in(&product, ACME, INSTALLER).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    for cookie in page.headers.get_all("set-cookie") {
        let text = cookie.to_str().unwrap();
        assert!(text.starts_with("__Host-tidegate_"), "{text}");
        assert!(text.ends_with("; Secure; HttpOnly; SameSite=Lax"), "{text}");
        assert!(text.contains("; Path=/; "), "{text}");
    }
    let me = browser.get("/v1/me").await.json();
    assert_eq!(
        (&me["tenant"], &me["user"]),
        (&json!(ACME), &json!(INSTALLER))
    );
    assert_eq!(
        me["scopes"].as_array().unwrap().len(),
        tidegate_app::domains::scopes().count()
    );
    let workspaces = browser.get("/v1/workspaces").await.json();
    assert_eq!(workspaces["workspaces"][0]["id"], ACME);
    assert_eq!(workspaces["workspaces"][0]["state"], "connected");
    let nobody = Browser::new(&product).get("/v1/me").await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn everybody_else_may_look() {
    let product = installed(&[]).await;
    let browser = Browser::new(&product);
    browser.sign_in(&product, ACME, COLLEAGUE).await;
    let me = browser.get("/v1/me").await.json();
    let members = ["workspace:read", "incidents:read", "incidents:write"];
    assert_eq!(me["scopes"], json!(members));
    assert_eq!(browser.get("/v1/workspaces").await.status, StatusCode::OK);
    let audit = browser.get("/v1/audit").await;
    assert_eq!(audit.status, StatusCode::FORBIDDEN, "{audit:?}");
    let made = make_key(&browser, &product.url, me["csrf_token"].as_str().unwrap()).await;
    assert_eq!(code(&made), "forbidden", "{made:?}");
}

#[tokio::test]
async fn people_of_other_workspaces_get_no_session() {
    let product = installed(&[]).await;
    let browser = Browser::new(&product);
    let page = browser.sign_in(&product, "T0SANDBOX1", INSTALLER).await;
    assert_eq!(code(&page), "not_installed", "{page:?}");
    assert_eq!(browser.get("/v1/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_sign_in_ends_once_in_its_own_browser_and_in_time() {
    let product = installed(&[]).await;
    let (mine, other) = (Browser::new(&product), Browser::new(&product));
    let back = async |browser: &Browser<'_>| {
        let url = browser.sign_in_url().await;
        product
            .slack()
            .approve(&Approval::of_team(&url, ACME))
            .unwrap()
    };
    // Sent to somebody else, who would then act as me.
    let mine_back = back(&mine).await;
    let elsewhere = other.get(&mine_back).await;
    assert_eq!(code(&elsewhere), "other_browser", "{elsewhere:?}");
    let theirs = back(&other).await;
    assert_eq!(code(&mine.get(&theirs).await), "other_browser");
    assert_eq!(mine.get(&mine_back).await.status, StatusCode::OK);
    assert_eq!(code(&mine.get(&mine_back).await), "state_used");

    let late = back(&mine).await;
    product.clock.advance(Duration::from_mins(10));
    assert_eq!(code(&mine.get(&late).await), "state_expired");
    // The id token of the stand-in is good for five minutes.
    let url = mine.sign_in_url().await;
    product.clock.advance(Duration::from_mins(6));
    let old = product
        .slack()
        .approve(&Approval::of_team(&url, ACME))
        .unwrap();
    assert_eq!(code(&mine.get(&old).await), "code_refused");
}

#[tokio::test]
async fn what_is_no_answer_to_a_sign_in_is_refused() {
    let product = installed(&[]).await;
    let browser = Browser::new(&product);
    let denied = Approval {
        deny: true,
        ..Approval::of_team(&browser.sign_in_url().await, ACME)
    };
    let back = product.slack().approve(&denied).unwrap();
    assert_eq!(code(&browser.get(&back).await), "access_denied");
    assert_eq!(
        code(&browser.get("/slack/login/callback").await),
        "bad_request"
    );
    let made_up = "/slack/login/callback?state=00&code=00";
    assert_eq!(code(&browser.get(made_up).await), "state_used");
    // The code of an install is no sign-in, and its state neither.
    let url = browser.authorize_url().await;
    let back = product
        .slack()
        .approve(&Approval::of_team(&url, ACME))
        .unwrap();
    let swapped = back.replace("/slack/oauth/callback", "/slack/login/callback");
    let answer = browser.get(&swapped).await;
    assert_eq!(code(&answer), "other_browser", "{answer:?}");
    let url = browser.sign_in_url().await;
    let state = query_value(&url, "state");
    let answer = browser
        .get(&format!("/slack/login/callback?state={state}&code=made-up"))
        .await;
    assert_eq!(code(&answer), "code_refused", "{answer:?}");
    assert_eq!(browser.get("/v1/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_changes_something_must_be_meant() {
    let page = "https://app.example.com";
    let product = installed(&[("CORS_ORIGINS", page)]).await;
    let browser = Browser::new(&product);
    browser.sign_in(&product, ACME, INSTALLER).await;
    let me = browser.get("/v1/me").await.json();
    let token = me["csrf_token"].as_str().unwrap();
    let own = product.url.as_str();
    let wrong = token.replace(|c: char| c.is_ascii_digit(), "a");
    for headers in [
        vec![],
        vec![("x-csrf-token", token)],
        vec![("origin", own)],
        vec![("origin", own), ("x-csrf-token", "")],
        vec![("origin", own), ("x-csrf-token", wrong.as_str())],
        vec![("origin", "https://evil.example"), ("x-csrf-token", token)],
        vec![("origin", "null"), ("x-csrf-token", token)],
    ] {
        let answer = try_key(&browser, &headers).await;
        assert_eq!(code(&answer), "csrf", "{headers:?} {answer:?}");
        let out = browser
            .call_with(Method::POST, "/slack/logout", &headers, None)
            .await;
        assert_eq!(code(&out), "csrf", "{headers:?} {out:?}");
    }
    for origin in [own, page] {
        let made = make_key(&browser, origin, token).await;
        assert_eq!(made.status, StatusCode::CREATED, "{origin} {made:?}");
        assert_eq!(made.json()["tenant"], ACME);
    }
    // Another session's token is none of this one's.
    let other = Browser::new(&product);
    other.sign_in(&product, ACME, INSTALLER).await;
    assert_eq!(code(&make_key(&other, own, token).await), "csrf");
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_or_by_signing_out() {
    let product = installed(&[]).await;
    let (first, second) = (Browser::new(&product), Browser::new(&product));
    for browser in [&first, &second] {
        browser.sign_in(&product, ACME, INSTALLER).await;
    }
    let stolen = second.cookies();
    let token = second.get("/v1/me").await.json()["csrf_token"].clone();
    let headers = [
        ("origin", product.url.as_str()),
        ("x-csrf-token", token.as_str().unwrap()),
    ];
    let out = second
        .call_with(Method::POST, "/slack/logout", &headers, None)
        .await;
    assert_eq!(out.status, StatusCode::OK, "{out:?}");
    assert_eq!(second.cookies(), "");
    assert_eq!(
        with_cookie(&product, &stolen).await.status,
        StatusCode::UNAUTHORIZED
    );
    product
        .clock
        .advance(Duration::from_hours(12).saturating_sub(Duration::from_mins(1)));
    assert_eq!(first.get("/v1/me").await.status, StatusCode::OK);
    product.clock.advance(Duration::from_mins(1));
    assert_eq!(first.get("/v1/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_is_of_one_workspace_and_ends_with_it() {
    let product = installed(&[]).await;
    let browser = Browser::new(&product);
    browser.sign_in(&product, ACME, INSTALLER).await;
    for other in ["T0SANDBOX1", "@system", "T0ACME00001#sessions"] {
        let moved = browser.cookies().replace(ACME, other);
        let answer = with_cookie(&product, &moved).await;
        assert_eq!(
            answer.status,
            StatusCode::UNAUTHORIZED,
            "{other} {answer:?}"
        );
    }
    let key = product.make_key(ACME, &["workspace:read"]).await.key;
    let path = format!("/v1/workspaces/{ACME}");
    let erased = product.ask(Method::DELETE, &path, OPERATOR_KEY).await;
    assert!(erased.status.is_success(), "{erased:?}");
    assert_eq!(browser.get("/v1/me").await.status, StatusCode::UNAUTHORIZED);
    let by_key = product.ask(Method::GET, "/v1/me", &key).await;
    assert_eq!(by_key.status, StatusCode::UNAUTHORIZED, "{by_key:?}");
}

/// A product in which one workspace has the app installed.
async fn installed(settings: &[(&str, &str)]) -> Product {
    let product = Product::start_with_slack_and(FakeConfig::default(), settings).await;
    let browser = Browser::new(&product);
    let page = browser.install(&product, |url| Approval {
        user: Some(INSTALLER.to_owned()),
        ..Approval::of_team(url, ACME)
    });
    let page = page.await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    product
}

async fn make_key(browser: &Browser<'_>, origin: &str, token: &str) -> Answer {
    try_key(browser, &[("origin", origin), ("x-csrf-token", token)]).await
}

async fn try_key(browser: &Browser<'_>, headers: &[(&str, &str)]) -> Answer {
    let wanted: Value = json!({"name": "n", "scopes": ["workspace:read"]});
    let called = browser.call_with(Method::POST, "/v1/keys", headers, Some(&wanted));
    called.await
}

async fn with_cookie(product: &Product, cookies: &str) -> Answer {
    let request = product.http.get(format!("{}/v1/me", product.url));
    let request = request.header("cookie", cookies);
    answer_of(request.send().await.unwrap()).await
}

fn code(answer: &Answer) -> String {
    answer.json()["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}
