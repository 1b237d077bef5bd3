//! The calls that hand out, describe and end tokens, over HTTP.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tidegate_outcome::{Outcome, Refusal};
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::api::{AppCredentials, apps, auth, oauth, openid};

use crate::loopback::{Loopback, token};

fn app() -> AppCredentials {
    AppCredentials {
        client_id: "1.2".to_owned(),
        client_secret: "open".into(),
    }
}

/// The header of the app `1.2` with the secret `open`: Base64 of `1.2:open`.
const BASIC: &str = "Basic MS4yOm9wZW4=";

fn installed() -> Value {
    json!({
        "ok": true, "app_id": "A1", "scope": "chat:write,users:read", "token_type": "bot",
        "access_token": "xoxe.xoxb-sesame", "refresh_token": "xoxe-1-sesame", "expires_in": 43200,
        "bot_user_id": "U0BOT", "team": {"id": "T1", "name": "Team"}, "enterprise": null,
        "is_enterprise_install": false, "new_field": {"deep": []},
        "authed_user": {"id": "U1", "scope": "search:read", "access_token": "xoxp-sesame", "token_type": "user"},
    })
}

fn by_code() -> oauth::AccessByCode {
    oauth::AccessByCode {
        code: "c0de-sesame".into(),
        redirect_uri: Some("https://tidegate.example/cb".to_owned()),
    }
}

#[tokio::test]
async fn a_code_becomes_tokens_with_the_apps_secret_in_the_header_only() {
    let world = Loopback::answering([installed()]).await;
    let Outcome::Done(access) = world.slack.perform(&app(), &by_code()).await else {
        panic!("not done");
    };
    let secret = |s: &Option<secrecy::SecretString>| s.as_ref().unwrap().expose_secret().to_owned();
    assert_eq!(secret(&access.access_token), "xoxe.xoxb-sesame");
    assert_eq!(secret(&access.refresh_token), "xoxe-1-sesame");
    assert_eq!(access.expires_in, Some(43200));
    assert_eq!(access.bot_user_id, Some("U0BOT".into()));
    assert_eq!(access.tenant(), Some("T1".into()));
    assert_eq!(access.scope, "chat:write,users:read");
    let user = access.authed_user.clone().unwrap();
    assert_eq!(secret(&user.access_token), "xoxp-sesame");
    assert_eq!(user.id, Some("U1".into()));
    assert!(!format!("{access:?} {user:?} {:?} {:?}", by_code(), app()).contains("sesame"));

    let asked = &world.asked()[0];
    assert_eq!(
        (asked.method.as_str(), asked.authorization.as_str()),
        ("oauth.v2.access", BASIC)
    );
    let form = asked.form();
    assert_eq!(form["code"], "c0de-sesame");
    assert_eq!(form["redirect_uri"], "https://tidegate.example/cb");
    assert_eq!(form.len(), 2, "{form:?}");
}

#[tokio::test]
async fn an_org_wide_install_belongs_to_the_organisation() {
    let mut org = installed();
    org["team"] = Value::Null;
    org["enterprise"] = json!({"id": "E1", "name": "Org"});
    org["is_enterprise_install"] = true.into();
    let world = Loopback::answering([org]).await;
    let Outcome::Done(access) = world.slack.perform(&app(), &by_code()).await else {
        panic!("not done");
    };
    assert_eq!(access.tenant(), Some("E1".into()));
    assert!(access.team.is_none());
}

#[tokio::test]
async fn a_refresh_sends_its_grant_and_its_token_once() {
    let rotated = json!({"ok": true, "access_token": "xoxe.xoxb-2", "refresh_token": "xoxe-2",
        "token_type": "bot", "expires_in": 43200, "team": {"id": "T1", "name": "Team"}});
    let refused = json!({"ok": false, "error": "invalid_refresh_token"});
    let world = Loopback::answering([rotated, refused]).await;
    let refresh = oauth::AccessByRefresh {
        refresh_token: "xoxe-1".into(),
        ..Default::default()
    };
    let Outcome::Done(access) = world.slack.perform(&app(), &refresh).await else {
        panic!("not done");
    };
    assert_eq!(access.refresh_token.unwrap().expose_secret(), "xoxe-2");
    assert!(access.authed_user.is_none());
    let again = world.slack.perform(&app(), &refresh).await;
    let Outcome::Refused(why) = again else {
        panic!("{again:?}")
    };
    assert_eq!(
        why,
        Refusal::Rejected(SlackRejection::Permanent(
            "invalid_refresh_token".to_owned()
        ))
    );
    let form = world.asked()[0].form();
    assert_eq!(
        (form["grant_type"].as_str(), form["refresh_token"].as_str()),
        ("refresh_token", "xoxe-1")
    );
    assert_eq!(world.asked().len(), 2, "one request a call");
}

