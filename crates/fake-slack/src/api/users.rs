//! `users.info`, `users.list`.

use serde_json::{Value, json};

use super::Answer;
use super::request::{Args, page};
use crate::fake::FakeSlack;
use crate::records::User;

pub(super) fn info(fake: &FakeSlack, args: &Args) -> Answer {
    let id = args.text("user").ok_or("user_not_found")?;
    let world = fake.world();
    let user = world.users.get(id).ok_or("user_not_found")?;
    Ok(json!({ "user": describe(fake, user) }))
}

pub(super) fn list(fake: &FakeSlack, args: &Args) -> Answer {
    let limit = args.number("limit").unwrap_or(1000).clamp(1, 1000);
    let world = fake.world();
    let users = world
        .users
        .values()
        .map(|user| (user.id.clone(), describe(fake, user)));
    let (members, next) = page(users, args.text("cursor"), limit)?;
    Ok(
        json!({ "members": members, "cache_ts": fake.now().as_secs(), "response_metadata": { "next_cursor": next } }),
    )
}

fn describe(fake: &FakeSlack, user: &User) -> Value {
    json!({
        "id": user.id,
        "team_id": fake.config().team_id,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": false,
        "is_bot": user.is_bot,
        "is_app_user": false,
        "is_admin": false,
        "is_owner": false,
        "is_restricted": false,
        "tz": "Etc/UTC",
        "tz_offset": 0,
        "updated": 0,
        "profile": {
            "real_name": user.real_name,
            "display_name": user.name,
            "email": format!("{}@example.com", user.name),
        },
    })
}
