//! An incident for tests of rendering, and checks that every output must pass.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::text::length;

use super::value::parse_value;
use crate::model::actor::Actor;
use crate::model::incident::{Incident, IncidentId};
use crate::model::timeline::{Entry, EntryKind, NewEntry};

/// The time of the tests: 2026-11-21 10:30 UTC.
pub(super) const NOW: Timestamp = Timestamp(1_795_257_000_000);

/// INC-4, a P1 with a commander, twenty minutes old. Read from JSON, so that a field with a default may come to it.
pub(crate) fn incident() -> Incident {
    let declared = Timestamp(NOW.0 - 20 * 60_000);
    let incident = json!({
        "id": IncidentId::new(declared, "test"),
        "number": 4,
        "title": "Checkout fails",
        "status": "identified",
        "severity": "P1",
        "services": ["checkout"],
        "reporter": {"person": "UREPORTER"},
        "roles": [
            {"role": "commander", "user": "UCOMMANDER", "since": declared, "by": {"person": "UREPORTER"}},
        ],
        "participants": ["UREPORTER", "UCOMMANDER"],
        "watchers": [],
        "private": false,
        "drill": false,
        "milestones": {"declared": declared, "acknowledged": declared.0 + 60_000},
        "summary": "The database is full",
        "updated_at": declared,
        "next_update_at": NOW.0 + 600_000,
        "channel_name": "inc-20261121-checkout",
        "seq": 0,
        "chain": "",
        "version": 7,
    });
    serde_json::from_value(incident).unwrap()
}

/// A timeline with these texts and valid hashes.
pub(super) fn entries(texts: &[&str]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for text in texts {
        let (seq, chain) = entries.last().map_or((0, ""), |e| (e.seq, e.hash.as_str()));
        let new = NewEntry {
            at: NOW,
            kind: EntryKind::StatusUpdate,
            text: (*text).to_owned(),
            source: None,
        };
        let actor = Actor::Person("UREPORTER".into());
        let next = Entry::after(seq, chain, new, &actor, NOW);
        entries.push(next);
    }
    entries
}

/// Texts that want to break out: tokens, entities, line ends, emoji, no text at all, far too much of it.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<@U1>".to_owned()),
        Just("<!channel>".to_owned()),
        Just("<https://x|y>".to_owned()),
        Just("&".to_owned()),
        Just("\n".to_owned()),
        Just("*😀_`".to_owned()),
        ".{0,5}",
    ];
    prop_oneof![
        15 => prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()),
        1 => Just("<&😀>".repeat(2500)),
    ]
}

/// Checks every message or view: Slack's limits, parseable values, and no markup tokens except Tidegate's.
pub(super) fn check(shown: &Value) {
    if let Some(text) = shown.get("text").filter(|_| shown.get("blocks").is_some()) {
        let text = text.as_str().unwrap();
        assert!(!text.trim().is_empty(), "a fallback text");
        check_markup(text);
    }
    let most = if shown["type"].is_string() { 100 } else { 50 };
    let blocks = shown["blocks"].as_array().unwrap();
    assert!(
        (1..=most).contains(&blocks.len()),
        "{} blocks",
        blocks.len()
    );
    for block in blocks {
        let ids = block["elements"].as_array().into_iter().flatten();
        let ids: Vec<_> = ids.filter_map(|e| e["action_id"].as_str()).collect();
        let distinct: BTreeSet<_> = ids.iter().collect();
        assert_eq!(
            distinct.len(),
            ids.len(),
            "one action twice in a row: {ids:?}"
        );
    }
    if let Some(metadata) = shown["private_metadata"].as_str() {
        assert!(length(metadata) <= 3000);
        serde_json::from_str::<Value>(metadata).unwrap();
    }
    walk(shown);
}

/// The same checks for a message to one person, which must not mention anybody by user input.
pub(super) fn check_for_one(shown: &Value) {
    let unnamed = shown.to_string().replace("<@U1>", "@U1");
    check(&serde_json::from_str(&unnamed).unwrap());
}

fn walk(value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(walk),
        Value::Object(map) => {
            check_object(value);
            map.values().for_each(walk);
        }
        _ => {}
    }
}

fn check_object(object: &Value) {
    let text = |key: &str| object[key]["text"].as_str().unwrap_or_default();
    match object["type"].as_str() {
        Some("mrkdwn") => {
            let markup = object["text"].as_str().unwrap();
            assert!((1..=3000).contains(&length(markup)), "{markup}");
            check_markup(markup);
        }
        Some("plain_text") => {
            let text = object["text"].as_str().unwrap();
            assert!(!text.trim().is_empty() && length(text) <= 150, "{text}");
        }
        Some("header") => assert!(length(text("text")) <= 150),
        Some("modal") => assert!(length(text("title")) <= 24, "{}", text("title")),
        Some("button") => {
            assert!(length(text("text")) <= 75);
            assert!(length(object["value"].as_str().unwrap()) <= 2000);
        }
        Some("section") => {
            let fields = object["fields"].as_array().map_or(1, Vec::len);
            assert!((1..=10).contains(&fields));
        }
        Some("context") => assert!(object["elements"].as_array().unwrap().len() <= 10),
        Some("static_select" | "multi_static_select" | "checkboxes") => {
            let options = object["options"].as_array().unwrap();
            let most = if object["type"] == "checkboxes" {
                10
            } else {
                100
            };
            assert!((1..=most).contains(&options.len()));
            for option in options {
                let label = option["text"]["text"].as_str().unwrap();
                assert!((1..=75).contains(&length(label)), "{label}");
                assert!((1..=150).contains(&length(option["value"].as_str().unwrap())));
            }
        }
        Some("plain_text_input") => {
            let most = object["max_length"].as_u64().unwrap();
            assert!(most <= 3000);
            let initial = length(object["initial_value"].as_str().unwrap_or_default());
            assert!(initial <= usize::try_from(most).unwrap());
        }
        _ => {}
    }
    let action = object["action_id"].as_str().unwrap_or_default();
    assert!(action.len() <= 255);
    // Every value that names an incident can be parsed.
    if let Some(value) = object["value"].as_str().filter(|v| v.starts_with("{\"i\"")) {
        assert!(parse_value(value).is_some(), "{value}");
    }
}

/// Allows `<` in Tidegate's own tokens only, and no mention that comes from user input.
fn check_markup(markup: &str) {
    for foreign in ["<@U1>", "<!channel>", "<!here>", "<https://x|y>"] {
        assert!(!markup.contains(foreign), "{markup}");
    }
    let mut rest = markup;
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').expect("a token that ends");
        let token = &rest[at + 1..at + end];
        let ours = ["@U", "#C", "!date^", "https://"];
        assert!(ours.iter().any(|o| token.starts_with(o)), "{token}");
        assert!(!token.contains('<'), "{token}");
        rest = &rest[at + end + 1..];
    }
}
