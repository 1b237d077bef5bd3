//! `oauth.v2.access` (a code, or a refresh token, for tokens) and `oauth.v2.exchange` (an old token for a pair that rotates).

use std::time::Duration;

use serde_json::{Value, json};

use super::store::{Code, Holder};
use crate::api::Answer;
use crate::api::request::Args;
use crate::config::FakeConfig;
use crate::fake::FakeSlack;
use crate::scopes;
use crate::workspaces::Place;
use crate::world::World;

/// How long a code waits for the app.
const CODE_LIFETIME: Duration = Duration::from_mins(10);

/// `oauth.v2.access`: gives tokens for a code or a refresh token.
pub(crate) fn access(fake: &FakeSlack, args: &Args) -> Answer {
    check_client(fake.config(), args)?;
    match args.text("grant_type") {
        None | Some("authorization_code") => {
            let code = take_code(fake, args, false)?;
            Ok(install(fake, &code))
        }
        Some("refresh_token") => refresh(fake, args),
        Some(_) => Err("invalid_grant_type".into()),
    }
}

/// Slack takes the client's credentials by HTTP Basic or among the arguments.
pub(super) fn check_client(config: &FakeConfig, args: &Args) -> Result<(), &'static str> {
    let (id, secret) = match args.basic() {
        Some((id, secret)) => (Some(id), Some(secret)),
        None => (args.text("client_id"), args.text("client_secret")),
    };
    if id != Some(config.client_id.as_str()) {
        Err("invalid_client_id")
    } else if secret != Some(config.client_secret.as_str()) {
        Err("bad_client_secret")
    } else {
        Ok(())
    }
}

/// The code of an exchange, used up by it; a code of Sign in with Slack is good for that only.
pub(super) fn take_code(
    fake: &FakeSlack,
    args: &Args,
    sign_in: bool,
) -> Result<Code, &'static str> {
    let now = fake.now();
    let mut world = fake.world();
    let text = args.text("code").ok_or("invalid_code")?;
    let code = world
        .installs
        .codes
        .get_mut(text)
        .filter(|code| code.sign_in.is_some() == sign_in)
        .ok_or("invalid_code")?;
    if code.used {
        return Err("code_already_used");
    }
    if now.saturating_sub(code.made_at) >= CODE_LIFETIME {
        return Err("invalid_code");
    }
    if args.text("redirect_uri") != code.redirect_uri.as_deref() {
        return Err("bad_redirect_uri");
    }
    code.used = true;
    Ok(code.clone())
}

fn install(fake: &FakeSlack, code: &Code) -> Value {
    let (config, now) = (fake.config(), fake.now());
    let mut world = fake.world();
    let install = world
        .installs
        .by_place
        .entry(code.place.clone())
        .or_default();
    install.installed_at = Some(now);
    install.code_exchanges += 1;
    // Scopes add up over installations, as they do at Slack.
    install.bot_scopes.extend(code.bot_scopes.iter().cloned());
    let user_scopes = install.users.entry(code.user.clone()).or_default();
    user_scopes.extend(code.user_scopes.iter().cloned());
    if user_scopes.is_empty() {
        install.users.remove(&code.user);
    }
    let mut fields = about(config, &code.place);
    fields["authed_user"] = json!({ "id": code.user });
    if !code.bot_scopes.is_empty() {
        issue_for(
            &mut world,
            config,
            &code.place,
            &Holder::Bot,
            &mut fields,
            now,
        );
    }
    if !code.user_scopes.is_empty() {
        let holder = Holder::User(code.user.clone());
        let mut user = fields["authed_user"].take();
        issue_for(&mut world, config, &code.place, &holder, &mut user, now);
        fields["authed_user"] = user;
    }
    world.revision += 1;
    fields
}

fn refresh(fake: &FakeSlack, args: &Args) -> Answer {
    let (config, now) = (fake.config(), fake.now());
    let text = args.text("refresh_token").ok_or("invalid_refresh_token")?;
    let mut world = fake.world();
    let token = world
        .installs
        .refresh_tokens
        .get_mut(text)
        .ok_or("invalid_refresh_token")?;
    let refused = token.spent;
    token.spent = true;
    let (place, holder) = (token.place.clone(), token.holder.clone());
    let install = world.installs.by_place.entry(place.clone()).or_default();
    if refused {
        install.refused_refreshes += 1;
        return Err("invalid_refresh_token".into());
    }
    install.refreshes += 1;
    let mut fields = about(config, &place);
    issue_for(&mut world, config, &place, &holder, &mut fields, now);
    if let Holder::User(user) = holder {
        fields["authed_user"] = json!({ "id": user });
    }
    Ok(fields)
}

/// `oauth.v2.exchange`: gives a token that rotates for one without end.
pub(crate) fn exchange(fake: &FakeSlack, args: &Args) -> Answer {
    let (config, now) = (fake.config(), fake.now());
    check_client(config, args)?;
    let mut world = fake.world();
    if !world.installs.rotation {
        return Err("token_rotation_not_enabled".into());
    }
    let token = args
        .text("token")
        .and_then(|text| world.installs.tokens.get_mut(text))
        .ok_or("invalid_token")?;
    if token.exchanged {
        return Err("token_already_exchanged".into());
    }
    if token.dead.is_some() {
        return Err("authorization_not_found".into());
    }
    if token.expires_at.is_some() {
        return Err("invalid_token".into());
    }
    token.exchanged = true;
    token.dead = Some("token_revoked");
    let (place, holder, all) = (
        token.place.clone(),
        token.holder.clone(),
        token.unrestricted,
    );
    if all {
        // The configured token could do everything; what takes its place can too.
        let install = world.installs.by_place.entry(place.clone()).or_default();
        install.bot_scopes.extend(scopes::of_bots());
    }
    let mut fields = about(config, &place);
    issue_for(&mut world, config, &place, &holder, &mut fields, now);
    Ok(fields)
}

/// Issues a token and writes it with its scopes, and for a bot with the bot's user.
fn issue_for(
    world: &mut World,
    config: &FakeConfig,
    place: &Place,
    holder: &Holder,
    fields: &mut Value,
    now: Duration,
) {
    let issued = world.issue(config, place, holder, now);
    let token = world.installs.tokens.get(&issued.access_token);
    let scopes = token.and_then(|token| world.installs.scopes(token));
    fields["scope"] = scopes.unwrap_or_default().join(",").into();
    let kind = match holder {
        Holder::Bot => {
            fields["bot_user_id"] = config.bot_user_of(place).into();
            "bot"
        }
        Holder::User(_) => "user",
    };
    issued.write_into(fields, kind);
}

/// The fields that say where the app is installed; an org-wide installation has no team.
fn about(config: &FakeConfig, place: &Place) -> Value {
    let team = (!place.is_org())
        .then(|| json!({ "id": place.id(), "name": config.workspace(place.id()).name }));
    let enterprise = config.enterprise_of(place);
    json!({
        "app_id": config.app_id,
        "team": team,
        "enterprise": enterprise.map(|id| json!({ "id": id, "name": config.enterprise_name(&id) })),
        "is_enterprise_install": place.is_org(),
    })
}
