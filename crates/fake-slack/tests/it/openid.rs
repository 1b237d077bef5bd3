//! Sign in with Slack.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};

use crate::fakes::{START, sandbox};
use crate::oauth::{REDIRECT, query, text};

#[tokio::test]
async fn a_person_signs_in_and_the_id_token_says_who() {
    let sandbox = sandbox().await;
    let asked = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", "1000000000.2000000000")
        .append_pair("response_type", "code")
        .append_pair("scope", "openid profile email")
        .append_pair("state", "s")
        .append_pair("nonce", "once")
        .append_pair("redirect_uri", REDIRECT)
        .finish();
    let url = format!("{}/openid/connect/authorize?{asked}", sandbox.url);
    assert_eq!(sandbox.http.get(&url).send().await.unwrap().status(), 200);
    let approval = json!({ "authorize_url": url, "team": "T0ACME00001", "user": "U0ACME00001" });
    let approved: Value = sandbox
        .control("oauth/approve", approval)
        .await
        .json()
        .await
        .unwrap();
    let code = query(&text(&approved, "/redirect"), "code").unwrap();
    assert_eq!(
        sandbox.exchange(&code).await["error"],
        "invalid_code",
        "it is no code of an installation"
    );

    let args = [("code", code.as_str()), ("redirect_uri", REDIRECT)];
    let answer = sandbox.as_client("openid.connect.token", &args).await;
    assert_eq!(
        (&answer["ok"], &answer["token_type"]),
        (&json!(true), &json!("Bearer"))
    );
    let id_token = text(&answer, "/id_token");
    let (signed, signature) = id_token.rsplit_once('.').unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"sandbox-client-secret").unwrap();
    mac.update(signed.as_bytes());
    mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap())
        .unwrap();
    let claims = URL_SAFE_NO_PAD
        .decode(signed.split_once('.').unwrap().1)
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    for (name, value) in [
        ("iss", json!("https://slack.com")),
        ("aud", json!("1000000000.2000000000")),
        ("sub", json!("U0ACME00001")),
        ("nonce", json!("once")),
        ("iat", json!(START.as_secs())),
        ("https://slack.com/team_id", json!("T0ACME00001")),
        ("https://slack.com/user_id", json!("U0ACME00001")),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert!(claims["exp"].as_u64().unwrap() > START.as_secs());
    let again = sandbox.as_client("openid.connect.token", &args).await;
    assert_eq!(again["error"], "code_already_used");

    let token = text(&answer, "/access_token");
    let who = sandbox
        .call_as(&token, "openid.connect.userInfo", json!({}))
        .await;
    assert_eq!(
        (&who["sub"], &who["name"]),
        (&json!("U0ACME00001"), &json!("acme-admin"))
    );
    assert_eq!(
        sandbox.error("openid.connect.userInfo", json!({})).await,
        "not_allowed_token_type"
    );
    assert!(
        sandbox.fake.installs().is_empty(),
        "signing in installs nothing"
    );
}
