//! Tests of what is typed, what becomes of it, and what is answered.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn settings() -> Settings {
    let settings = json!({
        "services": {
            "api": {"name": "API", "owners": ["U1A"], "components": ["c1"]},
            "web": {"users": ["U2A"], "channels": ["C2A"]},
        },
        "routing": {"general": "C1A", "p1_channels": ["C1A"], "p1_users": ["U1A"]},
        "admins": ["U1A"], "guests": ["U9A"], "roles": {"scribe": "Write."},
        "templates": {"down": {"title": "It is down", "services": ["web"]}},
    });
    input::read(&settings).ok().unwrap()
}

fn run(text: &str) -> Result<Edited, String> {
    let (command, rest) = text.split_once(' ').unwrap_or((text, ""));
    match command {
        "config" => config(&settings(), rest),
        "template" => template(&settings(), rest),
        _ => map(&settings(), rest),
    }
}

/// Commands, each with the path in the settings that it changes and the new value there.
const EDITS: &str = r#"
config set policy strict | /policy | "strict"
config set timers.update_minutes.P1 45 | /timers/update_minutes/P1 | 45
config set timers.update_minutes.P4 480 | /timers/update_minutes/P4 | 480
config set timers.update_minutes.P1 off | /timers/update_minutes | {"P2": 60, "P3": 240}
config set timers.working_hours.weekends on | /timers/working_hours/weekends | true
config set routing.general <#C7A|war-room> | /routing/general | "C7A"
config set routing.general off | /routing/general | null
config set routing.engineering C8A | /routing/engineering | "C8A"
config set approval P1 P2 | /approval | ["P1", "P2"]
config set approval none | /approval | []
config set admins <@U7A|ann>, <@W8A> | /admins | ["U7A", "W8A"]
config set reactions :pushpin: memo | /reactions | ["pushpin", "memo"]
config set roles.legal-incidents Ask &amp; answer &lt;lawyers&gt;. | /roles/legal-incidents | "Ask & answer <lawyers>."
config set services.api.runbook <https://run.example.com/a?b=1&amp;c|run> | /services/api/runbook | "https://run.example.com/a?b=1&c"
config set services.api.name none | /services/api/name | null
config set services.api.name The  API | /services/api/name | "The  API"
config set services.web {"owners": ["U5A"]} | /services/web/owners | ["U5A"]
config set status_page built_in Our status | /status_page | {"kind": "built_in", "title": "Our status"}
config set status_page statuspage abc123 | /status_page | {"kind": "statuspage", "page_id": "abc123"}
config set status_page none | /status_page | {"kind": "none"}
config unset timers.ack_minutes | /timers/ack_minutes | {"P1": 5, "P2": 15}
config unset roles.scribe | /roles | {}
config add escalation <@U5A> <@U4A> <@U5A> | /escalation | ["U5A", "U4A"]
config ADD escalation <@U5A> | /escalation | ["U5A"]
config remove guests <@U9A|guest> | /guests | []
config service add pay Payments & more | /services/pay/name | "Payments & more"
config service add pay | /services/pay/name | null
config service remove api | /services | {"web": {"name": null, "owners": [], "channels": ["C2A"], "users": ["U2A"], "components": [], "runbook": null}}
config owner add web <@U3A|bob> <@U4A> | /services/web/owners | ["U3A", "U4A"]
config owner remove api <@U1A> | /services/api/owners | []
config channel p1 add <#C5A> | /routing/p1_channels | ["C1A", "C5A"]
config channel P2 add <#C5A> | /routing/p2_channels | ["C5A"]
config channel web remove <#C2A|web> | /services/web/channels | []
config user p1 add <@U6A> | /routing/p1_users | ["U1A", "U6A"]
config user web remove <@U2A> | /services/web/users | []
config admin add <@U2A> | /admins | ["U1A", "U2A"]
config guest add <@U2A> | /guests | ["U2A", "U9A"]
template add gone sev:p1 Gone &amp; lost | /templates/gone/title | "Gone & lost"
template remove down | /templates | {}
map web c1 c2 | /services/web/components | ["c1", "c2"]
map api c1, c2 | /services/api/components | ["c1", "c2"]
map remove api c1 | /services/api/components | []
map remove api | /services/api/components | []
"#;

