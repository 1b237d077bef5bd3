//! The operations against the template and the documentation: what the API answers is what API Gateway hands on.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_app::api::Access;
use tidegate_app::domains;

const TEMPLATE: &str = include_str!("../../../../template.yaml");

const PAGE: &str = include_str!("../../../../docs/api.md");

#[test]
fn the_template_hands_on_every_operation_and_nothing_else() {
    let greedy = of_the_template();
    assert!(greedy.len() <= 10, "the function's policy is small");
    let routes = domains::routes();
    let taken = |path: &str, pattern: &str| match pattern.strip_suffix("{proxy+}") {
        Some(start) => path.starts_with(start),
        None => path == pattern,
    };
    for operation in routes.operations() {
        let by = greedy.iter().filter(|p| taken(&operation.path, p));
        assert_eq!(by.count(), 1, "{}", operation.path);
    }
    for pattern in &greedy {
        let mut paths = routes.operations().iter().map(|o| &o.path);
        assert!(paths.any(|path| taken(path, pattern)), "{pattern}");
    }
}

/// A route that nobody thought of has the default: only Slack's own requests come faster.
#[test]
fn throttling_is_closed_by_default() {
    assert!(TEMPLATE.contains("      DefaultRouteSettings:\n        ThrottlingRateLimit: 20\n"));
    let overrides = TEMPLATE.lines().filter_map(|line| {
        let (route, _) = line.trim().split_once("\": { ThrottlingRateLimit: ")?;
        route.strip_prefix('"')
    });
    let overrides: Vec<&str> = overrides.collect();
    assert_eq!(
        overrides,
        [
            "POST /slack/events",
            "POST /api/integrations/slack/events",
            "POST /slack/commands",
            "POST /slack/interactions",
            "POST /api/integrations/slack/interactive",
        ]
    );
}

#[test]
fn the_documented_scopes_open_the_routes_that_they_do() {
    let mut opened: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for route in domains::routes().operations() {
        let scope = match &route.access {
            Access::Tenant(scope) | Access::TenantOrOperator(scope) => scope,
            Access::Public | Access::Operator | Access::Member => continue,
        };
        let name = format!("{} {}", route.method, route.path);
        opened.entry(scope.to_string()).or_default().insert(name);
    }
    let table = PAGE
        .lines()
        .skip_while(|l| *l != "| scope | opens |")
        .skip(2);
    let rows = table.take_while(|l| l.starts_with('|'));
    let documented: BTreeMap<_, _> = rows
        .map(|row| {
            let mut literals = row.split('`').skip(1).step_by(2).map(str::to_owned);
            (literals.next().unwrap(), literals.collect())
        })
        .collect();
    assert_eq!(documented, opened);
    assert_eq!(documented.len(), domains::scopes().count());
}

/// The paths of the function `api`, each for any method.
fn of_the_template() -> BTreeSet<String> {
    let own = TEMPLATE.lines().skip_while(|l| *l != "  ApiFunction:");
    let own = own.skip(1).take_while(|l| !l.starts_with("  #"));
    own.filter_map(|line| {
        let (_, rest) = line.split_once("Method: ANY, Path: \"")?;
        let (path, _) = rest.split_once('"')?;
        Some(path.to_owned())
    })
    .collect()
}
