//! Commands `/incident config`, `/incident template` and `/incident map`: pure functions from the typed text to the new
//! settings and the answer. The caller has checked that the asker is an admin.

mod fields;
mod items;
mod mapping;
mod overview;
mod templates;

use std::fmt::Write as _;

use serde_json::Value;

pub use self::mapping::{against_page, is_page_check, map};
pub use self::templates::template;
use tidegate_slack::mrkdwn::escape;

use self::items::Items;
use super::context::{DecisionContext, Reply, RequestError, Verdict, words_only};
use crate::model::permissions::Action;
use crate::model::settings::Settings;
use crate::model::settings::input;

/// The result of an edit.
pub struct Edited {
    /// The new settings; `None` if the command only shows something.
    pub changed: Option<Settings>,
    /// The answer, in Slack's markup. Text that people typed is escaped in it.
    pub said: String,
}

impl Edited {
    fn shown(said: String) -> Self {
        Self {
            changed: None,
            said,
        }
    }
}

/// Decides on an edit of the settings, which only an admin may make.
pub fn decide(
    context: &DecisionContext<'_>,
    edited: Result<Edited, String>,
) -> Result<Verdict, RequestError> {
    context.may_at_all(Action::Configure)?;
    Ok(match edited {
        Ok(Edited {
            changed: Some(settings),
            said,
        }) => Verdict::Settings(Box::new(settings), Reply::Message(words_only(&said))),
        Ok(Edited { said, .. }) | Err(said) => Verdict::markup(&said),
    })
}

/// Each form of the three commands, and what it does.
pub const USAGE: [(&str, &str); 21] = [
    ("config", "Show the settings."),
    ("config show <path>", "Show one of them whole."),
    (
        "config set <path> <value>",
        "Change one; for a list, all of its entries.",
    ),
    (
        "config unset <path>",
        "Put one back to its default, or take an entry away.",
    ),
    ("config add <list> <entries>", "Add to a list."),
    ("config remove <list> <entries>", "Take from a list."),
    ("config service add <slug> [name]", "Add a service."),
    ("config service remove <slug>", "Remove a service."),
    (
        "config owner add|remove <service> <people>",
        "Change who is invited to a service's incidents.",
    ),
    (
        "config channel p1|p2|<service> add|remove <channels>",
        "Change which channels are told.",
    ),
    (
        "config user p1|<service> add|remove <people>",
        "Change who gets direct messages.",
    ),
    (
        "config admin add|remove <people>",
        "Change who may do everything.",
    ),
    (
        "config guest add|remove <people>",
        "Change which guests are treated like members.",
    ),
    ("template list", "Show the templates."),
    ("template show <name>", "Show one whole."),
    (
        "template add <name> [sev:P2] [service:a,b] <title> [| description]",
        "Add a template, or change one.",
    ),
    ("template remove <name>", "Remove a template."),
    (
        "map list",
        "Show which components of the status page stand for which services.",
    ),
    (
        "map <service> <components>",
        "Let components stand for a service.",
    ),
    (
        "map remove <service> [components]",
        "Remove components from a service; without components, all of them.",
    ),
    ("map check", "Ask the status page whether it has them all."),
];

/// The usage of one of the three commands, a line each.
pub fn usage(command: &str) -> String {
    let lines = USAGE
        .iter()
        .filter(|(line, _)| line.split(' ').next() == Some(command));
    lines.fold(String::new(), |mut text, (line, about)| {
        let _ = writeln!(text, "`/incident {}`  {about}", escape(line));
        text
    })
}

/// The answer to a command that is typed alone: the matter, and how to change it.
fn with_usage(shown: &str, command: &str) -> String {
    format!("{shown}\n\n{}", usage(command))
}

