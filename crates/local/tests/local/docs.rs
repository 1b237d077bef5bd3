//! The documentation is true: its commands run, its links and paths lead somewhere, the rows, settings, metrics, alarms,
//! parameters and outputs that it names are those of the source and the template, and its example compiles.

mod map;
mod page;
mod rule;
mod shell;
mod source;
mod tables;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tidegate_app::incidents::command;
use tidegate_slack::http_client;
use tidegate_testing::product::PATIENCE;

use self::page::{Page, file, guide, literals, maps, pages};
use self::shell::Shell;
use self::source::{
    alarm_metrics, alarms, example_parameters, keys, metrics, parameter_default,
    parameters_for_tests, settings, template_variables,
};

/// What the page knows that a command may name: settings, and literals of the page's prose.
fn known(page: &Page) -> BTreeSet<String> {
    let exported = page.text.lines().filter_map(|l| l.strip_prefix("export "));
    let exported = exported
        .filter_map(|l| l.split_once('='))
        .map(|(name, _)| name);
    let exported = exported.filter(|name| page.text.contains(&format!("${name}")));
    let mut known: BTreeSet<String> = exported.map(str::to_owned).collect();
    known.extend(literals(&page.text.replace("```", "")));
    known.extend(settings());
    known
}

fn set(names: Vec<String>) -> BTreeSet<String> {
    names.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_runs_and_prints_what_its_page_shows() {
    let http = http_client::build_with_timeout(PATIENCE).unwrap();
    let mut wrong = Vec::new();
    for page in pages() {
        wrong.extend(Shell::new(http.clone()).run(&page, &known(&page)).await);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

#[test]
fn every_link_leads_somewhere() {
    let mut dead = Vec::new();
    for page in maps().into_iter().chain(pages()) {
        for link in page.links() {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match path {
                "" => page.path.clone(),
                path => page.path.parent().unwrap_or(Path::new(".")).join(path),
            };
            let is_there = target.exists()
                && (anchor.is_empty() || anchors_of(&target).contains(&anchor.to_owned()));
            if !is_there {
                dead.push(format!("{}: {link}", page.name()));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

fn anchors_of(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let path = path.to_owned();
    Page { path, text }.anchors()
}

#[test]
fn every_page_of_docs_is_in_their_index() {
    let index = guide("README.md");
    for page in pages().iter().skip(1).filter(|p| p.name() != "README.md") {
        assert!(index.links().contains(&page.name()), "{}", page.name());
    }
}

#[test]
fn the_settings_are_those_that_the_source_reads() {
    let documented = set(guide("run.md").first_cells("## Settings"));
    assert_eq!(documented, settings());
    let given = template_variables(&file("template.yaml"));
    let unread: Vec<_> = given.difference(&documented).collect();
    assert!(unread.is_empty(), "the template sets {unread:?}");
}

#[test]
fn the_metrics_are_those_that_the_source_counts() {
    let counted = metrics();
    assert_eq!(
        set(guide("operating.md").first_cells("## Metrics")),
        counted
    );
    let watched = alarm_metrics(&file("infra/alarms.yaml"));
    assert!(!watched.is_empty());
    let uncounted: Vec<_> = watched.difference(&counted).collect();
    assert!(uncounted.is_empty(), "alarms look at {uncounted:?}");
}

#[test]
fn there_is_something_to_do_for_every_alarm() {
    let documented = set(guide("operating.md").first_cells("## The alarms"));
    assert_eq!(documented, alarms(&file("infra/alarms.yaml")));
}

#[test]
fn the_parameters_and_their_defaults_are_those_of_the_template() {
    let template = file("template.yaml");
    let mut documented = BTreeSet::new();
    for row in guide("deploy.md").rows("## Parameters") {
        for name in literals(&row[0]) {
            let default = parameter_default(&template, &name);
            let shown = literals(&row[1]).pop().unwrap_or_default();
            assert_eq!(default, Some(shown), "{name}");
            documented.insert(name);
        }
    }
    assert_eq!(documented, keys(&template, "Parameters"));
}

#[test]
fn the_example_of_the_configuration_has_every_parameter_that_people_set() {
    let template = file("template.yaml");
    let for_tests = parameters_for_tests(&template);
    assert!(for_tests.contains("SlackSigningSecret"), "{for_tests:?}");
    let parameters = keys(&template, "Parameters").into_iter();
    let set_by_people = parameters.filter(|name| !for_tests.contains(name));
    let defaults: BTreeMap<String, String> = set_by_people
        .map(|name| (name.clone(), parameter_default(&template, &name).unwrap()))
        .collect();
    let example = example_parameters(&file("infra/samconfig.example.toml"));
    assert_eq!(example, defaults);
}

#[test]
fn the_outputs_are_those_of_the_template() {
    let documented = set(guide("deploy.md").first_cells("## 4. Give the host to Slack"));
    assert_eq!(documented, keys(&file("template.yaml"), "Outputs"));
}

#[test]
fn the_commands_of_incidents_are_those_of_the_grammar() {
    let groups = command::help(None);
    let grammar = groups.iter().flat_map(|group| group.lines.iter());
    let grammar = grammar.map(|(typed, does)| (format!("`{typed}`"), (*does).to_owned()));
    let grammar: Vec<(String, String)> = grammar.collect();
    let rows = guide("incidents.md").rows("## Commands");
    let rows = rows.iter().map(|row| (row[0].clone(), row[1].clone()));
    // A table with other ways to the same stands at the end.
    let documented: Vec<_> = rows.take(grammar.len()).collect();
    assert_eq!(documented, grammar);
}
