//! `views.open`, `.push`, `.update`, `.publish`. A trigger opens one modal, within three seconds.

use serde_json::{Value, json};

use super::Answer;
use super::request::Args;
use crate::blocks::fill_block_ids;
use crate::caller::Caller;
use crate::fake::FakeSlack;
use crate::records::OpenView;
use crate::world::World;

const METADATA_LIMIT: usize = 3000;
const STACK_LIMIT: usize = 3;

pub(super) fn open(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let view = check(args, "modal")?;
    let mut world = fake.world();
    let (user, team) = use_trigger(&mut world, fake, by, args)?;
    let id = world.next_id("V", fake.now());
    let view = complete(fake, by, &team, view, &id);
    Ok(keep(&mut world, id, user, view))
}

/// Lays a modal over the newest one of the user; Slack stacks three.
pub(super) fn push(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let view = check(args, "modal")?;
    let mut world = fake.world();
    let (user, team) = use_trigger(&mut world, fake, by, args)?;
    let open = world.views.iter().filter(|(_, open)| open.user == user);
    let stack: Vec<&String> = open.map(|(id, _)| id).collect();
    let (Some(root), Some(top)) = (stack.first(), stack.last()) else {
        return Err("not_found".into());
    };
    if stack.len() >= STACK_LIMIT {
        return Err("push_limit_reached".into());
    }
    let (root, top) = ((*root).clone(), (*top).clone());
    let id = world.next_id("V", fake.now());
    let mut view = complete(fake, by, &team, view, &id);
    view["root_view_id"] = root.into();
    view["previous_view_id"] = top.into();
    Ok(keep(&mut world, id, user, view))
}

/// Replaces a view, named by its id or by the app's own; `hash` guards against a change in between.
pub(super) fn update(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let view = check(args, "modal")?;
    let mut world = fake.world();
    let wanted = (args.text("view_id"), args.text("external_id"));
    let found = world.views.iter().find(|(id, open)| match wanted {
        (Some(wanted), _) => *id == wanted,
        (None, external) => external.is_some() && open.view["external_id"].as_str() == external,
    });
    let (id, old) = found
        .map(|(id, open)| (id.clone(), open.clone()))
        .filter(|(_, open)| {
            let team = open.view["team_id"].as_str();
            by.teams.iter().any(|known| Some(known.as_str()) == team)
        })
        .ok_or("not_found")?;
    let hash = args.text("hash");
    if hash.is_some_and(|hash| old.view["hash"].as_str() != Some(hash)) {
        return Err("hash_conflict".into());
    }
    let team = old.view["team_id"].as_str().unwrap_or_default();
    let mut view = complete(fake, by, team, view, &id);
    for name in ["root_view_id", "previous_view_id"] {
        view[name] = old.view[name].clone();
    }
    // The hash must change even while the clock stands.
    view["hash"] = world.next_ts(fake.now()).into();
    Ok(keep(&mut world, id, old.user, view))
}

/// Replaces a user's home tab.
pub(super) fn publish(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let view = check(args, "home")?;
    let user = args.text("user_id").ok_or("invalid_arguments")?;
    let now = fake.now();
    let mut world = fake.world();
    if !world.meet_user_in(by.home(), user) {
        return Err("invalid_arguments".into());
    }
    let of_user = world.users.get(user).map(|user| user.team.clone());
    let team = of_user
        .filter(|team| by.teams.contains(team))
        .ok_or("not_enabled")?;
    let key = (team, user.to_owned());
    let old = world.homes.get(&key);
    let hash = args.text("hash");
    if hash.is_some_and(|hash| old.is_some_and(|old| old["hash"].as_str() != Some(hash))) {
        return Err("hash_conflict".into());
    }
    let id = old.and_then(|old| old["id"].as_str()).map(str::to_owned);
    let id = id.unwrap_or_else(|| world.next_id("V", now));
    let mut view = complete(fake, by, &key.0, view, &id);
    view["hash"] = world.next_ts(now).into();
    world.homes.insert(key, view.clone());
    world.revision += 1;
    Ok(json!({ "view": view }))
}

/// The view of a call if Slack would take it.
fn check(args: &Args, kind: &str) -> Result<Value, &'static str> {
    let view = args
        .structure("view")
        .map_err(|()| "invalid_arguments")?
        .ok_or("invalid_arguments")?;
    let blocks = view
        .get("blocks")
        .and_then(Value::as_array)
        .ok_or("invalid_arguments")?;
    let too_long = view
        .get("private_metadata")
        .and_then(Value::as_str)
        .is_some_and(|text| text.len() > METADATA_LIMIT);
    if view.get("type").and_then(Value::as_str) != Some(kind) || blocks.len() > 100 || too_long {
        return Err("invalid_arguments");
    }
    Ok(view)
}

/// Uses the trigger up, and tells whose it was and in which workspace.
fn use_trigger(
    world: &mut World,
    fake: &FakeSlack,
    by: &Caller,
    args: &Args,
) -> Result<(String, String), &'static str> {
    let trigger = args
        .text("trigger_id")
        .and_then(|id| world.triggers.get_mut(id))
        .filter(|trigger| by.teams.contains(&trigger.team))
        .ok_or("invalid_trigger_id")?;
    if trigger.used {
        return Err("exchanged_trigger_id");
    }
    if fake.now().saturating_sub(trigger.made_at) > fake.config().trigger_lifetime {
        return Err("expired_trigger_id");
    }
    trigger.used = true;
    Ok((trigger.user.clone(), trigger.team.clone()))
}

fn keep(world: &mut World, id: String, user: String, view: Value) -> Value {
    let answer = json!({ "view": view });
    world.views.insert(id, OpenView { user, view });
    world.revision += 1;
    answer
}

/// The fields Slack adds to a view.
fn complete(fake: &FakeSlack, by: &Caller, team: &str, mut view: Value, id: &str) -> Value {
    if let Some(blocks) = view.get_mut("blocks") {
        fill_block_ids(blocks, id);
    }
    let Some(fields) = view.as_object_mut() else {
        return view;
    };
    for (name, default) in [
        ("private_metadata", json!("")),
        ("callback_id", json!("")),
        ("external_id", json!("")),
        ("clear_on_close", json!(false)),
        ("notify_on_close", json!(false)),
        ("close", Value::Null),
        ("submit", Value::Null),
    ] {
        fields.entry(name).or_insert(default);
    }
    let given = json!({
        "id": id,
        "team_id": team,
        "app_id": fake.config().app_id,
        // An org-wide installation is named by its organisation.
        "app_installed_team_id": by.place.id(),
        "bot_id": by.bot_id,
        "root_view_id": id,
        "previous_view_id": null,
        "hash": format!("{}.{id}", fake.now().as_secs()),
        "state": { "values": {} },
    });
    if let Value::Object(given) = given {
        fields.extend(given);
    }
    view
}
