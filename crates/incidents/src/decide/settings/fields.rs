//! Single settings by their paths, such as `timers.update_minutes.P1` or `services.api.owners`.

use serde_json::{Value, json};
use tidegate_slack::mrkdwn::escape;

use super::items::{Items, entry};
use super::{Edited, Settings, edited};
use crate::model::severity::Severity;

/// Longest part that is shown, in characters: a message holds no more. The API answers all of it.
const SHOWN: usize = 2500;

/// Words that empty a setting.
const NOTHING: [&str; 3] = ["none", "off", "-"];

/// Shows a part as JSON.
pub(super) fn show(settings: &Settings, path: &str) -> Result<Edited, String> {
    let json = json_of(settings)?;
    let part = serde_json::to_string_pretty(find(&json, path)?).unwrap_or_default();
    let cut: String = part.chars().take(SHOWN).collect();
    let more = if cut.len() < part.len() {
        "\n… the API answers all of it"
    } else {
        ""
    };
    let said = format!("`{}`\n```{}{more}```", escape(path), escape(&cut));
    Ok(Edited::shown(said))
}

/// Sets a part to the typed value.
pub(super) fn set(settings: &Settings, path: &str, typed: &str) -> Result<Edited, String> {
    if typed.is_empty() {
        return Err(format!("The new value of `{}` is missing.", escape(path)));
    }
    let json = json_of(settings)?;
    let value = match path {
        "status_page" => status_page(typed)?,
        _ => value(path, find(&json, path).ok(), typed)?,
    };
    let shown = match &value {
        Value::Null => "off".to_owned(),
        Value::String(text) => escape(text),
        value => escape(&value.to_string()),
    };
    let said = format!("`{}` is now {shown}.", escape(path));
    edited(settings, said, |json| {
        let (parent, name) = parent(json, path)?;
        match parent.as_object_mut() {
            // A severity that is missing from a map of severities is off.
            Some(entries) if value.is_null() && is_by_severity(path) => {
                entries.remove(name);
            }
            _ => parent[name] = value,
        }
        Ok(())
    })
}

/// Resets a part to its default, or removes an entry.
pub(super) fn unset(settings: &Settings, path: &str) -> Result<Edited, String> {
    let defaults = json_of(&Settings::default())?;
    find(&json_of(settings)?, path)?;
    let said = format!("`{}` is back to its default.", escape(path));
    edited(settings, said, |json| {
        let (parent, name) = parent(json, path)?;
        match find(&defaults, path) {
            Ok(default) => parent[name] = default.clone(),
            Err(_) => {
                parent.as_object_mut().map(|entries| entries.remove(name));
            }
        }
        Ok(())
    })
}

/// Adds entries to a list, or removes them.
pub(super) fn list(
    settings: &Settings,
    path: &str,
    add: bool,
    items: Items<'_>,
) -> Result<Edited, String> {
    let entries = items.entries()?;
    if entries.is_empty() {
        return Err(format!(
            "Say what to {}.",
            if add { "add" } else { "remove" }
        ));
    }
    let shown = escape(path);
    let said = format!(
        "{} `{}` {} `{shown}`.",
        if add { "Added" } else { "Removed" },
        escape(&entries.join(", ")),
        if add { "to" } else { "from" },
    );
    edited(settings, said, |json| {
        let (parent, name) = parent(json, path)?;
        let list = parent.get_mut(name).and_then(Value::as_array_mut);
        let list = list.ok_or_else(|| format!("`{shown}` is no list."))?;
        for entry in entries {
            let place = list.iter().position(|one| *one == *entry);
            match (add, place) {
                (true, None) => list.push(entry.into()),
                (true, Some(_)) => {}
                (false, Some(place)) => {
                    list.remove(place);
                }
                (false, None) => {
                    return Err(format!("`{}` is not in `{shown}`.", escape(&entry)));
                }
            }
        }
        Ok(())
    })
}

