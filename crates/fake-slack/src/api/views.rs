//! `views.open`: a trigger opens one modal, within three seconds.

use std::time::Duration;

use serde_json::{Value, json};

use super::Answer;
use super::request::Args;
use crate::blocks::fill_block_ids;
use crate::caller::Caller;
use crate::fake::FakeSlack;
use crate::records::OpenView;

const TRIGGER_LIFETIME: Duration = Duration::from_secs(3);
const METADATA_LIMIT: usize = 3000;

pub(super) fn open(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let mut view = args
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
    if view.get("type").and_then(Value::as_str) != Some("modal") || blocks.len() > 100 || too_long {
        return Err("invalid_arguments".into());
    }
    let now = fake.now();
    let mut world = fake.world();
    let trigger = args
        .text("trigger_id")
        .and_then(|id| world.triggers.get_mut(id))
        .filter(|trigger| by.teams.contains(&trigger.team))
        .ok_or("invalid_trigger_id")?;
    if trigger.used {
        return Err("exchanged_trigger_id".into());
    }
    if now.saturating_sub(trigger.made_at) > TRIGGER_LIFETIME {
        return Err("expired_trigger_id".into());
    }
    trigger.used = true;
    let (user, team) = (trigger.user.clone(), trigger.team.clone());
    let id = world.next_id("V", now);
    if let Some(blocks) = view.get_mut("blocks") {
        fill_block_ids(blocks, &id);
    }
    complete(fake, by, &team, &mut view, &id);
    world.views.insert(
        id,
        OpenView {
            user,
            view: view.clone(),
        },
    );
    world.revision += 1;
    Ok(json!({ "view": view }))
}

/// The fields Slack adds to a view.
fn complete(fake: &FakeSlack, by: &Caller, team: &str, view: &mut Value, id: &str) {
    let Some(view) = view.as_object_mut() else {
        return;
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
        view.entry(name).or_insert(default);
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
        view.extend(given);
    }
}
