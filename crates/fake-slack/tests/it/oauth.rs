//! OAuth as an app sees it: codes for tokens, tokens that rotate, and the helpers that other tests install with.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_fake_slack::{Approval, FakeConfig};

use crate::fakes::{Sandbox, sandbox, sandbox_with};

pub(crate) const REDIRECT: &str = "http://127.0.0.1:3000/slack/oauth/callback";

pub(crate) fn rotating() -> FakeConfig {
    FakeConfig {
        token_rotation: true,
        ..FakeConfig::default()
    }
}

/// One value of a URL's query.
pub(crate) fn query(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    form_urlencoded::parse(query.as_bytes())
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}

impl Sandbox {
    pub(crate) fn authorize_url(&self, bot_scopes: &str, user_scopes: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", "1000000000.2000000000")
            .append_pair("scope", bot_scopes)
            .append_pair("user_scope", user_scopes)
            .append_pair("state", "st&te")
            .append_pair("redirect_uri", REDIRECT)
            .finish();
        format!("{}/oauth/v2/authorize?{query}", self.url)
    }

    /// A method called with the client's credentials in a form.
    pub(crate) async fn as_client(&self, method: &str, args: &[(&str, &str)]) -> Value {
        let request = self.http.post(format!("{}/api/{method}", self.url));
        let request = request.basic_auth("1000000000.2000000000", Some("sandbox-client-secret"));
        request
            .form(args)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    pub(crate) async fn exchange(&self, code: &str) -> Value {
        let args = [("code", code), ("redirect_uri", REDIRECT)];
        self.as_client("oauth.v2.access", &args).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Value {
        let args = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.as_client("oauth.v2.access", &args).await
    }

    /// Installs the app in a workspace with these bot and user scopes, and gives Slack's answer.
    pub(crate) async fn install(&self, team: &str, bot: &str, user: &str) -> Value {
        let approval = Approval::of_team(&self.authorize_url(bot, user), team);
        let redirect = self.fake.approve(&approval).unwrap();
        self.exchange(&query(&redirect, "code").unwrap()).await
    }

    pub(crate) async fn install_org(&self, bot: &str, user: &str) -> Value {
        let approval = Approval::of_org(&self.authorize_url(bot, user), "E0UMBRELLA1");
        let redirect = self.fake.approve(&approval).unwrap();
        self.exchange(&query(&redirect, "code").unwrap()).await
    }
}

pub(crate) fn text(answer: &Value, pointer: &str) -> String {
    let value = answer.pointer(pointer).and_then(Value::as_str);
    value
        .unwrap_or_else(|| panic!("no {pointer} in {answer}"))
        .to_owned()
}

#[tokio::test]
async fn a_code_is_good_for_the_tokens_that_were_asked_for() {
    let sandbox = sandbox().await;
    let answer = sandbox
        .install("T0ACME00001", "chat:write,users:read", "search:read")
        .await;
    let (bot, user) = (
        text(&answer, "/access_token"),
        text(&answer, "/authed_user/access_token"),
    );
    assert!(bot.starts_with("xoxb-") && user.starts_with("xoxp-"));
    let mut rest = answer;
    rest.as_object_mut().unwrap().remove("access_token");
    rest["authed_user"]
        .as_object_mut()
        .unwrap()
        .remove("access_token");
    assert_eq!(
        rest,
        json!({
            "ok": true,
            "app_id": "A0TIDEGATE1",
            "team": { "id": "T0ACME00001", "name": "Acme" },
            "enterprise": null,
            "is_enterprise_install": false,
            "scope": "chat:write,users:read",
            "token_type": "bot",
            "bot_user_id": "UB0ACME00001",
            "authed_user": { "id": "U0ALICE0001", "scope": "search:read", "token_type": "user" },
        })
    );
    let who = sandbox.call_as(&bot, "auth.test", json!({})).await;
    assert_eq!(
        (&who["team_id"], &who["user_id"], &who["bot_id"]),
        (
            &json!("T0ACME00001"),
            &json!("UB0ACME00001"),
            &json!("BB0ACME00001")
        )
    );
    let who = sandbox.call_as(&user, "auth.test", json!({})).await;
    assert_eq!(
        (&who["user_id"], who.get("bot_id")),
        (&json!("U0ALICE0001"), None)
    );
    let again = sandbox.install("T0ACME00001", "files:read", "").await;
    assert_eq!(
        text(&again, "/access_token"),
        bot,
        "an installation keeps its token"
    );
    assert_eq!(again["scope"], "chat:write,files:read,users:read");
    assert_eq!(again["authed_user"], json!({ "id": "U0ALICE0001" }));
}

#[tokio::test]
async fn an_org_wide_installation_has_no_team() {
    let sandbox = sandbox().await;
    let answer = sandbox.install_org("chat:write", "").await;
    assert_eq!(answer["team"], Value::Null);
    assert_eq!(
        (&answer["enterprise"], &answer["is_enterprise_install"]),
        (
            &json!({ "id": "E0UMBRELLA1", "name": "Umbrella Enterprise" }),
            &json!(true)
        )
    );
    let who = sandbox
        .call_as(&text(&answer, "/access_token"), "auth.test", json!({}))
        .await;
    assert_eq!(
        (&who["enterprise_id"], &who["is_enterprise_install"]),
        (&json!("E0UMBRELLA1"), &json!(true))
    );
}

#[tokio::test]
async fn a_code_is_good_once_for_ten_minutes_and_one_address() {
    let sandbox = sandbox().await;
    let approval = Approval::of_team(&sandbox.authorize_url("chat:write", ""), "T0ACME00001");
    let code = || query(&sandbox.fake.approve(&approval).unwrap(), "code").unwrap();
    let error = |answer: Value| text(&answer, "/error");

    let once = code();
    assert_eq!(sandbox.exchange(&once).await["ok"], true);
    assert_eq!(error(sandbox.exchange(&once).await), "code_already_used");
    assert_eq!(error(sandbox.exchange("made-up").await), "invalid_code");
    let unused = code();
    let elsewhere = [
        ("code", unused.as_str()),
        ("redirect_uri", "http://127.0.0.1:3000/other"),
    ];
    assert_eq!(
        error(sandbox.as_client("oauth.v2.access", &elsewhere).await),
        "bad_redirect_uri"
    );
    let late = code();
    sandbox.clock.advance(Duration::from_mins(10));
    assert_eq!(error(sandbox.exchange(&late).await), "invalid_code");

    for (id, secret, expected) in [
        ("1000000000.2000000000", "wrong", "bad_client_secret"),
        ("wrong", "sandbox-client-secret", "invalid_client_id"),
    ] {
        let request = sandbox
            .http
            .post(format!("{}/api/oauth.v2.access", sandbox.url));
        let form = [
            ("client_id", id),
            ("client_secret", secret),
            ("code", &code()),
        ];
        let answer = request.form(&form).send().await.unwrap();
        assert_eq!(error(answer.json().await.unwrap()), expected);
    }
}

#[tokio::test]
async fn calls_beyond_the_scopes_are_refused_where_that_is_asked_for() {
    let strict = FakeConfig {
        strict_scopes: true,
        ..FakeConfig::default()
    };
    let sandbox = sandbox_with(strict).await;
    let answer = sandbox
        .install("T0ACME00001", "channels:read,chat:write", "")
        .await;
    let token = text(&answer, "/access_token");
    let post = json!({ "channel": "C0ACME00001", "text": "x" });
    assert_eq!(
        sandbox
            .call_as(&token, "chat.postMessage", post.clone())
            .await["ok"],
        true
    );
    let refused = sandbox.call_as(&token, "users.list", json!({})).await;
    let expected = json!({ "ok": false, "error": "missing_scope", "needed": "users:read", "provided": "channels:read,chat:write" });
    assert_eq!(refused, expected);
    let history = json!({ "channel": "C0ACME00001" });
    let refused = sandbox
        .call_as(&token, "conversations.history", history)
        .await;
    assert_eq!(refused["needed"], "channels:history");
    for (is_private, needed) in [(false, "channels:manage"), (true, "groups:write")] {
        let make = json!({ "name": "inc-1", "is_private": is_private });
        let refused = sandbox.call_as(&token, "conversations.create", make).await;
        assert_eq!(refused["needed"], needed);
    }
    sandbox.install("T0ACME00001", "users:read", "").await;
    assert_eq!(
        sandbox.call_as(&token, "users.list", json!({})).await["ok"],
        true
    );
    assert_eq!(
        sandbox.call("users.list", json!({})).await["ok"],
        true,
        "the configured token may do everything"
    );
}