#[test]
fn what_is_typed_becomes_of_the_settings() {
    for line in EDITS.trim().lines() {
        let [typed, pointer, value] = line.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let edited = run(typed).unwrap_or_else(|e| panic!("{line}: {e}"));
        let changed = serde_json::to_value(edited.changed.expect(line)).unwrap();
        let value: Value = serde_json::from_str(value).unwrap();
        assert_eq!(changed.pointer(pointer), Some(&value), "{line}");
        let before = serde_json::to_value(settings()).unwrap();
        let top = pointer.split('/').nth(1).unwrap();
        for (name, part) in before.as_object().unwrap() {
            assert!(
                name == top || changed[name] == *part,
                "{line} changed {name}"
            );
        }
    }
}

#[test]
fn a_template_has_severity_services_and_description() {
    let edited = run(
        "template add gone sev:P1 service:api,web Gone &amp; lost | Look <https://x.example> | twice",
    );
    let changed = edited.unwrap_or_else(|e| panic!("{e}")).changed.unwrap();
    let template = &changed.templates["gone"];
    assert_eq!(
        (template.title.as_str(), template.severity.as_str()),
        ("Gone & lost", "P1")
    );
    assert_eq!(template.services, ["api", "web"]);
    assert_eq!(template.description, "Look https://x.example | twice");
}

/// Commands that are refused, each with words of the refusal.
const REFUSED: &str = "
config frobnicate ; `frobnicate` is nothing that `/incident config` knows
config set ; The path is missing
config set policy ; The new value of `policy` is missing
config set policy anarchy ; `policy`: takes one of `standard`, `strict`, `open`
config set colour red ; there is no such setting
config set timers.soak_minutes soon ; takes a whole number
config set timers.soak_minutes off ; takes a whole number
config set timers.soak_minutes 0 ; 0 is not from 1 to 1440
config set timers.working_hours.weekends maybe ; takes `on` or `off`
config set services.api.owners @bob ; pick the name from the list
config set services.api.owners bob ; \"bob\" is no user id
config set services.gone.owners <@U1A> ; There is no setting `services.gone.owners`
config set services.api all ; has parts of its own
config set a..b x ; There is no setting
config set status_page wiki ; takes `none`, `built_in &lt;title&gt;`
config set services.api.runbook http://x.example ; is no address that begins with
config unset nothing.here ; There is no setting `nothing.here`
config unset services.web ; is none of the services
config add admins ; Say what to add
config add policy <@U1A> ; `policy` is no list
config add <script> x ; `&lt;script&gt;` is no list
config add admins @<b ; `@&lt;b` came as plain text
config remove admins <@U5A> ; `U5A` is not in `admins`
config owner api add <@U1A> ; Say `add` or `remove`
config owner add gone <@U1A> ; There is no setting `services.gone.owners`
config channel p1 add #ops ; pick the name from the list
config service add api ; There is a service `api` already
config service remove gone ; There is no service `gone`. There are: api, web
config service remove web ; is none of the services
config service add The_API ; takes lower case letters
template frobnicate ; nothing that `/incident template` knows
template show gone ; There is no template `gone`
template remove gone ; There is no template `gone`. There are: down
template add ; The template's name is missing
template add x ; `templates.x.title`: takes one line
template add x sev:P9 Title ; severity must be one of P1, P2, P3, P4
template add x service:gone Title ; \"gone\" is none of the services
map gone c1 ; There is no service `gone`
map api ; Say what to add
map remove api c9 ; `c9` is not in `services.api.components`
map api a/b ; is no component
";

#[test]
fn what_is_wrong_is_told_and_changes_nothing() {
    for line in REFUSED.trim().lines() {
        let (typed, words) = line.split_once(" ; ").expect(line);
        let told = run(typed)
            .err()
            .unwrap_or_else(|| panic!("{line} was taken"));
        assert!(told.contains(words), "{line}: {told}");
    }
}