/// The typed text, as a value of the kind that stands at that path.
fn value(path: &str, now: Option<&Value>, typed: &str) -> Result<Value, String> {
    let nothing = NOTHING.contains(&typed.to_lowercase().as_str());
    let shown = escape(path);
    match now {
        Some(Value::Array(_)) if nothing => Ok(json!([])),
        Some(Value::Array(_)) => Items::new(typed).entries().map(Value::from),
        Some(Value::Bool(_)) => match typed.to_lowercase().as_str() {
            "on" | "yes" | "true" => Ok(true.into()),
            "off" | "no" | "false" => Ok(false.into()),
            _ => Err(format!("`{shown}` takes `on` or `off`.")),
        },
        Some(Value::Object(_)) => serde_json::from_str(typed).map_err(|_| {
            format!("`{shown}` has parts of its own: set those, or give all of it as JSON.")
        }),
        Some(Value::Number(_)) | None if is_by_severity(path) && nothing => Ok(Value::Null),
        Some(Value::Number(_)) => number(&shown, typed),
        None if is_by_severity(path) => number(&shown, typed),
        Some(Value::Null | Value::String(_)) if nothing && is_optional(path) => Ok(Value::Null),
        Some(Value::Null | Value::String(_)) if path.starts_with("routing.") => {
            entry(typed).map(Value::from)
        }
        Some(Value::Null | Value::String(_)) | None => Ok(typed.into()),
    }
}

fn number(path: &str, typed: &str) -> Result<Value, String> {
    let number: u32 = typed.parse().map_err(|_| {
        format!("`{path}` takes a whole number; of what each severity has its own, also `off`.")
    })?;
    Ok(number.into())
}

/// Whether each severity has a number of its own there.
fn is_by_severity(path: &str) -> bool {
    let severity = path
        .strip_prefix("timers.")
        .and_then(|path| path.split_once('.'));
    severity.is_some_and(|(_, name)| Severity::parse(name).is_some())
}

/// Whether a text may be absent.
fn is_optional(path: &str) -> bool {
    let name = path.rsplit('.').next();
    path.starts_with("routing.") || matches!(name, Some("name" | "runbook"))
}

fn status_page(typed: &str) -> Result<Value, String> {
    let (kind, rest) = typed.split_once(' ').unwrap_or((typed, ""));
    match (kind.to_lowercase().as_str(), rest.trim()) {
        ("none" | "off", "") => Ok(json!({"kind": "none"})),
        ("built_in", title) if !title.is_empty() => Ok(json!({"kind": "built_in", "title": title})),
        ("statuspage", page_id) if !page_id.is_empty() => {
            Ok(json!({"kind": "statuspage", "page_id": page_id}))
        }
        _ => Err(escape(
            "`status_page` takes `none`, `built_in <title>` or `statuspage <page id>`.",
        )),
    }
}

fn json_of(settings: &Settings) -> Result<Value, String> {
    serde_json::to_value(settings).map_err(|_| "The settings cannot be shown.".to_owned())
}

fn find<'v>(json: &'v Value, path: &str) -> Result<&'v Value, String> {
    let mut at = json;
    for name in path.split('.') {
        at = at.get(name).ok_or_else(|| missing(path))?;
    }
    Ok(at)
}

/// The object that holds the part at that path, and the part's name in it.
fn parent<'v, 'p>(json: &'v mut Value, path: &'p str) -> Result<(&'v mut Value, &'p str), String> {
    let (above, name) = path.rsplit_once('.').unwrap_or(("", path));
    let mut at = json;
    for part in above.split('.').filter(|part| !part.is_empty()) {
        at = at.get_mut(part).ok_or_else(|| missing(path))?;
    }
    if !at.is_object() || name.is_empty() {
        return Err(missing(path));
    }
    Ok((at, name))
}

fn missing(path: &str) -> String {
    let path = escape(path);
    format!("There is no setting `{path}`; `/incident config` shows which there are.")
}
