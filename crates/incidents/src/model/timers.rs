//! The timers of an incident: when to remind people, and when to tidy up. Due times follow from the incident's state,
//! so every change of the incident moves its timers. A timer row only triggers a new look at the incident.

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

/// The job kind of an incident's timers.
pub const TIMER_JOB: &str = "incident.timer";

/// The payload of a timer row, which its job brings back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// The incident whose timer fired.
    pub incident: IncidentId,
    /// The timer that fired.
    pub kind: TimerKind,
}

/// Removes the state of reminders whose reason is gone, after a change from `before` to `incident`.
pub fn forget(before: &Incident, incident: &mut Incident) {
    let mut gone = Vec::new();
    if incident.milestones.acknowledged.is_some() {
        gone.push(TimerKind::Ack);
    }
    if incident.updated_at != before.updated_at {
        gone.push(TimerKind::Stale);
        // A reminder that somebody turned off stays off.
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

/// The writes that change the timer rows of `before` into those of `incident`; `None` for a new incident.
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

/// The write that sets one timer, or removes it if nothing is due, regardless of its present row.
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
    // Plain data always serializes.
    let payload = serde_json::to_value(wake).unwrap_or_default();
    let generation = i64::try_from(incident.version).unwrap_or(i64::MAX);
    let job = TIMER_JOB;
    arm(key(&incident.id, kind), job, &payload, generation, due)
}

fn key(id: &IncidentId, kind: TimerKind) -> RowKey {
    rows::row(id, &["timer", kind.as_str()])
}