#[test]
fn everything_can_be_shown() {
    for (typed, words) in [
        ("config", "*P1 direct messages to*: <@U1A>"),
        ("config", "`/incident config unset &lt;path&gt;`"),
        ("template", "`/incident template remove &lt;name&gt;`"),
        ("map", "`/incident map check`"),
        ("config show", "*P1 is told in*: <#C1A>"),
        ("config show services.api", "\"U1A\""),
        ("template", "`down` P2 It is down (web)"),
        ("template list", "`down`"),
        ("template show down", "\"title\": \"It is down\""),
        ("map", "`api`: c1\n`web`: –"),
        ("map list", "`web`: –"),
    ] {
        let edited = run(typed).unwrap_or_else(|e| panic!("{typed}: {e}"));
        assert!(
            edited.changed.is_none() && edited.said.contains(words),
            "{typed}: {}",
            edited.said
        );
    }
}

#[test]
fn every_line_of_the_usage_works() {
    let filled = |line: &str| {
        let mut line = line
            .replace("[name]", "Name")
            .replace("[| description]", "| Words");
        for (placeholder, value) in [
            ("[components]", "c1"),
            ("add <slug>", "add pay"),
            ("remove <slug>", "remove api"),
            ("set <path>", "set policy"),
            ("<path>", "timers.soak_minutes"),
            ("<value>", "open"),
            ("<list>", "admins"),
            ("<entries>", "<@U1A>"),
            ("p1|p2|<service>", "p1"),
            ("p1|<service>", "p1"),
            ("guest add|remove", "guest add"),
            ("owner add|remove", "owner remove"),
            ("add|remove", "remove"),
            ("<service> <components>", "web c1"),
            ("<service>", "api"),
            ("<people>", "<@U1A>"),
            ("<channels>", "<#C1A>"),
            ("<name>", "down"),
            ("service:a,b", "service:api,web"),
            ("<title>", "Title"),
        ] {
            line = line.replace(placeholder, value);
        }
        line.replace(['[', ']'], "")
    };
    for (line, about) in USAGE {
        assert!(!about.is_empty());
        if line == "map check" {
            assert!(is_page_check("check") && run(line).is_err());
            continue;
        }
        let typed = filled(line);
        assert!(
            run(&typed).is_ok(),
            "{line} as {typed}: {:?}",
            run(&typed).err()
        );
        assert!(
            usage(line.split(' ').next().unwrap()).contains(&escape(line)),
            "{line}"
        );
    }
}

#[test]
fn the_mapping_is_held_against_the_page() {
    let page = [("c2", "Web & more"), ("c1", "API")];
    let page = page
        .map(|(id, name)| (id.to_owned(), name.to_owned()))
        .into();
    let told = against_page(&settings(), &page);
    assert_eq!(
        told,
        "• `web` has no component: the status page shows nothing of it.\n• `c2` (Web &amp; more) stands for no service."
    );
    let told = against_page(&settings(), &std::collections::BTreeMap::new());
    assert!(
        told.contains("no component `c1`. `/incident map remove api c1`"),
        "{told}"
    );
    let good = run("map web c2")
        .ok()
        .and_then(|edited| edited.changed)
        .unwrap();
    assert!(against_page(&good, &page).starts_with("Every service"));
}

proptest! {
    #[test]
    fn whatever_is_typed_is_good_settings_or_words(
        command in prop::sample::select(vec!["config", "template", "map"]),
        words in prop::collection::vec(prop_oneof![
            prop::sample::select(vec![
                "set", "unset", "add", "remove", "show", "service", "owner", "channel", "api", "web", "p1", "admins",
                "policy", "strict", "roles.x", "timers.soak_minutes", "5", "off", "<@U1A|bob>", "<#C1A>", "|", "sev:P1",
                "down", "<b>&", "status_page", "none", "{}", "[]", "…",
            ]).prop_map(str::to_owned),
            ".{0,6}",
        ], 0..6),
    ) {
        let typed = format!("{command} {}", words.join(" "));
        match run(&typed) {
            Ok(edited) => {
                if let Some(changed) = edited.changed {
                    prop_assert_eq!(crate::model::settings::check::check(&changed), Vec::new());
                }
                prop_assert!(only_tokens(&edited.said), "{}", edited.said);
            }
            Err(told) => prop_assert!(!told.is_empty() && only_tokens(&told), "{}", told),
        }
    }
}

/// Whether every angle bracket belongs to a person or channel of the settings.
fn only_tokens(said: &str) -> bool {
    said.split('<')
        .skip(1)
        .all(|rest| rest.starts_with("@U") || rest.starts_with("@W") || rest.starts_with("#C"))
}
