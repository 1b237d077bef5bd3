//! Who administers a workspace: Slack's admins, and for a start the person who installed the app first.

use std::time::Duration;

use http::{Method, StatusCode};
use tidegate_fake_slack::{Approval, FakeConfig, Fault, FaultKind};
use tidegate_testing::product::{Browser, OPERATOR_KEY, Product, until};

pub(crate) const ACME: &str = "T0ACME00001";
pub(crate) const FIRST: &str = "U0FIRST0001";
const OTHER: &str = "U0OTHER0001";
const SLACK_ADMIN: &str = "U0ACME00001";

const HOUR: Duration = Duration::from_hours(1);

async fn install(product: &Product, user: &str) {
    let browser = Browser::new(product);
    let page = browser.install(product, |url| Approval {
        user: Some(user.to_owned()),
        ..Approval::of_team(url, ACME)
    });
    let page = page.await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
}

pub(crate) async fn installed_by_first() -> Product {
    let product = Product::start_with_slack(FakeConfig::default()).await;
    install(&product, FIRST).await;
    product
}

pub(crate) async fn signed_in<'p>(product: &'p Product, user: &str) -> Browser<'p> {
    let browser = Browser::new(product);
    let page = browser.sign_in(product, ACME, user).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    browser
}

/// Tells whether the session may do what only admins may.
pub(crate) async fn administers(browser: &Browser<'_>) -> bool {
    let answer = browser.get("/v1/audit").await;
    match answer.status {
        StatusCode::OK => true,
        StatusCode::FORBIDDEN => false,
        _ => panic!("{answer:?}"),
    }
}

#[tokio::test]
async fn a_later_install_changes_nobodys_rights() {
    let product = installed_by_first().await;
    let first = signed_in(&product, FIRST).await;
    assert!(administers(&first).await);
    install(&product, OTHER).await;
    let other = signed_in(&product, OTHER).await;
    assert!(!administers(&other).await, "whoever presses the button");
    assert!(administers(&first).await, "is demoted by nobody");
    let path = format!("/v1/audit?tenant={ACME}");
    let audit = product.ask(Method::GET, &path, OPERATOR_KEY).await.json();
    let entries = audit["entries"].as_array().unwrap().iter();
    let installs = entries.filter(|entry| entry["action"] == "install");
    assert_eq!(installs.count(), 2);
}

#[tokio::test]
async fn slacks_admins_administer_and_relieve_the_first_installer() {
    let product = installed_by_first().await;
    let first = signed_in(&product, FIRST).await;
    product.slack().set_admin(SLACK_ADMIN, true);
    assert!(administers(&first).await, "no admin has signed in yet");
    let admin = signed_in(&product, SLACK_ADMIN).await;
    assert!(administers(&admin).await);
    assert!(!administers(&first).await, "an admin is there now");
}

#[tokio::test]
async fn a_demoted_admin_loses_the_rights_within_an_hour() {
    let product = installed_by_first().await;
    product.slack().set_admin(SLACK_ADMIN, true);
    let admin = signed_in(&product, SLACK_ADMIN).await;
    assert!(administers(&admin).await);
    product.slack().set_admin(SLACK_ADMIN, false);
    product.clock.advance(HOUR);
    assert!(!administers(&admin).await);
}

#[tokio::test]
async fn slacks_word_counts_for_an_hour_while_slack_is_down() {
    let product = installed_by_first().await;
    product.slack().set_admin(SLACK_ADMIN, true);
    let admin = signed_in(&product, SLACK_ADMIN).await;
    product.slack().add_fault(Fault {
        times: 1000,
        ..Fault::new("users.info", FaultKind::Http500)
    });
    product.clock.advance(Duration::from_mins(59));
    assert!(administers(&admin).await);
    product.clock.advance(Duration::from_mins(2));
    assert!(!administers(&admin).await);
    product.slack().clear_faults();
    product.clock.advance(Duration::from_mins(1));
    assert!(administers(&admin).await);
}

/// Members may do with incidents what they may do in Slack: `/incident config show` is for admins.
#[tokio::test]
async fn a_member_lists_incidents_and_reads_no_settings() {
    let product = installed_by_first().await;
    let member = signed_in(&product, OTHER).await;
    let incidents = member.get("/v1/incidents").await;
    assert_eq!(incidents.status, StatusCode::OK, "{incidents:?}");
    let first = signed_in(&product, FIRST).await;
    for path in [
        "/v1/incident-settings",
        "/v1/incident-settings/templates/any",
    ] {
        let refused = member.get(path).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path} {refused:?}");
        let answer = first.get(path).await;
        assert_ne!(answer.status, StatusCode::FORBIDDEN, "{path} {answer:?}");
    }
}

