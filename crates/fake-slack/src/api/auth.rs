//! Who calls: the token check, and `auth.test`.

use http::{HeaderMap, header};
use serde_json::{Value, json};

use super::request::Args;
use crate::caller::Caller;
use crate::fake::FakeSlack;
use crate::oauth::store::Holder;
use crate::records::TokenKind;

/// The caller that the token stands for. A call without one gets `not_authed`; a bad token gets the reason why it is bad.
pub(super) fn authenticate(
    fake: &FakeSlack,
    headers: &HeaderMap,
    args: &Args,
) -> Result<Caller, &'static str> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::trim);
    let text = bearer
        .or_else(|| args.text("token"))
        .filter(|text| !text.is_empty())
        .ok_or("not_authed")?;
    if text == fake.config().app_token {
        return Ok(Caller::app(fake.config()));
    }
    let now = fake.now();
    let world = fake.world();
    let token = world.installs.check(text, now)?;
    let user = match &token.holder {
        Holder::Bot => None,
        Holder::User(user) => Some(user.clone()),
    };
    let scopes = world.installs.scopes(token);
    Ok(Caller::at(fake.config(), token.place.clone(), user, scopes))
}

pub(super) fn test(fake: &FakeSlack, by: &Caller) -> Value {
    let config = fake.config();
    let (name, domain) = if by.place.is_org() {
        let name = config.enterprise_name(by.place.id());
        let domain = format!("{}.enterprise", name.replace(' ', "").to_lowercase());
        (name, domain)
    } else {
        let workspace = config.workspace(by.place.id());
        let domain = workspace.domain();
        (workspace.name, domain)
    };
    let world = fake.world();
    let user = world.users.get(&by.user).map(|user| user.name.clone());
    let mut fields = json!({
        "url": format!("https://{domain}.slack.com/"),
        "team": name,
        "user": user,
        // An org-wide token is told the organisation's id here too.
        "team_id": by.place.id(),
        "user_id": by.user,
        "enterprise_id": by.enterprise,
        "is_enterprise_install": by.place.is_org(),
    });
    if by.kind == TokenKind::Bot {
        fields["bot_id"] = by.bot_id.clone().into();
    }
    fields
}
