//! Tests of every rule and of its error message.

use serde_json::{Value, json};

use super::*;

/// The problems of the defaults after one change at a JSON pointer.
fn with(pointer: &str, value: Value) -> Vec<String> {
    let mut json = serde_json::to_value(base()).unwrap();
    *json.pointer_mut(pointer).expect(pointer) = value;
    let found = check(&serde_json::from_value(json).unwrap());
    found.iter().map(Problem::to_string).collect()
}

fn base() -> Settings {
    let api = json!({"name": "The API", "owners": ["U1A"], "channels": ["C1A"], "users": ["W1A"],
        "components": ["a_B-1"], "runbook": "https://runbooks.example.com/api?x=1#top"});
    let settings = json!({
        "services": {"api": api},
        "routing": {"general": "C1A", "engineering": "G1A", "p1_channels": ["C2A"]},
        "admins": ["U1A"], "guests": ["U2A"], "escalation": ["U1A"],
        "roles": {"scribe": "Write.", "legal-incidents": ""},
        "templates": {"down": {"title": "It is down", "services": ["api"]}},
        "status_page": {"kind": "statuspage", "page_id": "kctbh9vrtdwd"},
        "reactions": ["pushpin", "+1", "größe"],
    });
    serde_json::from_value(settings).unwrap()
}

#[test]
fn good_settings_have_no_problems() {
    assert_eq!(check(&Settings::default()), []);
    assert_eq!(check(&base()), []);
}

/// The JSON pointer of a change, the new value, and the beginning of the expected problem.
const BROKEN: &str = r##"
/services | {"The API": {}, "api": {}} | `services`: "The API" takes lower case
/services/api/name | "a\nb" | `services.api.name`: takes one line of 1 to 80
/services/api/name | " " | `services.api.name`: takes one line
/services/api/owners/0 | "bob" | `services.api.owners[0]`: "bob" is no user id
/services/api/owners/0 | "u1a" | `services.api.owners[0]`: "u1a" is no user id
/services/api/users/0 | "C1A" | `services.api.users[0]`: "C1A" is no user id
/services/api/channels/0 | "#ops" | `services.api.channels[0]`: "#ops" is no channel id
/services/api/channels/0 | "D1A" | `services.api.channels[0]`: "D1A" is no channel id
/services/api/components/0 | "a b" | `services.api.components[0]`: "a b" is no component
/services/api/runbook | "http://example.com" | `services.api.runbook`: "http://example.com" is no address
/services/api/runbook | "javascript:x" | `services.api.runbook`
/services/api/runbook | "https://" | `services.api.runbook`
/services/api/runbook | "https://a b" | `services.api.runbook`
/routing/general | "" | `routing.general`: "" is no channel id
/routing/engineering | "U1A" | `routing.engineering`: "U1A" is no channel id
/routing/p1_channels/0 | "C" | `routing.p1_channels[0]`: "C" is no channel id
/routing/p1_users | ["U1A", "x"] | `routing.p1_users[1]`: "x" is no user id
/admins/0 | "@ann" | `admins[0]`: "@ann" is no user id
/guests/0 | "@ann" | `guests[0]`: "@ann" is no user id
/escalation/0 | "S0GROUP" | `escalation[0]`: "S0GROUP" is no user id
/roles | {"Scribe": ""} | `roles`: "Scribe" takes lower case
/timers/ack_minutes/P1 | 0 | `timers.ack_minutes.P1`: 0 is not from 1 to 10080
/timers/update_minutes/P3 | 10081 | `timers.update_minutes.P3`: 10081 is not
/timers/postmortem_days/P2 | 91 | `timers.postmortem_days.P2`: 91 is not
/timers/soak_minutes | 0 | `timers.soak_minutes`: 0 is not from 1 to 1440
/timers/role_unclaimed_minutes | 0 | `timers.role_unclaimed_minutes`: 0 is not
/timers/stale_days | 91 | `timers.stale_days`: 91 is not from 1 to 90
/timers/auto_close_hours | 721 | `timers.auto_close_hours`: 721 is not
/timers/archive_days | 366 | `timers.archive_days`: 366 is not
/timers/working_hours/from | 18 | `timers.working_hours`: from 18 to 18 is no
/timers/working_hours/to | 25 | `timers.working_hours`: from 9 to 25 is no
/templates/down/title | "" | `templates.down.title`: takes one line of 1 to 100
/templates/down/services/0 | "web" | `templates.down.services[0]`: "web" is none
/templates | {"Ä": {"title": "x"}} | `templates`: "Ä" takes lower case
/status_page/page_id | "a/../b" | `status_page.page_id`: "a/../b" is no page's id
/status_page | {"kind": "built_in", "title": ""} | `status_page.title`: takes one line
/reactions/0 | ":pushpin:" | `reactions[0]`: ":pushpin:" is no emoji's name
/reactions/0 | "x y" | `reactions[0]`: "x y" is no emoji's name
"##;

