//! Tests of the form that declares an incident.

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
    let metadata: Value = serde_json::from_str(view["private_metadata"].as_str().unwrap()).unwrap();
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