#[tokio::test]
async fn an_answer_without_any_token_leaves_the_code_in_doubt() {
    let useless = [
        json!({"ok": true}),
        json!({"ok": true, "access_token": 7}),
        json!({"ok": true, "access_token": "", "authed_user": {"id": "U1"}}),
    ];
    let world = Loopback::answering(useless.clone()).await;
    for answer in useless {
        let outcome = world.slack.perform(&app(), &by_code()).await;
        assert!(
            matches!(outcome, Outcome::Ambiguous(_)),
            "{answer} {outcome:?}"
        );
    }
    let broken = world.slack.perform(&app(), &by_code()).await;
    assert!(
        matches!(broken, Outcome::Ambiguous(_)),
        "HTTP 500: {broken:?}"
    );
}

#[tokio::test]
async fn only_user_scopes_give_only_a_users_token() {
    let only_user = json!({"ok": true, "team": {"id": "T1"}, "authed_user": {"id": "U1", "access_token": "xoxp-1"}});
    let world = Loopback::answering([only_user]).await;
    let Outcome::Done(access) = world.slack.perform(&app(), &by_code()).await else {
        panic!("not done");
    };
    assert!(access.access_token.is_none());
    assert!(access.authed_user.unwrap().access_token.is_some());
}

#[tokio::test]
async fn a_token_says_whose_it_is_and_can_be_ended() {
    let world = Loopback::answering([
        json!({"ok": true, "url": "https://t.slack.com/", "team": "T", "user": "bot", "team_id": "T1",
            "user_id": "U1", "bot_id": "B1", "is_enterprise_install": false}),
        json!({"ok": true, "revoked": true}),
        json!({"ok": true}),
    ])
    .await;
    let Outcome::Done(who) = world.slack.perform(&token(), &auth::Test {}).await else {
        panic!("not done");
    };
    assert_eq!(
        (who.team_id, who.bot_id),
        (Some("T1".into()), Some("B1".to_owned()))
    );
    let Outcome::Done(ended) = world
        .slack
        .perform(&token(), &auth::Revoke::default())
        .await
    else {
        panic!("not done");
    };
    assert!(ended.revoked);
    let leave = apps::Uninstall {
        client_id: "1.2".to_owned(),
        client_secret: "open".into(),
    };
    let gone = world.slack.perform(&token(), &leave).await;
    assert!(matches!(gone, Outcome::Done(_)), "{gone:?}");

    let asked = world.asked();
    assert!(
        asked
            .iter()
            .all(|a| a.authorization == "Bearer xoxb-sesame")
    );
    assert_eq!(asked[1].body, "");
    assert_eq!(asked[2].form()["client_secret"], "open");
}

#[tokio::test]
async fn a_sign_in_needs_its_id_token() {
    let world = Loopback::answering([
        json!({"ok": true, "access_token": "xoxp-1", "token_type": "Bearer", "id_token": "e.y.J"}),
        json!({"ok": true, "access_token": "xoxp-1"}),
        json!({"ok": true, "sub": "U1", "https://slack.com/user_id": "U1", "https://slack.com/team_id": "T1",
            "email": "a@b.example", "email_verified": true}),
    ])
    .await;
    let code = openid::Token {
        code: "c".into(),
        redirect_uri: None,
    };
    let Outcome::Done(signed) = world.slack.perform(&app(), &code).await else {
        panic!("not done");
    };
    assert_eq!(signed.id_token.unwrap().expose_secret(), "e.y.J");
    let without = world.slack.perform(&app(), &code).await;
    assert!(matches!(without, Outcome::Ambiguous(_)), "{without:?}");
    let Outcome::Done(person) = world.slack.perform(&token(), &openid::UserInfo {}).await else {
        panic!("not done");
    };
    assert_eq!((person.user_id, person.team_id), ("U1".into(), "T1".into()));
    assert!(person.email_verified);
}

#[tokio::test]
async fn a_socket_and_an_events_installations_are_read_with_the_apps_token() {
    let world = Loopback::answering([
        json!({"ok": true, "url": "wss://wss-primary.slack.com/link/?ticket=sesame"}),
        json!({"ok": true}),
        json!({"ok": true, "authorizations": [
            {"team_id": "T1", "user_id": "U1", "is_bot": true}, "odd",
            {"enterprise_id": "E1", "team_id": null, "is_enterprise_install": true},
        ], "response_metadata": {"next_cursor": "more"}}),
    ])
    .await;
    let Outcome::Done(socket) = world
        .slack
        .perform(&token(), &apps::OpenConnection {})
        .await
    else {
        panic!("not done");
    };
    assert!(socket.url.expose_secret().starts_with("wss://"));
    assert!(!format!("{socket:?}").contains("sesame"));
    let unreadable = world
        .slack
        .perform(&token(), &apps::OpenConnection {})
        .await;
    let Outcome::Refused(why) = unreadable else {
        panic!("{unreadable:?}")
    };
    assert_eq!(
        why,
        Refusal::Rejected(SlackRejection::Permanent("unreadable_answer".to_owned()))
    );
    let list = apps::ListEventAuthorizations {
        event_context: "4-ctx".to_owned(),
        ..Default::default()
    };
    let Outcome::Done(page) = world.slack.perform(&token(), &list).await else {
        panic!("not done");
    };
    assert_eq!(page.authorizations.len(), 2);
    assert!(page.authorizations[1].is_enterprise_install);
    assert_eq!(page.response_metadata.next_cursor, "more");
    assert_eq!(world.asked()[2].form()["event_context"], "4-ctx");
}
