//! The list as a whole: no two domains claim one thing, and the manifest asks for what they need.

use std::collections::BTreeMap;

use tidegate_pipeline::dispatch::DECISION_LIMIT;
use tidegate_pipeline::domain::JobQueue;

use super::*;

/// The file whose lists are checked against the domains' own.
const MANIFEST: &str = include_str!("../../../../infra/slack-app-manifest.yaml");

/// The manifest's list of that name: its items are the lines below that begin with a dash.
fn listed(name: &str) -> BTreeSet<String> {
    let lines = MANIFEST.lines().map(str::trim);
    let below = lines.skip_while(|line| *line != format!("{name}:")).skip(1);
    let items = below.filter(|line| !line.starts_with('#'));
    let items = items.map_while(|line| line.strip_prefix("- ").map(str::to_owned));
    items.collect()
}

#[test]
fn no_two_operations_answer_one_request() {
    let all = routes();
    let all = all.operations();
    let parts = |path: &str| -> Vec<String> { path.split('/').map(str::to_owned).collect() };
    let meet = |a: &str, b: &str| a == b || a.starts_with('{') && b.starts_with('{');
    for (n, a) in all.iter().enumerate() {
        for b in &all[n + 1..] {
            let (of_a, of_b) = (parts(&a.path), parts(&b.path));
            let pairs = of_a.iter().zip(&of_b);
            let same = of_a.len() == of_b.len() && pairs.into_iter().all(|(a, b)| meet(a, b));
            assert!(a.method != b.method || !same, "{} {}", a.path, b.path);
        }
    }
}

/// The OpenAPI document names a schema by the name of its type alone.
#[test]
fn no_two_types_of_the_api_share_a_name() {
    assert!(routes().clashes().is_empty(), "{:?}", routes().clashes());
}

#[test]
fn nothing_has_two_owners() {
    let mut owners: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for entry in &ALL {
        let spec = entry.spec;
        let mut owned = vec![("name", spec.name)];
        owned.extend(spec.commands.iter().map(|own| ("command", own.command)));
        owned.extend(spec.subcommands.iter().map(|own| ("subcommand", own.word)));
        owned.extend(spec.interactions.iter().map(|own| ("interaction", *own)));
        owned.extend(spec.jobs.iter().map(|own| ("job", own.kind)));
        owned.extend(spec.effects.iter().map(|own| ("effect", *own)));
        owned.extend(spec.rows.iter().map(|own| ("row", *own)));
        owned.extend(spec.switches.iter().map(|own| ("switch", *own)));
        for thing in owned {
            let before = owners.insert(thing, spec.name);
            assert_eq!(before, None, "{thing:?}");
        }
        for other in ALL.iter().filter(|other| other.spec.name != spec.name) {
            for id in other.spec.interactions {
                assert!(!spec.owns_interaction(id), "{id} is of {} too", spec.name);
            }
        }
    }
}

#[test]
fn a_job_that_needs_a_token_goes_where_one_is_and_fits_its_worker() {
    for job in ALL.iter().flat_map(|entry| entry.spec.jobs) {
        assert!(
            !job.needs_token || job.queue == JobQueue::Commands,
            "{}",
            job.kind
        );
        assert!(job.longest <= DECISION_LIMIT, "{}", job.kind);
    }
}

/// A decision that takes too long ends by its own deadline, and not with its worker.
#[test]
fn every_worker_has_more_time_than_a_decision() {
    let template = include_str!("../../../../template.yaml");
    for function in ["EventWorkerFunction", "CommandWorkerFunction"] {
        let (_, properties) = template.split_once(&format!("  {function}:\n")).unwrap();
        let timeout = properties
            .lines()
            .find_map(|line| line.trim().strip_prefix("Timeout: "));
        let seconds: u64 = timeout.unwrap().parse().unwrap();
        // The main of each worker keeps three seconds for itself.
        assert!(DECISION_LIMIT.as_secs() < seconds - 3, "{function}");
    }
}

#[test]
fn the_bot_asks_for_what_the_manifest_says() {
    let scopes = DomainChoice::default().bot_scopes();
    let (all, optional) = (scopes.all(), scopes.optional);
    assert_eq!(listed("bot"), all.into_iter().collect());
    assert_eq!(listed("bot_optional"), optional.into_iter().collect());
}

#[test]
fn the_manifest_subscribes_to_what_the_domains_take() {
    let needed = crate::manifest::events(&DomainChoice::default());
    assert_eq!(listed("bot_events"), needed.into_iter().collect());
}

#[test]
fn a_choice_takes_names_and_tells_of_what_is_none() {
    let read = |text: &'static str| {
        let variable = move |name: &str| (name == "TIDEGATE_DOMAINS").then(|| text.to_owned());
        let environment = Environment::new(&variable);
        let choice = DomainChoice::read(&environment);
        environment.finish(choice)
    };
    let names = |choice: DomainChoice| choice.specs().map(|spec| spec.name).collect::<Vec<_>>();
    assert_eq!(names(read("hello").unwrap()), ["installs", "hello"]);
    assert_eq!(names(read("").unwrap()).len(), ALL.len());
    let problems = read("hello, helo").unwrap_err().0;
    let all = super::names().join(", ");
    let problem =
        format!("`TIDEGATE_DOMAINS` has `helo`: it takes some of {all}, separated by commas");
    assert_eq!(problems, [problem]);
}

#[test]
fn whatever_is_on_the_manifest_fits_together() {
    for chosen in 0..1 << ALL.len() {
        let on = ALL
            .iter()
            .enumerate()
            .filter(|(n, entry)| entry.always_on || chosen & (1 << n) != 0);
        let choice = DomainChoice::of(on.map(|(_, entry)| entry.spec.name).collect());
        let manifest = crate::manifest::manifest(&choice, "td.example");
        let scopes = choice.bot_scopes().all();
        let asks = |scope: &str| scopes.iter().any(|asked| asked == scope);
        for event in crate::manifest::events(&choice) {
            if let Some(kind) = event.strip_prefix("message.") {
                assert!(asks(&format!("{kind}:history")), "{choice:?}: {event}");
            }
        }
        for feature in ["slash_commands", "shortcuts"] {
            let listed = manifest["features"][feature].as_array().unwrap();
            assert!(
                listed.is_empty() || asks("commands"),
                "{choice:?}: {feature}"
            );
        }
        for scope in choice.bot_scopes().optional {
            assert!(asks(&scope), "{choice:?}: {scope}");
        }
    }
}

#[test]
fn with_only_hello_the_bot_asks_for_three_scopes() {
    let choice = DomainChoice::of(["hello", "installs"].into());
    let scopes = choice.bot_scopes();
    assert_eq!(
        scopes.required,
        ["app_mentions:read", "chat:write", "commands"]
    );
    assert!(scopes.optional.is_empty());
}
