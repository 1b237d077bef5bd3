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
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::render::fixture::{check, hostile};

    fn block<'a>(view: &'a Value, id: &str) -> Option<&'a Value> {
        let blocks = view["blocks"].as_array().unwrap();
        blocks.iter().find(|block| block["block_id"] == id)
    }

    fn named(n: usize) -> Vec<(String, String)> {
        (0..n)
            .map(|n| (format!("s{n:03}"), format!("Service {n:03}")))
            .collect()
    }

    #[test]
    fn it_asks_what_the_seed_asks_and_more() {
        let (services, templates) = (named(2), vec![("db".to_owned(), "Database".to_owned())]);
        let chosen = ["s001".to_owned()];
        let view = modal(&Declare {
            services: &services,
            templates: &templates,
            commander: Some("UME".into()),
            chosen: &chosen,
            options: &["drill"],
            ..Declare::default()
        });
        check(&view);
        let ids: Vec<_> = view["blocks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|b| b["block_id"].as_str())
            .collect();
        let expected = [
            "template",
            "title",
            "severity",
            "service",
            "commander",
            "options",
            "description",
        ];
        assert_eq!(ids, expected.map(Some));
        let element = |id| &block(&view, id).unwrap()["element"];
        assert_eq!(element("severity")["initial_option"]["value"], "P2");
        assert_eq!(element("title")["max_length"], 100);
        assert_eq!(element("commander")["initial_user"], "UME");
        assert_eq!(element("service")["initial_options"][0]["value"], "s001");
        assert_eq!(element("options")["initial_options"][0]["value"], "drill");
    }

    #[test]
    fn ingress_finds_the_limits_it_checks() {
        let view = modal(&Declare::default());
        let metadata: Value =
            serde_json::from_str(view["private_metadata"].as_str().unwrap()).unwrap();
        assert_eq!(
            metadata["limits"]["title"],
            json!({"required": true, "max": 100})
        );
        assert_eq!(metadata["limits"]["severity"], json!({"required": true}));
        assert!(block(&view, "service").is_none() && block(&view, "template").is_none());
    }

    #[test]
    fn of_too_many_services_the_first_are_shown_and_the_chosen_one() {
        let services = named(150);
        let chosen = ["s149".to_owned()];
        let view = modal(&Declare {
            services: &services,
            chosen: &chosen,
            ..Declare::default()
        });
        check(&view);
        let options = block(&view, "service").unwrap()["element"]["options"]
            .as_array()
            .unwrap();
        assert_eq!(
            (options.len(), &options[99]["value"]),
            (100, &json!("s149"))
        );
        assert!(view.to_string().contains("100 of 150 services"));
    }

    #[test]
    fn a_chosen_template_brings_its_words() {
        let action = |template| {
            let view = modal(&Declare {
                template,
                title: "Database",
                ..Declare::default()
            });
            block(&view, "title").unwrap()["element"]["action_id"].clone()
        };
        assert_ne!(action(None), action(Some("db")));
    }

    proptest! {
        #[test]
        fn any_words_make_a_modal_that_slack_takes(
            words in hostile(), slug in "[a-z0-9-]{1,40}", n in 0usize..130,
        ) {
            let mut services = named(n);
            services.push((slug.clone(), words.clone()));
            let view = modal(&Declare {
                services: &services,
                templates: &[(slug.clone(), words.clone())],
                template: Some(&slug),
                title: &words,
                description: &words,
                chosen: std::slice::from_ref(&slug),
                metadata: Metadata { channel: Some(words.as_str().into()), ..Metadata::default() },
                ..Declare::default()
            });
            check(&view);
        }
    }
}
