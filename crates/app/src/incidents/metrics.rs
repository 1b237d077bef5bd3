//! How long incidents take: counters by month, measure, service and severity, kept when an incident is resolved and
//! taken back when it is reopened, so that nothing is ever added up from the incidents themselves.
//!
//! MTTA is acknowledged − declared, MTTM mitigated − declared, MTTR resolved − declared. Drills, cancelled and merged
//! incidents are left out. A pause is not subtracted.

use std::collections::BTreeMap;

use tidegate_pipeline::table::{RowKey, Write};

use super::change::Change;
use super::incident::{Counted, Incident};
use super::rows;

/// Stands for all services together.
pub const ALL_SERVICES: &str = "*";

/// Buckets that a doubling of time is spread over: a percentile is exact to a fifth.
pub const BUCKETS_A_DOUBLING: f64 = 4.0;

/// Counts an incident that has just been resolved.
pub fn count(change: &mut Change) {
    if change.incident.drill || change.incident.counted.is_some() {
        return;
    }
    let counted = measured(&change.incident);
    add(change, &counted, 1);
    change.incident.counted = Some(counted);
}

/// Takes back what was counted of an incident that goes on.
pub fn uncount(change: &mut Change) {
    if let Some(counted) = change.incident.counted.take() {
        add(change, &counted, -1);
    }
}

/// Counts an incident anew of which a milestone, the severity or a service was corrected.
pub fn recount(change: &mut Change) {
    let Some(old) = change.incident.counted.take() else {
        return;
    };
    let new = measured(&change.incident);
    if new != old {
        add(change, &old, -1);
        add(change, &new, 1);
    }
    change.incident.counted = Some(new);
}

fn measured(incident: &Incident) -> Counted {
    let milestones = &incident.milestones;
    let since = |at: Option<tidegate_pipeline::clock::Timestamp>| {
        at.map(|at| (at.millis() - milestones.declared.millis()).max(0))
    };
    let measures = [
        ("mtta", since(milestones.acknowledged)),
        ("mttm", since(milestones.mitigated)),
        ("mttr", since(milestones.resolved)),
    ];
    let mut services = vec![ALL_SERVICES.to_owned()];
    services.extend(incident.services.iter().cloned());
    Counted {
        month: rows::month(milestones.resolved.unwrap_or(incident.updated_at)),
        services,
        severity: incident.severity,
        measures: measures
            .into_iter()
            .filter_map(|(name, ms)| Some((name.to_owned(), ms?)))
            .collect::<BTreeMap<_, _>>(),
    }
}

fn add(change: &mut Change, counted: &Counted, by: i64) {
    for service in &counted.services {
        for (measure, ms) in &counted.measures {
            change.write(write(counted, service, measure, *ms, by));
        }
    }
}

fn write(counted: &Counted, service: &str, measure: &str, ms: i64, by: i64) -> Write<RowKey> {
    let bucket = bucket(ms);
    let key = key(&counted.month, measure, service, counted.severity.as_str());
    Write::update(key, &format!("ADD #n :by, #sum :ms, #b{bucket} :by"))
        .value(":by", by)
        .value(":ms", ms * by)
}

/// The row of a counter.
pub fn key(month: &str, measure: &str, service: &str, severity: &str) -> RowKey {
    RowKey::new(&["incident_metrics", month], &[measure, service, severity])
}

/// The bucket of a length of time: bucket `n` begins at 2^(n/4) seconds; 0 holds all that is shorter than a second.
pub fn bucket(ms: i64) -> u32 {
    let mut bucket = 0;
    while bucket < 120 && from(bucket + 1) <= ms {
        bucket += 1;
    }
    bucket
}

/// Milliseconds at which a bucket begins.
pub fn from(bucket: u32) -> i64 {
    if bucket == 0 {
        return 0;
    }
    let seconds = (f64::from(bucket) / BUCKETS_A_DOUBLING).exp2();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "2^30 seconds at most, in milliseconds"
    )]
    let ms = (seconds * 1000.0) as i64;
    ms
}
