//! Declarations as they were typed, filled in or sent, what a template adds to them, and the problems that they can have.

use tidegate_slack::prose;
use tidegate_slack::prose::{Prose, code};

use crate::command;
use crate::model::form::Declaration;
use crate::model::incident::{MAX_SERVICES, MAX_TITLE};
use crate::model::settings::Settings;

/// The declaration that a command describes; fields that were not typed are empty.
pub fn typed(known: &command::Declare) -> Declaration {
    Declaration {
        title: known.title.clone().unwrap_or_default(),
        severity: known.severity,
        services: known.services.clone(),
        private: known.private,
        drill: known.drill,
        triage: known.triage,
        template: known.template.clone(),
        ..Declaration::default()
    }
}

/// Fills the empty fields from the template.
pub fn from_template(
    mut declaration: Declaration,
    settings: &Settings,
) -> Result<Declaration, Prose> {
    let Some(name) = &declaration.template else {
        return Ok(declaration);
    };
    let Some(template) = settings.templates.get(name) else {
        let known: Vec<&str> = settings.templates.keys().map(String::as_str).collect();
        let known = known.join(", ");
        return Err(prose!(
            "There is no template ",
            code(name),
            ". There are: ",
            known,
            "."
        ));
    };
    if declaration.title.trim().is_empty() {
        declaration.title.clone_from(&template.title);
    }
    declaration.severity = declaration.severity.or(Some(template.severity));
    if declaration.services.is_empty() {
        declaration.services.clone_from(&template.services);
    }
    if declaration.description.is_none() && !template.description.is_empty() {
        declaration.description = Some(template.description.clone());
    }
    Ok(declaration)
}

/// The problems of a declaration, field by field: `title`, `service`.
pub fn check(declaration: &Declaration, settings: &Settings) -> Vec<(&'static str, Prose)> {
    let mut wrong = Vec::new();
    let length = declaration.title.trim().chars().count();
    if length == 0 {
        wrong.push(("title", "Say in a line what is wrong.".into()));
    } else if length > MAX_TITLE {
        wrong.push((
            "title",
            prose!(
                MAX_TITLE,
                " characters at most, please: there are ",
                length,
                "."
            ),
        ));
    }
    if declaration.services.len() > MAX_SERVICES {
        wrong.push(("service", prose!(MAX_SERVICES, " services at most.")));
    }
    let unknown: Vec<&str> = declaration
        .services
        .iter()
        .map(String::as_str)
        .filter(|slug| !settings.services.contains_key(*slug))
        .collect();
    if !unknown.is_empty() {
        let known: Vec<&str> = settings.services.keys().map(String::as_str).collect();
        let known = if known.is_empty() {
            "none yet".to_owned()
        } else {
            known.join(", ")
        };
        let none = if unknown.len() == 1 {
            " is no service here"
        } else {
            " are no services here"
        };
        wrong.push((
            "service",
            prose!(
                Prose::joined(unknown.iter().map(code), ", "),
                none,
                ". There are: ",
                known,
                "."
            ),
        ));
    }
    wrong
}