async fn change_list(product: &Product, method: Method, user: &str) -> StatusCode {
    let path = format!("/v1/admins/{user}?tenant={ACME}");
    product.operator(method, &path).await.status
}

#[tokio::test]
async fn who_is_on_the_list_administers_and_relieves_the_first_installer() {
    let product = installed_by_first().await;
    let first = signed_in(&product, FIRST).await;
    let other = signed_in(&product, OTHER).await;
    assert!(!administers(&other).await);
    // An admin keeps the list too.
    let me = first.get("/v1/me").await.json();
    let headers = [
        ("origin", product.url.as_str()),
        ("x-csrf-token", me["csrf_token"].as_str().unwrap()),
    ];
    let add = async |user: &str| {
        let path = format!("/v1/admins/{user}");
        first.call_with(Method::PUT, &path, &headers, None).await
    };
    // It would end the rights of the first installer, who could not undo it.
    let refused = add(OTHER).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{refused:?}");
    assert!(refused.body.contains("add yourself first"), "{refused:?}");
    assert!(administers(&first).await && !administers(&other).await);
    for user in [FIRST, OTHER] {
        let added = add(user).await;
        assert_eq!(added.status, StatusCode::OK, "{added:?}");
    }
    assert!(administers(&other).await && administers(&first).await);
    let gone = change_list(&product, Method::DELETE, FIRST).await;
    assert_eq!(gone, StatusCode::OK);
    assert!(!administers(&first).await, "the list has an entry");
    let list = other.get("/v1/admins").await.json();
    assert_eq!(list["admins"][0]["user"], OTHER, "{list}");
    assert_eq!(list["first_installer"], serde_json::Value::Null);

    // Without the list, nobody has the rights back by themselves. The operator puts people on it again.
    let gone = change_list(&product, Method::DELETE, OTHER).await;
    assert_eq!(gone, StatusCode::OK);
    assert!(!administers(&other).await && !administers(&first).await);
    let gone = change_list(&product, Method::DELETE, OTHER).await;
    assert_eq!(gone, StatusCode::NOT_FOUND);
    let added = change_list(&product, Method::PUT, FIRST).await;
    assert_eq!(added, StatusCode::OK);
    assert!(administers(&first).await);
    assert_eq!(
        change_list(&product, Method::PUT, "bob").await,
        StatusCode::BAD_REQUEST
    );

    let path = format!("/v1/audit?tenant={ACME}");
    let audit = product.ask(Method::GET, &path, OPERATOR_KEY).await.json();
    let entries = audit["entries"].as_array().unwrap().iter();
    let actions: Vec<&str> = entries.filter_map(|e| e["action"].as_str()).collect();
    let expected = ["add", "remove", "remove", "add", "add"].map(|what| format!("admin.{what}"));
    assert_eq!(actions[..5], expected);
}

#[tokio::test]
async fn the_admins_are_told_of_a_later_install() {
    let product = installed_by_first().await;
    product.slack().set_admin(SLACK_ADMIN, true);
    signed_in(&product, SLACK_ADMIN).await;
    signed_in(&product, OTHER).await;
    change_list(&product, Method::PUT, OTHER).await;
    install(&product, FIRST).await;
    product.clock.advance(Duration::from_secs(61));
    until("the admins are told", async || {
        (!product.slack().messages("D0OTHER0001").is_empty()).then_some(())
    })
    .await;
    product.drained().await;
    let told = |user: &str| {
        let messages = product
            .slack()
            .messages(&user.replace('U', "D"))
            .into_iter();
        let told = messages.filter(|m| m.text.contains(&format!("<@{FIRST}> has installed")));
        told.count()
    };
    assert_eq!(
        [told(OTHER), told(SLACK_ADMIN), told(FIRST)],
        [1, 1, 0],
        "each other admin is told once"
    );
}

#[tokio::test]
async fn a_deactivated_person_is_signed_out_and_cannot_sign_in() {
    let product = installed_by_first().await;
    let first = signed_in(&product, FIRST).await;
    assert!(administers(&first).await);
    product.slack().deactivate(FIRST);
    let browser = Browser::new(&product);
    let page = browser.sign_in(&product, ACME, FIRST).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{page:?}");
    let answer = first.get("/v1/me").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
}

