//! Who calls, and which workspace this is: the token check, `auth.test`, `team.info`.

use http::{HeaderMap, header};
use serde_json::{Value, json};

use super::request::Args;
use crate::fake::FakeSlack;

/// Slack's two refusals: no token at all, or one it does not know.
pub(super) fn check_token(
    fake: &FakeSlack,
    headers: &HeaderMap,
    args: &Args,
) -> Result<(), &'static str> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::trim);
    match bearer.or_else(|| args.text("token")) {
        None | Some("") => Err("not_authed"),
        Some(token) if token == fake.config().bot_token => Ok(()),
        Some(_) => Err("invalid_auth"),
    }
}

pub(super) fn test(fake: &FakeSlack) -> Value {
    let config = fake.config();
    json!({
        "url": "https://sandbox.slack.com/",
        "team": "Sandbox",
        "user": "tidegate",
        "team_id": config.team_id,
        "user_id": config.bot_user_id,
        "bot_id": config.bot_id,
        "enterprise_id": config.enterprise_id,
        "is_enterprise_install": false,
    })
}

pub(super) fn team_info(fake: &FakeSlack) -> Value {
    json!({ "team": { "id": fake.config().team_id, "name": "Sandbox", "domain": "sandbox", "email_domain": "" } })
}
