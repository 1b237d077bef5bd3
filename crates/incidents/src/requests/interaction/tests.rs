//! Reading forms back: each returns what was entered.

use proptest::prelude::*;
use serde_json::{Value, json};
use tidegate_slack::text::length;

use super::*;
use crate::model::incident::MAX_TITLE;
use crate::render::expired_form::{OpenForm, message_of};
use crate::render::modals::declare::{Declare, modal};
use crate::render::reminder;

/// The request of an interaction, given the fields that differ.
fn request(mut payload: Value) -> Option<(RequestKind, Subject)> {
    payload["user"] = json!({"id": "U1", "team_id": "T1"});
    let text = payload.to_string();
    let request = read(&Interaction::parse(&text).unwrap())?;
    Some((request.kind, request.subject))
}

/// The request of a click on an element.
fn click(element: &Value) -> Option<(RequestKind, Subject)> {
    let action = json!({"action_id": element["action_id"], "block_id": "b", "type": "button", "value": element["value"]});
    request(json!({"type": "block_actions", "channel": {"id": "C1"}, "actions": [action]}))
}

/// The form that opens once somebody clicks the button of one that came too late.
fn opened_late(form: &Form) -> Form {
    let shown = message_of(&OpenForm {
        form: form.clone(),
        incident: None,
    });
    match click(&shown["blocks"][1]["elements"][0]) {
        Some((RequestKind::Open(form), Subject::Channel(_))) => form,
        _ => panic!("the button opens no form: {shown}"),
    }
}

/// Sends a modal as Slack does when somebody leaves every field as it opened.
fn sent_as_it_opened(view: &Value) -> Option<(RequestKind, Subject)> {
    let mut values = serde_json::Map::new();
    for block in view["blocks"].as_array().unwrap() {
        let Some(element) = block.get("element") else {
            continue;
        };
        let action = element["action_id"].as_str().unwrap();
        let entered = json!({
            "type": element["type"],
            "value": element["initial_value"],
            "selected_option": element["initial_option"],
            "selected_options": element["initial_options"],
            "selected_user": element["initial_user"],
        });
        let id = block["block_id"].as_str().unwrap();
        values.insert(id.to_owned(), json!({ action: entered }));
    }
    request(json!({"type": "view_submission", "view": {
        "callback_id": view["callback_id"],
        "private_metadata": view["private_metadata"],
        "state": {"values": values},
    }}))
}

fn source() -> Source {
    Source {
        channel: "C1".into(),
        ts: "1795262400.000100".into(),
    }
}

#[test]
fn a_title_that_begins_with_a_flag_stays_a_title() {
    let form = Form::Declare(Box::new(Declaration {
        title: "Private keys leaked".to_owned(),
        ..Declaration::default()
    }));
    assert!(opened_late(&form) == form);
}

#[test]
fn a_template_keeps_the_message_that_the_form_was_opened_from() {
    let metadata = Metadata {
        source: Some(source()),
        ..Metadata::default()
    };
    let choice = json!({
        "action_id": modals::declare::TEMPLATE_ACTION,
        "block_id": "template",
        "selected_option": {"value": "database"},
    });
    let (ask, _) = request(json!({
        "type": "block_actions",
        "view": {"id": "V1", "callback_id": modals::declare::CALLBACK, "private_metadata": json!(metadata).to_string()},
        "actions": [choice],
    }))
    .unwrap();
    let known = Declaration {
        template: Some("database".to_owned()),
        source: Some(source()),
        ..Declaration::default()
    };
    assert!(ask == RequestKind::Open(Form::Declare(Box::new(known))));
}

#[test]
fn every_button_of_a_reminder_means_its_kind() {
    for kind in TimerKind::ALL {
        let shown = reminder::message_of(&crate::render::fixture::incident(), kind, &[]);
        let row = shown["blocks"].get(1).map(|block| &block["elements"]);
        for element in row.and_then(Value::as_array).into_iter().flatten() {
            match element["action_id"].as_str().unwrap() {
                "incident.remind_stop" => {
                    assert!(click(element).unwrap().0 == RequestKind::StopReminder(kind));
                }
                "incident.snooze" => {
                    for (option, minutes) in [(0, 30), (1, 60), (2, 90)] {
                        let mut chosen = element.clone();
                        chosen["value"] = element["options"][option]["value"].clone();
                        assert!(click(&chosen).unwrap().0 == RequestKind::Snooze(kind, minutes));
                    }
                }
                "incident.claim" => {
                    let mut chosen = element.clone();
                    chosen["value"] = element["options"][0]["value"].clone();
                    let claim = RequestKind::Command(Command::Claim(RoleName::Deputy));
                    assert!(click(&chosen).unwrap().0 == claim);
                }
                _ => assert!(click(element).is_some(), "{element}"),
            }
        }
    }
}

