//! Sign in with Slack: `openid.connect.token` and `openid.connect.userInfo`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::access::{check_client, take_code};
use super::store::{Code, Holder};
use crate::api::Answer;
use crate::api::request::Args;
use crate::caller::Caller;
use crate::fake::FakeSlack;
use crate::records::TokenKind;

/// How long an id token is good, in seconds; Slack's are as short.
const ID_TOKEN_SECONDS: u64 = 300;

/// `openid.connect.token`: a code for a user token and an id token.
pub(crate) fn token(fake: &FakeSlack, args: &Args) -> Answer {
    let (config, now) = (fake.config(), fake.now());
    check_client(config, args)?;
    match args.text("grant_type") {
        None | Some("authorization_code") => {}
        Some(_) => return Err("invalid_grant_type".into()),
    }
    let code = take_code(fake, args, true)?;
    let claims = claims(fake, &code);
    let mut world = fake.world();
    let install = world
        .installs
        .by_place
        .entry(code.place.clone())
        .or_default();
    let scopes = install.users.entry(code.user.clone()).or_default();
    scopes.extend(code.user_scopes.iter().cloned());
    let mut fields = json!({});
    let issued = world.issue(config, &code.place, &Holder::User(code.user), now);
    issued.write_into(&mut fields, "Bearer");
    fields["id_token"] = signed(&config.client_secret, &claims).into();
    Ok(fields)
}

/// `openid.connect.userInfo`: describes the person who signed in.
pub(crate) fn user_info(fake: &FakeSlack, by: &Caller, _: &Args) -> Answer {
    let may = by
        .scopes
        .as_ref()
        .is_some_and(|scopes| scopes.iter().any(|scope| scope == "openid"));
    if by.kind != TokenKind::User {
        return Err("not_allowed_token_type".into());
    }
    if !may {
        return Err("missing_scope".into());
    }
    Ok(about(fake, &by.user, by.place.id()))
}

fn claims(fake: &FakeSlack, code: &Code) -> Value {
    let now = fake.now().as_secs();
    let mut claims = about(fake, &code.user, code.place.id());
    claims["iss"] = "https://slack.com".into();
    claims["aud"] = fake.config().client_id.clone().into();
    claims["iat"] = now.into();
    claims["auth_time"] = now.into();
    claims["exp"] = (now + ID_TOKEN_SECONDS).into();
    if let Some(nonce) = code.sign_in.as_ref().and_then(|kept| kept.nonce.as_ref()) {
        claims["nonce"] = nonce.clone().into();
    }
    claims
}

fn about(fake: &FakeSlack, user: &str, team: &str) -> Value {
    let workspace = fake.config().workspace(team);
    let world = fake.world();
    let (name, handle) = world.users.get(user).map_or((user, user), |known| {
        (known.real_name.as_str(), known.name.as_str())
    });
    json!({
        "sub": user,
        "https://slack.com/user_id": user,
        "https://slack.com/team_id": team,
        "https://slack.com/team_name": workspace.name,
        "https://slack.com/team_domain": workspace.domain(),
        "name": name,
        "given_name": name,
        "email": format!("{handle}@example.com"),
        "email_verified": true,
        "locale": "en-US",
    })
}

/// A JWT by HS256. Slack signs with RS256 and a published key; a stand-in has only the secret it shares with the app.
fn signed(secret: &str, claims: &Value) -> String {
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let text = format!("{}.{}", encoded(&header), encoded(claims));
    // HMAC takes a key of any length, so the unsigned answer never occurs.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return text;
    };
    mac.update(text.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{text}.{signature}")
}
