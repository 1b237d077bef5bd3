//! The route table against the template: what the API answers is what API Gateway hands on, each with a throttle.

use std::collections::BTreeSet;

use tidegate_app::api;

const TEMPLATE: &str = include_str!("../../../../template.yaml");

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

/// The table's routes, and the one by which every preflight comes.
fn of_the_table() -> BTreeSet<String> {
    let routes = api::routes().map(|route| format!("{} {}", route.method, route.path));
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
