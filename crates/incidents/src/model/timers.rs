//! When an incident reminds people, or tidies up after itself. What is due follows from the incident as it stands, so
//! that a change of it moves its timers; a timer row only wakes somebody up to look.

mod due;

use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{RowKey, Write};
use tidegate_pipeline::timers::{arm, difference, disarm};

pub(crate) use self::due::unclaimed;
pub use self::due::{SPEED_UP, paced, wanted};
use super::incident::{Incident, IncidentId};
use super::rows;
use super::settings::Timers;
use super::timer_kind::TimerKind;
/// Kind of the jobs that timers become.
pub const TIMER_JOB: &str = "incident.timer";

/// What a timer row asks for, as it comes back in a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// Of which incident.
    pub incident: IncidentId,
    /// What was due.
    pub kind: TimerKind,
}

/// Forgets reminders whose reason is gone, after a change from `before`.
pub fn forget(before: &Incident, incident: &mut Incident) {
    let mut gone = Vec::new();
    if incident.milestones.acknowledged.is_some() {
        gone.push(TimerKind::Ack);
    }
    if incident.updated_at != before.updated_at {
        gone.push(TimerKind::Stale);
        // Whoever switched it off has not asked for it again.
        if !incident
            .timers
            .get(&TimerKind::UpdateDue)
            .is_some_and(|reminder| reminder.off)
        {
            gone.push(TimerKind::UpdateDue);
        }
    }
    if incident.status != before.status {
        gone.extend([TimerKind::Soak, TimerKind::AutoClose, TimerKind::Archive]);
    }
    if incident.review != before.review {
        gone.push(TimerKind::PostmortemDue);
    }
    for kind in gone {
        incident.timers.remove(&kind);
    }
}

/// The writes that bring the timer rows from what was wanted to what is.
pub fn writes(
    before: Option<&Incident>,
    incident: &Incident,
    timers: &Timers,
) -> Vec<Write<RowKey>> {
    let was = before
        .map(|before| wanted(before, timers))
        .unwrap_or_default();
    let is = wanted(incident, timers);
    difference(
        &was,
        &is,
        |kind| key(&incident.id, kind),
        |kind, due| set(incident, kind, due),
    )
}

/// The write that sets a timer, or removes it, whatever its row says.
pub fn again(incident: &Incident, kind: TimerKind, timers: &Timers) -> Write<RowKey> {
    match wanted(incident, timers).get(&kind) {
        Some(due) => set(incident, kind, *due),
        None => disarm(key(&incident.id, kind)),
    }
}

fn set(incident: &Incident, kind: TimerKind, due: Timestamp) -> Write<RowKey> {
    let wake = Wake {
        incident: incident.id.clone(),
        kind,
    };
    // Plain data: it always serialises.
    let payload = serde_json::to_value(wake).unwrap_or_default();
    let generation = i64::try_from(incident.version).unwrap_or(i64::MAX);
    let job = TIMER_JOB;
    arm(key(&incident.id, kind), job, &payload, generation, due)
}

fn key(id: &IncidentId, kind: TimerKind) -> RowKey {
    rows::row(id, &["timer", kind.as_str()])
}
