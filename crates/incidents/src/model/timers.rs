//! When an incident reminds people, or tidies up after itself. What is due follows from the incident as it stands, so
//! that a change of it moves its timers; a timer row only wakes somebody up to look.

mod due;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{RowKey, Write};
use tidegate_pipeline::timers::{arm, disarm};

pub(crate) use self::due::unclaimed;
pub use self::due::{SPEED_UP, paced, wanted};
use super::incident::{Incident, IncidentId};
use super::rows;
use super::settings::Timers;

/// Kind of the jobs that timers become.
pub const TIMER_JOB: &str = "incident.timer";

/// What becomes due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// Nobody has taken it up.
    Ack,
    /// A role that it needs has nobody.
    RoleUnclaimed,
    /// The next word is due.
    UpdateDue,
    /// It has been quiet long enough to resolve it.
    Soak,
    /// Nobody has said anything for days.
    Stale,
    /// It closes by itself.
    AutoClose,
    /// The post-mortem is due.
    PostmortemDue,
    /// Its channel is put away.
    Archive,
}

impl TimerKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Ack,
        Self::RoleUnclaimed,
        Self::UpdateDue,
        Self::Soak,
        Self::Stale,
        Self::AutoClose,
        Self::PostmortemDue,
        Self::Archive,
    ];

    /// As stored, and in buttons.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ack => "ack",
            Self::RoleUnclaimed => "role_unclaimed",
            Self::UpdateDue => "update_due",
            Self::Soak => "soak",
            Self::Stale => "stale",
            Self::AutoClose => "auto_close",
            Self::PostmortemDue => "postmortem_due",
            Self::Archive => "archive",
        }
    }

    /// Reads what [`TimerKind::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for TimerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How often a reminder went out, and what people asked of it. Starts anew when its reason is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Nag {
    /// How often it has gone out.
    pub fired: u32,
    /// When it last did.
    pub last: Option<Timestamp>,
    /// Not again before that time.
    pub snoozed_until: Option<Timestamp>,
    /// Not again at all.
    pub off: bool,
}

/// Reminders by kind.
pub type Nags = BTreeMap<TimerKind, Nag>;

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
            .is_some_and(|nag| nag.off)
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
    let mut writes = Vec::new();
    for kind in TimerKind::ALL {
        match (was.get(&kind), is.get(&kind)) {
            (was, Some(due)) if was != Some(due) => writes.push(set(incident, kind, *due)),
            (Some(_), None) => writes.push(disarm(key(&incident.id, kind))),
            _ => {}
        }
    }
    writes
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