/// Text that looks like a command, a flag, an option, a mention or mark-up, of `most` characters at most.
fn entered(most: usize) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "private",
            "Drill",
            "triage ",
            " sev:P1 ",
            "service:api,web",
            "template:x",
            "\"",
            "\\",
            "“",
            "<@U1|ana>",
            "<!channel>",
            "&amp;",
            "😀",
            ":fire:",
            "\n",
            "\t",
            " ",
            "INC-12",
            "at 14:05",
            "due:2d",
        ])
        .prop_map(str::to_owned),
        ".{0,5}",
    ];
    prop::collection::vec(piece, 0..most / 4)
        .prop_map(move |pieces| pieces.concat().chars().take(most).collect())
}

prop_compose! {
    fn declaration_of()(
        title in entered(MAX_TITLE),
        severity in prop::option::of(prop::sample::select(Severity::ALL.to_vec())),
        services in prop::collection::vec(entered(40), 0..=5),
        (private, drill, triage) in any::<(bool, bool, bool)>(),
        template in prop::option::of(entered(40)),
        description in prop::option::of(entered(MAX_QUOTE)),
        from_message in any::<bool>(),
    ) -> Declaration {
        let source = from_message.then(source);
        Declaration { title, severity, services, description, private, drill, triage, template, source, ..Declaration::default() }
    }
}

proptest! {
    #[test]
    fn a_late_form_opens_with_what_was_entered(known in declaration_of(), text in entered(MAX_QUOTE)) {
        let typed = Declaration { description: None, ..known.clone() };
        for form in [
            Form::Declare(Box::new(typed)),
            Form::Update,
            Form::Severity,
            Form::Resolve,
        ] {
            prop_assert!(opened_late(&form) == form);
        }
        // The text of a message may have no room. Then it is left out, and nothing else is.
        for form in [
            Form::Declare(Box::new(known)),
            Form::AddToTimeline(source(), text.clone()),
            Form::MakeTask(source(), text.clone()),
        ] {
            let mut without = form.clone();
            without.leave_out();
            let fits = length(&json!(form).to_string()) < 1900;
            let opened = opened_late(&form);
            prop_assert!(opened == form || (opened == without && !fits));
        }
    }

    #[test]
    fn a_declaration_is_sent_as_its_form_opened(known in declaration_of()) {
        let short = |text: &str, most: usize| -> String {
            let mut text: String = text.trim().to_owned();
            while length(&text) > most { text.pop(); }
            text.trim().to_owned()
        };
        let title = short(&known.title, MAX_TITLE);
        let description = known.description.as_deref().map(|text| short(text, 3000)).unwrap_or_default();
        let options: Vec<&str> = [("private", known.private), ("drill", known.drill), ("triage", known.triage)]
            .into_iter()
            .filter_map(|(name, is)| is.then_some(name))
            .collect();
        let services = [("api".to_owned(), "API".to_owned()), ("web".to_owned(), "Web".to_owned())];
        let view = modal(&Declare {
            services: &services,
            title: &title,
            severity: known.severity.unwrap_or_default(),
            chosen: &["web".to_owned()],
            commander: Some("U2".into()),
            options: &options,
            description: &description,
            metadata: Metadata { source: known.source.clone(), ..Metadata::default() },
            ..Declare::default()
        });
        let expected = Declaration {
            title,
            severity: Some(known.severity.unwrap_or_default()),
            services: vec!["web".to_owned()],
            commander: Some("U2".into()),
            description: Some(description).filter(|text| !text.is_empty()),
            template: None,
            ..known
        };
        let (ask, _) = sent_as_it_opened(&view).unwrap();
        prop_assert!(ask == RequestKind::Declare(Box::new(expected)));
    }
}