/// `/incident config …`. The error is for the person who typed it.
pub fn config(settings: &Settings, text: &str) -> Result<Edited, String> {
    let mut items = Items::new(text);
    match items.keyword().as_deref() {
        None => Ok(Edited::shown(with_usage(&overview::of(settings), "config"))),
        Some("show") => match items.next() {
            Some(path) => fields::show(settings, path),
            None => Ok(Edited::shown(overview::of(settings))),
        },
        Some("set") => fields::set(settings, items.needed("path")?, &items.rest()),
        Some("unset") => fields::unset(settings, items.needed("path")?),
        Some("add") => fields::list(settings, items.needed("list")?, true, items),
        Some("remove") => fields::list(settings, items.needed("list")?, false, items),
        Some("service") => service(settings, items),
        Some("owner") => {
            let add = items.add_or_remove()?;
            let service = items.needed("service")?;
            fields::list(settings, &format!("services.{service}.owners"), add, items)
        }
        Some("channel") => {
            let path = match items.needed("`p1`, `p2` or service")? {
                "p1" | "P1" => "routing.p1_channels".to_owned(),
                "p2" | "P2" => "routing.p2_channels".to_owned(),
                service => format!("services.{service}.channels"),
            };
            let add = items.add_or_remove()?;
            fields::list(settings, &path, add, items)
        }
        Some("user") => {
            let path = match items.needed("`p1` or service")? {
                "p1" | "P1" => "routing.p1_users".to_owned(),
                service => format!("services.{service}.users"),
            };
            let add = items.add_or_remove()?;
            fields::list(settings, &path, add, items)
        }
        Some("admin") => {
            let add = items.add_or_remove()?;
            fields::list(settings, "admins", add, items)
        }
        Some("guest") => {
            let add = items.add_or_remove()?;
            fields::list(settings, "guests", add, items)
        }
        Some(other) => Err(unknown("config", other)),
    }
}

fn service(settings: &Settings, mut items: Items<'_>) -> Result<Edited, String> {
    let add = items.add_or_remove()?;
    let slug = items.needed("service")?.to_owned();
    let name = items.rest();
    let shown = escape(&slug);
    if add && settings.services.contains_key(&slug) {
        return Err(format!("There is a service `{shown}` already."));
    }
    if !add && !settings.services.contains_key(&slug) {
        return Err(no_service(settings, &slug));
    }
    let said = if add {
        format!("Added the service `{shown}`. Its owners: `/incident config owner add {shown} @…`")
    } else {
        format!("Removed the service `{shown}`.")
    };
    edited(settings, said, |json| {
        let services = &mut json["services"];
        match services.as_object_mut() {
            Some(services) if !add => {
                services.remove(&slug);
            }
            _ if name.is_empty() => services[&slug] = serde_json::json!({}),
            _ => services[&slug] = serde_json::json!({ "name": name }),
        }
        Ok(())
    })
}

/// The settings after a change to their JSON, if that gives any.
fn edited(
    settings: &Settings,
    said: String,
    change: impl FnOnce(&mut Value) -> Result<(), String>,
) -> Result<Edited, String> {
    let mut json = serde_json::to_value(settings).map_err(|_| "That cannot be changed.")?;
    change(&mut json)?;
    match input::read(&json) {
        Ok(changed) => Ok(Edited {
            changed: Some(changed),
            said,
        }),
        Err(problems) => {
            let lines = problems
                .iter()
                .take(20)
                .map(|problem| format!("• {}", escape(&problem.to_string())));
            let lines: Vec<String> = lines.collect();
            Err(format!("Nothing has changed:\n{}", lines.join("\n")))
        }
    }
}

fn unknown(command: &str, word: &str) -> String {
    let word = escape(word);
    format!(
        "`{word}` is nothing that `/incident {command}` knows.\n{}",
        usage(command)
    )
}

fn no_service(settings: &Settings, slug: &str) -> String {
    let slug = escape(slug);
    if settings.services.is_empty() {
        return format!(
            "There is no service `{slug}`. Add it: `/incident config service add {slug}`"
        );
    }
    let all: Vec<&str> = settings.services.keys().map(String::as_str).collect();
    format!(
        "There is no service `{slug}`. There are: {}",
        all.join(", ")
    )
}

#[cfg(test)]
mod tests;
