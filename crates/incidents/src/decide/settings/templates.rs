//! `/incident template …`: lists, shows, stores and removes the templates that declarations are filled in from.

use tidegate_slack::mrkdwn::escape;

use super::items::{Items, plain};
use super::{Edited, Settings, edited, fields, unknown, with_usage};
use crate::model::severity::Severity;
use crate::model::templates::Template;

/// `/incident template …`. The error is for the person who typed it.
pub fn template(settings: &Settings, text: &str) -> Result<Edited, String> {
    let mut items = Items::new(text);
    match items.keyword().as_deref() {
        None => Ok(Edited::shown(with_usage(&list(settings), "template"))),
        Some("list") => Ok(Edited::shown(list(settings))),
        Some("show") => {
            let name = items.needed("template's name")?;
            known(settings, name)?;
            fields::show(settings, &format!("templates.{name}"))
        }
        Some("add") => add(settings, items),
        Some("remove") => {
            let name = items.needed("template's name")?;
            known(settings, name)?;
            let said = format!("Removed the template `{}`.", escape(name));
            edited(settings, said, |json| {
                json["templates"]
                    .as_object_mut()
                    .map(|all| all.remove(name));
                Ok(())
            })
        }
        Some(other) => Err(unknown("template", other)),
    }
}

fn add(settings: &Settings, mut items: Items<'_>) -> Result<Edited, String> {
    let name = items.needed("template's name")?;
    let mut template = Template::default();
    let mut title: Vec<&str> = Vec::new();
    let rest = items.remaining();
    let (head, description) = rest.split_once('|').unwrap_or((rest, ""));
    for word in head.split_whitespace() {
        match word.split_once(':') {
            Some(("sev" | "severity", severity)) => {
                let severity = Severity::parse(severity);
                template.severity = severity.ok_or("severity must be one of P1, P2, P3, P4")?;
            }
            Some(("service" | "services", slugs)) => {
                let slugs = slugs.split(',').filter(|slug| !slug.is_empty());
                template.services = slugs.map(str::to_owned).collect();
            }
            _ => title.push(word),
        }
    }
    template.title = plain(&title.join(" "));
    template.description = plain(description.trim());
    let said = format!("The template `{}` is stored.", escape(name));
    edited(settings, said, |json| {
        json["templates"][name] = serde_json::to_value(&template).unwrap_or_default();
        Ok(())
    })
}

fn list(settings: &Settings) -> String {
    if settings.templates.is_empty() {
        return "There are no templates. `/incident template add` makes one.".to_owned();
    }
    let line = |(name, template): (&String, &Template)| {
        let services = match template.services.as_slice() {
            [] => String::new(),
            services => format!(" ({})", escape(&services.join(", "))),
        };
        let (severity, title) = (template.severity, escape(&template.title));
        format!("`{}` {severity} {title}{services}", escape(name))
    };
    settings
        .templates
        .iter()
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

fn known(settings: &Settings, name: &str) -> Result<(), String> {
    if settings.templates.contains_key(name) {
        return Ok(());
    }
    let all: Vec<&str> = settings.templates.keys().map(String::as_str).collect();
    let all = if all.is_empty() {
        "none".to_owned()
    } else {
        all.join(", ")
    };
    Err(format!(
        "There is no template `{}`. There are: {all}",
        escape(name)
    ))
}
