//! `users.info`, `.list`, `.lookupByEmail`, `.profile.get`, `.getPresence`, and `bots.info`.

use serde_json::{Value, json};

use super::Answer;
use super::request::{Args, page};
use crate::caller::Caller;
use crate::fake::FakeSlack;
use crate::records::User;

pub(super) fn info(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let id = args.text("user").ok_or("user_not_found")?;
    let world = fake.world();
    let user = world.users.get(id);
    let user = user.filter(|user| world.knows(by, &user.team));
    let user = user.ok_or("user_not_found")?;
    Ok(json!({ "user": describe(user) }))
}

pub(super) fn list(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let limit = args.number("limit").unwrap_or(1000).clamp(1, 1000);
    let team = by.team_for(args.text("team_id"))?;
    let world = fake.world();
    let users = world
        .users
        .values()
        .filter(|user| user.team == team)
        .map(|user| (user.id.clone(), describe(user)));
    let (members, next) = page(users, args.text("cursor"), limit)?;
    Ok(
        json!({ "members": members, "cache_ts": fake.now().as_secs(), "response_metadata": { "next_cursor": next } }),
    )
}

pub(super) fn by_email(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let wanted = args.text("email").ok_or("users_not_found")?;
    let world = fake.world();
    let mut users = world.users.values();
    let user = users
        .find(|user| by.teams.contains(&user.team) && email(user).eq_ignore_ascii_case(wanted));
    Ok(json!({ "user": describe(user.ok_or("users_not_found")?) }))
}

/// The only bots here are the app's own.
pub(super) fn bot_info(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let wanted = args.text("bot").unwrap_or(&by.bot_id);
    if wanted != by.bot_id {
        return Err("bot_not_found".into());
    }
    let config = fake.config();
    Ok(json!({
        "bot": {
            "id": by.bot_id,
            "deleted": false,
            "name": "tidegate",
            "updated": 0,
            "app_id": config.app_id,
            "user_id": config.bot_user_of(&by.place),
            "icons": {},
        },
    }))
}

pub(super) fn profile(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let id = args.text("user").unwrap_or(&by.user);
    let world = fake.world();
    let user = world.users.get(id);
    let user = user.filter(|user| by.teams.contains(&user.team));
    let mut described = describe(user.ok_or("user_not_found")?);
    Ok(json!({ "profile": described["profile"].take() }))
}

/// Bots are always there, and so are the people of a sandbox.
pub(super) fn presence(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    profile(fake, by, args)?;
    Ok(json!({ "presence": "active" }))
}

fn email(user: &User) -> String {
    format!("{}@example.com", user.name)
}

fn describe(user: &User) -> Value {
    json!({
        "id": user.id,
        "team_id": user.team,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": user.is_deactivated,
        "is_bot": user.is_bot,
        "is_app_user": false,
        "is_admin": user.is_admin && !user.is_deactivated,
        "is_owner": false,
        "is_restricted": user.is_guest,
        "is_ultra_restricted": false,
        "tz": "Etc/UTC",
        "tz_offset": 0,
        "updated": 0,
        "profile": {
            "real_name": user.real_name,
            "display_name": user.name,
            "email": email(user),
        },
    })
}
