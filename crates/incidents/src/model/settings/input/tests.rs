//! Any input yields settings or problems, and valid settings stay valid when they are stored and read again.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[test]
fn an_empty_document_is_the_defaults() {
    let read = read(&json!({})).ok().unwrap();
    assert!(read == Settings::default());
}

#[test]
fn every_misfit_is_told_and_nothing_unknown_is_passed_over() {
    let input = json!({
        "services": {"api": {"owners": "U1A", "colour": 1}, "web": {"owners": ["bob"], "color": 1}, "db": 7},
        "templates": {"down": {"title": "Down", "services": ["api", "gone"]}, "bad": {"severity": "P9"}},
        "timers": {"soak_minutes": -1},
        "routing": {"general": "C1A", "p3_channels": []},
        "policy": "anarchy",
        "status_page": {"kind": "none", "title": "x"},
        "approval": ["p1"],
        "reactions": ["a b"],
        "colour": 1,
    });
    let problems = read(&input).err().unwrap();
    let problems: Vec<String> = problems.iter().map(Problem::to_string).collect();
    for start in [
        "`services.api.owners`: takes a list",
        "`services.api.colour`: there is no such setting",
        "`services.db`: takes a JSON object",
        "`services.web.color`: there is no such setting",
        "`templates.bad.severity`: takes one of `P1`, `P2`, `P3`, `P4`",
        "`templates.down.services[1]`: \"gone\" is none of the services",
        "`timers.soak_minutes`: takes a whole number from 0",
        "`routing.p3_channels`: there is no such setting",
        "`policy`: takes one of `standard`, `strict`, `open`",
        "`status_page.title`: there is no such setting",
        "`approval[0]`: takes one of `P1`",
        "`reactions[0]`: \"a b\" is no emoji",
        "`colour`: there is no such setting",
    ] {
        let times = problems.iter().filter(|p| p.starts_with(start)).count();
        assert_eq!(times, 1, "{start}: {problems:#?}");
    }
    assert_eq!(problems.len(), 13, "{problems:#?}");
}

#[test]
fn what_is_no_object_is_no_settings() {
    for input in [json!(null), json!([]), json!("x"), json!(1)] {
        assert_eq!(read(&input).err().unwrap().len(), 1);
    }
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-5i64..100_000).prop_map(Value::from),
        Just(json!(1.5)),
        prop_oneof![
            "U[A-Z0-9]{2}",
            "C[A-Z0-9]{2}",
            "P[1-5]",
            "[a-z]{1,4}",
            ".{0,6}"
        ]
        .prop_map(Value::from),
    ];
    let name = prop_oneof![
        4 => prop::sample::select(vec![
            "services", "routing", "policy", "admins", "guests", "approval", "roles", "timers", "templates",
            "status_page", "reactions", "escalation", "name", "owners", "channels", "users", "components", "runbook",
            "general", "p1_channels", "p1_users", "ack_minutes", "soak_minutes", "working_hours", "from", "P1",
            "title", "severity", "description", "kind", "page_id",
        ]).prop_map(str::to_owned),
        1 => ".{0,5}",
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => prop::collection::btree_map(name.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_gives_settings_or_problems(input in anything()) {
        match read(&input) {
            Ok(settings) => prop_assert_eq!(check(&settings), []),
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
    }

    #[test]
    fn what_was_read_reads_back_the_same(
        owners in prop::collection::vec("U[A-Z0-9]{2,8}", 0..4),
        slug in "[a-z0-9-]{1,40}",
        name in prop::option::of("[^\\p{C}\\s]{1,20}"),
        title in "[^\\p{C}\\s]{1,40}",
        minutes in 1u32..=1440,
        policy in prop::sample::select(vec!["standard", "strict", "open"]),
    ) {
        let input = json!({
            "services": {slug.as_str(): {"owners": owners, "name": name}},
            "templates": {"one": {"title": title, "services": [slug]}},
            "timers": {"soak_minutes": minutes, "update_minutes": {"P4": minutes}},
            "policy": policy,
        });
        let settings = read(&input).map_err(|problems| TestCaseError::fail(format!("{problems:?}")))?;
        let stored = serde_json::to_vec(&settings).unwrap();
        let again: Settings = serde_json::from_slice(&stored).unwrap();
        prop_assert!(again == settings);
        let given = serde_json::from_slice::<Value>(&stored).unwrap();
        prop_assert!(read(&given).ok().unwrap() == settings);
    }
}
