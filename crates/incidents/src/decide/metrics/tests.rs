//! Tests of the counters: what goes in comes out again, and a percentile is where it should be.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tidegate_pipeline::table::{Item, Value, WriteAction};

use super::lengths::{bucket, from};
use super::reading::{cells, months};
use super::*;
use crate::decide::declare;
use crate::model::actor::Actor;
use crate::model::form::Declaration;
use crate::model::settings::Settings;

/// The time of the tests: 2026-11-21 10:30 UTC.
const NOW: Timestamp = Timestamp(1_795_257_000_000);
const MINUTE: i64 = 60_000;

type Table = BTreeMap<RowKey, Item>;

/// Does what a change asks of the counters, as the table would.
fn apply(table: &mut Table, change: Change) {
    let decision = change.finish(&Settings::default().timers);
    let mut keys: Vec<&RowKey> = decision.writes.iter().map(|write| &write.key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), decision.writes.len(), "a row twice");
    assert!(decision.writes.len() <= 100);
    for write in &decision.writes {
        let WriteAction::Update(expression) = &write.action else {
            continue;
        };
        assert!(expression.starts_with("ADD "), "{expression}");
        let item = table.entry(write.key.clone()).or_default();
        for (name, value) in &write.values {
            let name = name.trim_start_matches(':');
            assert!(expression.contains(&format!("#{name} :{name}")));
            let Value::N(by) = value else {
                panic!("{name} is no number")
            };
            let sum = item.number(name).unwrap_or(0) + by;
            *item = std::mem::take(item).with(name, sum);
        }
    }
}

fn is_zero(table: &Table) -> bool {
    let mut values = table.values().flat_map(|item| item.0.values());
    values.all(|value| *value == Value::N(0))
}

/// An incident that took so many milliseconds.
fn resolved(ms: i64, services: &[&str], severity: Severity, private: bool) -> Incident {
    let declaration = Declaration {
        title: "Checkout fails".to_owned(),
        severity: Some(severity),
        services: services.iter().map(|slug| (*slug).to_owned()).collect(),
        private,
        ..Declaration::default()
    };
    let settings = Settings::default();
    let mut incident =
        declare::decide(&declaration, &settings, &Actor::Operator, "test", 0, NOW).incident;
    incident.milestones.acknowledged = Some(Timestamp(NOW.0 + ms / 4));
    incident.milestones.mitigated = Some(Timestamp(NOW.0 + ms / 2));
    incident.milestones.resolved = Some(Timestamp(NOW.0 + ms));
    incident.version = 1;
    incident
}

fn changed(incident: &Incident) -> Change {
    Change::of(incident, &Actor::Operator, NOW)
}

fn counted(table: &mut Table, incident: &Incident) -> Incident {
    let mut change = changed(incident);
    count(&mut change);
    let incident = change.incident.clone();
    apply(table, change);
    incident
}

fn read(table: &Table, service: Option<&str>) -> Vec<Cell> {
    let rows: Vec<(RowKey, Item)> = table.clone().into_iter().collect();
    cells(&rows, service)
}

fn severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(&Severity::ALL)
}

#[test]
fn each_service_and_all_of_them_are_counted() {
    let mut table = Table::new();
    for minutes in [10, 20, 40] {
        let services: &[&str] = if minutes == 40 {
            &["api"]
        } else {
            &["api", "web"]
        };
        counted(
            &mut table,
            &resolved(minutes * MINUTE, services, Severity::P1, false),
        );
    }
    let cells = read(&table, None);
    let told: Vec<_> = cells
        .iter()
        .map(|cell| (cell.service.as_deref(), cell.n))
        .collect();
    assert_eq!(told, [(None, 3), (Some("api"), 3), (Some("web"), 2)]);
    let mttr = cells[0].mttr.unwrap();
    assert_eq!(mttr.mean_ms, 70 * MINUTE / 3);
    assert!(
        (16 * MINUTE..24 * MINUTE).contains(&mttr.median_ms),
        "{mttr:?}"
    );
    assert!(
        (32 * MINUTE..48 * MINUTE).contains(&mttr.p90_ms),
        "{mttr:?}"
    );
    let web = read(&table, Some("web"));
    assert_eq!(web, cells[2..]);
    assert_eq!(read(&table, Some("gone")), []);
}

