//! What `template.yaml` grants and takes. Each function may make the key of a workspace, and only the one that erases may destroy one.
//! A secret is never taken for the name of the parameter that holds it.

use std::collections::{BTreeMap, BTreeSet};

const TEMPLATE: &str = include_str!("../../../../template.yaml");

/// The actions on the table of keys that each role allows, without `dynamodb:`.
fn rights_on_keys() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut rights = BTreeMap::<_, BTreeSet<_>>::new();
    let (mut role, mut actions) = ("", "");
    for line in TEMPLATE.lines() {
        if let Some(name) = line
            .strip_suffix("Role:")
            .and_then(|l| l.strip_prefix("  "))
        {
            role = name.trim_start();
        } else if let Some(list) = line.trim().strip_prefix("Action: ") {
            actions = list.trim_matches(['[', ']']);
        } else if line.contains("Resource:") && line.contains("KeysTable") {
            let plain = actions.split(", ").map(|a| a.strip_prefix("dynamodb:"));
            let plain = plain.map(|action| action.expect("a right on a table"));
            rights.entry(role).or_default().extend(plain);
        }
    }
    rights
}

#[test]
fn only_the_function_that_erases_may_destroy_keys() {
    let make = BTreeSet::from(["GetItem", "PutItem", "Query"]);
    let mut destroy = make.clone();
    destroy.insert("DeleteItem");
    let expected = BTreeMap::from([
        ("Api", make.clone()),
        ("CommandWorker", make.clone()),
        ("DeliveryWorker", make.clone()),
        ("EventWorker", make),
        ("Scheduler", destroy),
    ]);
    assert_eq!(rights_on_keys(), expected);
}

/// A name of the table in a statement that the test above does not understand would go unseen.
#[test]
fn the_table_of_keys_is_named_in_no_other_statement() {
    let named = TEMPLATE.lines().filter(|line| line.contains("KeysTable"));
    let other = named.map(str::trim).filter(|line| {
        ![
            "Resource: !GetAtt KeysTable.Arn",
            "KEYS_TABLE_NAME: !Ref KeysTable",
            "KeysTable:",
            "KeysTableName: { Value: !Ref KeysTable }",
        ]
        .contains(line)
    });
    assert_eq!(other.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn the_parameter_of_the_domains_takes_each_of_them_and_no_other() {
    let mut names = tidegate_app::domains::names();
    names.sort_unstable();
    let one = format!("({})", names.join("|"));
    let pattern = format!("    AllowedPattern: ^({one}(,{one})*)?$\n");
    assert!(TEMPLATE.contains(&pattern), "{pattern}");
}

#[test]
fn the_name_of_a_secret_begins_with_a_slash() {
    let parameters = TEMPLATE.matches("Parameter:\n    Type: String\n");
    assert_eq!(parameters.count(), 6);
    let pattern =
        "    AllowedPattern: ^/[A-Za-z0-9_./-]+$\n    ConstraintDescription: must be the name";
    assert_eq!(TEMPLATE.matches(pattern).count(), 6);
}
