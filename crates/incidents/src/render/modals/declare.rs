//! The modal that declares an incident.

use serde_json::Value;
use tidegate_slack::blocks::limits::OPTIONS;
use tidegate_slack::blocks::{Field, Question};
use tidegate_slack::ids::UserId;

use super::{Metadata, view};
use crate::model::incident::{MAX_SERVICES, MAX_TITLE};
use crate::model::severity::Severity;

/// The modal's callback id.
pub const CALLBACK: &str = "declare_incident_modal";

/// The action id of the template's select. Choosing a template immediately fills in the other fields.
pub const TEMPLATE_ACTION: &str = "incident.template";

/// The choices of the modal and its initial values.
#[derive(Debug, Clone, Default)]
pub struct Declare<'a> {
    /// The workspace's services, as `(slug, name)`.
    pub services: &'a [(String, String)],
    /// The workspace's templates, as `(key, title)`.
    pub templates: &'a [(String, String)],
    /// The key of the chosen template; `None` before one is chosen.
    pub template: Option<&'a str>,
    /// The title that the field begins with; empty leaves it blank.
    pub title: &'a str,
    /// The severity that is initially chosen.
    pub severity: Severity,
    /// The slugs of the services that are initially chosen.
    pub chosen: &'a [String],
    /// The initial commander: the person who opens the modal.
    pub commander: Option<UserId>,
    /// The options that are initially ticked, out of `private`, `drill` and `triage`.
    pub options: &'a [&'a str],
    /// The description that the field begins with; empty leaves it blank.
    pub description: &'a str,
    /// The data that the modal carries to its submission.
    pub metadata: Metadata,
}

/// Renders the modal. Its block ids are `template`, `title`, `severity`, `service`, `commander`, `options` and
/// `description`.
pub fn modal(declare: &Declare<'_>) -> Value {
    let mut fields = Vec::new();
    fields.extend(template(declare));
    // Slack replaces the content of a field only if its action id changes.
    let action = |name: &str| match declare.template {
        Some(template) => format!("{name}.{template}").chars().take(200).collect(),
        None => name.to_owned(),
    };
    let title = Question {
        id: "title",
        label: "What is wrong?",
        required: true,
    };
    fields.push(Field::text(
        &title,
        &action("title"),
        MAX_TITLE,
        declare.title,
        false,
    ));
    fields.push(severity(declare, &action("severity")));
    fields.extend(service(declare, &action("service")));
    let commander = Question {
        id: "commander",
        label: "Commander",
        required: true,
    };
    fields.push(Field::user(
        &commander,
        "commander",
        declare.commander.as_ref(),
    ));
    fields.push(options(declare));
    let description = Question {
        id: "description",
        label: "What do you see?",
        required: false,
    };
    fields.push(Field::text(
        &description,
        &action("description"),
        3000,
        declare.description,
        true,
    ));
    view(
        CALLBACK,
        "Declare an incident",
        "Declare",
        &declare.metadata,
        fields,
    )
}

fn template(declare: &Declare<'_>) -> Option<Field> {
    if declare.templates.is_empty() {
        return None;
    }
    let ask = Question {
        id: "template",
        label: "Template",
        required: false,
    };
    let options: Vec<_> = declare
        .templates
        .iter()
        .take(OPTIONS)
        .map(|(key, title)| (title.clone(), key.clone()))
        .collect();
    Some(Field::select(&ask, TEMPLATE_ACTION, &options, declare.template).dispatched())
}

fn severity(declare: &Declare<'_>, action: &str) -> Field {
    let ask = Question {
        id: "severity",
        label: "Severity",
        required: true,
    };
    Field::select(&ask, action, &severities(), Some(declare.severity.as_str()))
        .hint("In doubt, take the worse one. It can be lowered later.")
}

/// All severities with their meanings, as `(label, value)`.
pub(super) fn severities() -> Vec<(String, String)> {
    let meaning = |severity| match severity {
        Severity::P1 => "P1 – critical: all hands, at any hour",
        Severity::P2 => "P2 – major",
        Severity::P3 => "P3 – minor",
        Severity::P4 => "P4 – cosmetic",
    };
    let all = Severity::ALL.into_iter();
    all.map(|s| (meaning(s).to_owned(), s.as_str().to_owned()))
        .collect()
}

fn service(declare: &Declare<'_>, action: &str) -> Vec<Field> {
    if declare.services.is_empty() {
        return vec![Field::note(
            "No services are set up. An admin can add them with `/incident config service add`.",
        )];
    }
    let mut services: Vec<_> = declare
        .services
        .iter()
        .map(|(slug, name)| (name.clone(), slug.clone()))
        .collect();
    services.sort();
    // Chosen services come first, so that they remain among the options.
    services.sort_by_key(|(_, slug)| !declare.chosen.contains(slug));
    let all = services.len();
    services.truncate(OPTIONS);
    services.sort();
    let ask = Question {
        id: "service",
        label: "Services",
        required: false,
    };
    let mut fields = vec![Field::multi_select(
        &ask,
        action,
        &services,
        declare.chosen,
        MAX_SERVICES,
    )];
    if all > OPTIONS {
        fields.push(Field::note(&format!(
            "{OPTIONS} of {all} services are shown. For another, use `/incident declare` with `service:` and its name."
        )));
    }
    fields
}

fn options(declare: &Declare<'_>) -> Field {
    let ask = Question {
        id: "options",
        label: "Options",
        required: false,
    };
    let all = [
        (
            "Private: only participants and admins know of it",
            "private",
        ),
        ("Drill: a rehearsal, outside the statistics", "drill"),
        ("Triage: tell nobody yet, somebody looks first", "triage"),
    ];
    Field::checkboxes(&ask, "options", &all, declare.options)
}

#[cfg(test)]
mod tests;