#[test]
fn what_was_never_reached_is_not_measured() {
    let mut table = Table::new();
    let mut incident = resolved(MINUTE, &[], Severity::P3, false);
    incident.milestones.acknowledged = None;
    counted(&mut table, &incident);
    let cells = read(&table, None);
    assert_eq!((cells[0].n, cells[0].mtta), (1, None));
    let exact = cells[0].mttr.unwrap();
    assert_eq!((exact.median_ms, exact.p90_ms), (MINUTE, MINUTE));
    let csv = csv(&cells);
    assert_eq!(csv.lines().next().unwrap().split(',').count(), 15);
    assert_eq!(
        csv.lines().nth(1),
        Some("*,P3,1,,,,,1,30000,30000,30000,1,60000,60000,60000")
    );
}

#[test]
fn a_window_is_exact_to_a_day() {
    let told: Vec<_> = months(NOW, 30).into_iter().collect();
    let month = |month: &str, first: &str, last: &str| {
        (month.to_owned(), (first.to_owned(), last.to_owned()))
    };
    assert_eq!(
        told,
        [month("2026-10", "23", "31"), month("2026-11", "01", "21")]
    );
    assert_eq!(
        months(NOW, 1).into_iter().collect::<Vec<_>>(),
        [month("2026-11", "21", "21")]
    );
    for days in 1..=90 {
        assert!(months(NOW, days).len() <= 4, "{days}");
    }
}

#[test]
fn drills_are_not_counted() {
    let mut incident = resolved(MINUTE, &["api"], Severity::P1, false);
    incident.drill = true;
    let mut table = Table::new();
    assert_eq!(counted(&mut table, &incident).counted, None);
    assert!(table.is_empty());
}

proptest! {
    #[test]
    fn a_length_is_in_its_bucket(ms in 0i64..1_000_000_000_000) {
        let bucket = bucket(ms);
        prop_assert!(from(bucket) <= ms && ms < from(bucket + 1), "{bucket}");
    }

    #[test]
    fn a_percentile_is_in_the_bucket_of_the_true_one(
        mut lengths in prop::collection::vec(prop_oneof![0i64..3000, 0i64..100_000_000], 1..60), percent in 1u32..=100,
    ) {
        let mut kept = Lengths::default();
        for ms in &lengths {
            kept.add(bucket(*ms), 1);
            kept.add_sum(*ms);
        }
        lengths.sort_unstable();
        let rank = (lengths.len() * percent as usize).div_ceil(100);
        let (told, is) = (kept.percentile(percent).unwrap(), lengths[rank - 1]);
        prop_assert_eq!(bucket(told), bucket(is), "{} for {}", told, is);
        prop_assert!(percent == 100 || told <= kept.percentile(100).unwrap());
        let mean = lengths.iter().sum::<i64>() / i64::try_from(lengths.len()).unwrap();
        prop_assert_eq!(kept.mean(), Some(mean));
    }

    #[test]
    fn whatever_is_counted_can_be_taken_back(
        steps in prop::collection::vec(
            (0i64..10_000_000, severity(), prop::sample::subsequence(vec!["api", "web", "db"], 0..=3)), 1..6),
    ) {
        let mut table = Table::new();
        let (ms, first, services) = &steps[0];
        let mut incident = counted(&mut table, &resolved(*ms, services, *first, false));
        for (ms, severity, services) in &steps[1..] {
            let mut change = changed(&incident);
            change.incident.severity = *severity;
            change.incident.services = services.iter().map(|slug| (*slug).to_owned()).collect();
            change.incident.milestones.resolved = Some(Timestamp(NOW.0 + ms));
            recount(&mut change);
            incident = change.incident.clone();
            apply(&mut table, change);
            let cells = read(&table, None);
            prop_assert_eq!(cells.len(), services.len() + 1);
            prop_assert!(cells.iter().all(|cell| cell.n == 1 && cell.severity == *severity));
            prop_assert!(cells.iter().all(|cell| cell.mttr.unwrap().median_ms == *ms));
        }
        let mut change = changed(&incident);
        uncount(&mut change);
        prop_assert_eq!(&change.incident.counted, &None);
        apply(&mut table, change);
        prop_assert!(is_zero(&table), "{:?}", table);
        prop_assert_eq!(read(&table, None), []);
    }

    #[test]
    fn what_is_private_leaves_no_trace(
        all in prop::collection::vec((0i64..10_000_000, severity(), any::<bool>()), 0..8),
    ) {
        let (mut with, mut without) = (Table::new(), Table::new());
        for (ms, severity, private) in all {
            let incident = resolved(ms, &["api"], severity, private);
            counted(&mut with, &incident);
            if !private {
                counted(&mut without, &incident);
            }
        }
        prop_assert_eq!(with, without);
    }
}