#[test]
fn each_rule_names_the_path_and_what_it_takes() {
    for line in BROKEN.trim().lines() {
        let [pointer, value, start] = line.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let problems = with(pointer, serde_json::from_str(value).unwrap());
        let said = problems.len() == 1 && problems[0].starts_with(start);
        assert!(said, "{line} {problems:#?}");
    }
}

#[test]
fn texts_have_an_end() {
    for (pointer, most) in [
        ("/services/api/name", 80),
        ("/roles/scribe", 1000),
        ("/templates/down/title", 100),
        ("/templates/down/description", 2000),
    ] {
        assert!(with(pointer, json!("é".repeat(most))).is_empty());
        let problems = with(pointer, json!("é".repeat(most + 1)));
        assert!(
            problems.len() == 1 && problems[0].contains(&most.to_string()),
            "{problems:#?}"
        );
    }
}

#[test]
fn there_is_an_end_to_everything() {
    let ids =
        |letter: &str, n: usize| json!((0..n).map(|i| format!("{letter}{i}A")).collect::<Vec<_>>());
    let named = |n: usize, value: &Value| {
        let entries = (0..n).map(|i| (format!("n-{i}"), value.clone()));
        Value::Object(entries.collect())
    };
    for (pointer, value, at_most) in [
        (
            "/services/api/owners",
            ids("U", 51),
            "51 are too many, 50 is the most",
        ),
        ("/services/api/channels", ids("C", 21), "21 are too many"),
        ("/services/api/components", ids("c", 21), "21 are too many"),
        ("/routing/p2_channels", ids("C", 21), "21 are too many"),
        ("/guests", ids("U", 201), "201 are too many"),
        (
            "/reactions",
            ids("c", 11).to_string().to_lowercase().parse().unwrap(),
            "11 are too many",
        ),
        ("/roles", named(21, &json!("")), "21 are too many"),
        (
            "/templates",
            named(51, &json!({"title": "x"})),
            "51 are too many",
        ),
        (
            "/templates/down/services",
            json!(vec!["api"; 6]),
            "6 are too many",
        ),
    ] {
        let problems = with(pointer, value);
        assert_eq!(problems.len(), 1, "{pointer} {problems:#?}");
        assert!(problems[0].contains(at_most), "{pointer} {problems:#?}");
    }
    let many = with(
        "/templates",
        named(50, &json!({"title": "x", "description": "x".repeat(1900)})),
    );
    assert!(
        many.len() == 1 && many[0].contains("60000 is the most"),
        "{many:#?}"
    );
}

#[test]
fn all_problems_come_at_once_and_short() {
    let long = "x".repeat(50_000);
    let settings = Settings {
        admins: [UserId::from(long.as_str())].into(),
        reactions: vec!["a b".to_owned(), long.clone()],
        roles: [(format!("Z\n{long}"), String::new())].into(),
        ..base()
    };
    let problems: Vec<String> = check(&settings).iter().map(Problem::to_string).collect();
    assert_eq!(problems.len(), 5, "{problems:#?}");
    for problem in &problems {
        assert!(problem.len() < 200 && !problem.contains('\n'), "{problem}");
    }
}