#[tokio::test]
async fn nobody_waits_for_slack_with_every_call_while_it_is_down() {
    let product = installed_by_first().await;
    let first = signed_in(&product, FIRST).await;
    product.slack().add_fault(Fault {
        times: 1000,
        ..Fault::new("users.info", FaultKind::Http500)
    });
    product.clock.advance(HOUR);
    let asked = || {
        let calls = product.slack().calls().into_iter();
        calls.filter(|call| call.method == "users.info").count()
    };
    let before = asked();
    for _ in 0..5 {
        assert!(administers(&first).await);
    }
    let once = asked() - before;
    assert!(once > 0, "Slack is asked");
    product.clock.advance(Duration::from_secs(59));
    assert!(administers(&first).await);
    assert_eq!(asked() - before, once, "and not again for a minute");
    product.clock.advance(Duration::from_secs(2));
    assert!(administers(&first).await);
    assert!(asked() - before > once);
}

/// Somebody who gives the app a token of their own, before or after its install, has not installed it.
#[tokio::test]
async fn a_token_of_ones_own_makes_nobody_the_first_installer() {
    let product = Product::start_with_slack(FakeConfig::default()).await;
    let browser = Browser::new(&product);
    let mut url = reqwest::Url::parse(&browser.authorize_url().await).unwrap();
    let fields: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    url.query_pairs_mut().clear();
    for (name, value) in fields {
        let value = match name.as_str() {
            "scope" => String::new(),
            "user_scope" => "users:read".to_owned(),
            _ => value,
        };
        url.query_pairs_mut().append_pair(&name, &value);
    }
    let approval = Approval {
        user: Some(OTHER.to_owned()),
        ..Approval::of_team(url.as_str(), ACME)
    };
    let back = product.slack().approve(&approval).expect("Slack approves");
    let page = browser.get(&back).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    install(&product, FIRST).await;
    let first = signed_in(&product, FIRST).await;
    assert!(administers(&first).await, "who installed it");
    let other = signed_in(&product, OTHER).await;
    assert!(!administers(&other).await, "who gave a token");
}

#[tokio::test]
async fn a_deactivated_person_stays_signed_out_while_slack_is_silent() {
    let product = installed_by_first().await;
    let first = signed_in(&product, FIRST).await;
    product.slack().deactivate(FIRST);
    product.clock.advance(HOUR);
    let gone = first.get("/v1/me").await;
    assert_eq!(gone.status, StatusCode::UNAUTHORIZED, "{gone:?}");
    product.slack().add_fault(Fault {
        times: 1000,
        ..Fault::new("users.info", FaultKind::Http500)
    });
    product.clock.advance(HOUR * 2);
    let gone = first.get("/v1/me").await;
    assert_eq!(gone.status, StatusCode::UNAUTHORIZED, "{gone:?}");
}

#[tokio::test]
async fn nobody_is_put_on_the_list_whom_slack_does_not_know() {
    let product = installed_by_first().await;
    let path = format!("/v1/admins/U0NOBODY001?tenant={ACME}");
    let unknown = product.operator(Method::PUT, &path).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST, "{unknown:?}");
    assert_eq!(unknown.json()["error"]["field"], "user");
    let bot = change_list(&product, Method::PUT, "UB0ACME00001").await;
    assert_eq!(bot, StatusCode::BAD_REQUEST);
    let first = signed_in(&product, FIRST).await;
    assert!(administers(&first).await, "a typo takes no rights");
}

#[tokio::test]
async fn the_list_is_never_longer_than_it_says() {
    let product = Product::start().await;
    let tenant = tidegate_testing::product::TENANT;
    let change = async |method: Method, n: usize| {
        let path = format!("/v1/admins/U0LISTED{n:03}?tenant={tenant}");
        product.operator(method, &path).await.status
    };
    for n in 0..98 {
        assert_eq!(change(Method::PUT, n).await, StatusCode::OK);
    }
    let at_once = futures_util::future::join_all((98..104).map(|n| change(Method::PUT, n))).await;
    let added = at_once.iter().filter(|status| **status == StatusCode::OK);
    assert!(added.count() <= 2, "{at_once:?}");
    assert_eq!(
        change(Method::PUT, 0).await,
        StatusCode::OK,
        "it is there already"
    );
    assert_eq!(change(Method::DELETE, 1).await, StatusCode::OK);
    let path = format!("/v1/admins?tenant={tenant}");
    let list = product.operator(Method::GET, &path).await.json();
    assert!(list["admins"].as_array().unwrap().len() < 100, "{list}");
    assert_eq!(change(Method::PUT, 200).await, StatusCode::OK);
}
