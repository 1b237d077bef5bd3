//! How long incidents take: counters by day, service and severity, kept when an incident is resolved and taken back when
//! it is reopened, so that nothing is ever added up from the incidents themselves.
//!
//! MTTA is acknowledged − declared, MTTM mitigated − declared, MTTR resolved − declared. Drills, cancelled and merged
//! incidents are left out. A pause is not subtracted. Private incidents are left out as well: a counter of one service
//! and severity that holds one incident would tell that it exists.

mod lengths;
mod reading;

use std::collections::BTreeMap;

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{RowKey, Write};

pub use self::lengths::Lengths;
pub use self::reading::{Cell, Summary, csv, load, rows_of};
use super::change::Change;
use crate::model::incident::{Counted, Incident};
use crate::model::severity::Severity;

/// Stands for all services together.
pub const ALL_SERVICES: &str = "*";

/// The durations that are measured of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Until somebody took the incident up.
    Acknowledged,
    /// Until users were no longer affected.
    Mitigated,
    /// Until the incident was resolved.
    Resolved,
}

impl Measure {
    /// All measures, in the order of an incident's course.
    pub const ALL: [Self; 3] = [Self::Acknowledged, Self::Mitigated, Self::Resolved];

    /// The name in rows and in CSV, such as `mtta`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledged => "mtta",
            Self::Mitigated => "mttm",
            Self::Resolved => "mttr",
        }
    }
}

/// Counts an incident that has just been resolved.
pub fn count(change: &mut Change) {
    let incident = &change.incident;
    if incident.drill || incident.private || incident.counted.is_some() {
        return;
    }
    let counted = measured(incident);
    add(change, &[(&counted, 1)]);
    change.incident.counted = Some(counted);
}

/// Subtracts an incident from the counters, because it was reopened or made private.
pub fn uncount(change: &mut Change) {
    if let Some(counted) = change.incident.counted.take() {
        add(change, &[(&counted, -1)]);
    }
}

/// Counts an incident anew after a milestone, the severity or a service was corrected.
pub fn recount(change: &mut Change) {
    let Some(old) = change.incident.counted.take() else {
        return;
    };
    let new = measured(&change.incident);
    if new != old {
        add(change, &[(&old, -1), (&new, 1)]);
    }
    change.incident.counted = Some(new);
}

fn measured(incident: &Incident) -> Counted {
    let milestones = &incident.milestones;
    let since = |at: Timestamp| (at.millis() - milestones.declared.millis()).max(0);
    let reached = |measure| match measure {
        Measure::Acknowledged => milestones.acknowledged,
        Measure::Mitigated => milestones.mitigated,
        Measure::Resolved => milestones.resolved,
    };
    let mut services = vec![ALL_SERVICES.to_owned()];
    services.extend(incident.services.iter().cloned());
    Counted {
        day: day(milestones.resolved.unwrap_or(incident.updated_at)),
        services,
        severity: incident.severity,
        measures: Measure::ALL
            .into_iter()
            .filter_map(|measure| Some((measure.as_str().to_owned(), since(reached(measure)?))))
            .collect(),
    }
}

/// Adds each of the parts with its factor, 1 or −1. A counter that several parts concern is written once: a transaction
/// takes no row twice.
fn add(change: &mut Change, parts: &[(&Counted, i64)]) {
    let mut counters: BTreeMap<RowKey, BTreeMap<String, i64>> = BTreeMap::new();
    for (counted, by) in parts {
        for service in &counted.services {
            let counter = counters.entry(key(&counted.day, service, counted.severity));
            let sums = counter.or_default();
            *sums.entry("n".to_owned()).or_default() += by;
            for (measure, ms) in &counted.measures {
                *sums.entry(format!("{measure}_sum")).or_default() += ms * by;
                let bucket = lengths::bucket(*ms);
                *sums.entry(format!("{measure}_b{bucket}")).or_default() += by;
            }
        }
    }
    for (key, mut sums) in counters {
        sums.retain(|_, sum| *sum != 0);
        if sums.is_empty() {
            continue;
        }
        let terms: Vec<String> = sums.keys().map(|name| format!("#{name} :{name}")).collect();
        let mut write = Write::update(key, &format!("ADD {}", terms.join(", ")));
        for (name, sum) in sums {
            write = write.value(&format!(":{name}"), sum);
        }
        change.write(write);
    }
}

/// The row of the counters of a day, `2026-11-21`. It holds `n` incidents, and for each measure the sum of its
/// milliseconds `mttr_sum` and a counter `mttr_b<n>` for each bucket.
pub fn key(day: &str, service: &str, severity: Severity) -> RowKey {
    let (month, day) = day.rsplit_once('-').unwrap_or((day, ""));
    RowKey::new(
        &["incident_metrics", month],
        &[day, service, severity.as_str()],
    )
}

/// The calendar day of a moment, in UTC: `2026-11-21`.
fn day(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis())
        .map(|at| at.strftime("%Y-%m-%d").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
