//! The route table against the template and the documentation: what the API answers is what API Gateway hands on, each
//! with a throttle.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_app::api::Access;
use tidegate_app::domains;

const TEMPLATE: &str = include_str!("../../../../template.yaml");

const PAGE: &str = include_str!("../../../../docs/api.md");

#[test]
fn the_template_has_every_route_and_no_other() {
    assert_eq!(of_the_template(), of_the_table());
}

#[test]
fn every_route_but_health_has_a_throttle_of_its_own() {
    for route in of_the_table() {
        let throttled = TEMPLATE.contains(&format!("\"{route}\": {{ ThrottlingRateLimit: "));
        assert_eq!(throttled, route != "GET /health", "{route}");
    }
}

#[test]
fn the_documented_scopes_open_the_routes_that_they_do() {
    let mut opened: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for route in domains::routes() {
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

/// The table's routes, and the one by which every preflight comes.
fn of_the_table() -> BTreeSet<String> {
    let routes = domains::routes().map(|route| format!("{} {}", route.method, route.path));
    routes.chain(["OPTIONS /{proxy+}".to_owned()]).collect()
}

/// The routes of the function `api`.
fn of_the_template() -> BTreeSet<String> {
    let own = TEMPLATE.lines().skip_while(|l| *l != "  ApiFunction:");
    let own = own.skip(1).take_while(|l| !l.starts_with("  #"));
    own.filter_map(|line| {
        let (_, rest) = line.split_once("Method: ")?;
        let (method, rest) = rest.split_once(", Path: \"")?;
        let (path, _) = rest.split_once('"')?;
        Some(format!("{method} {path}"))
    })
    .collect()
}
