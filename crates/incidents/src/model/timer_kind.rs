//! The kinds of timers of an incident, and the state of each reminder.

use std::fmt;

use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;

/// The kind of a timer. `AutoClose` and `Archive` tidy up; the others remind people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// Nobody has taken charge in time.
    Ack,
    /// A required role is vacant.
    RoleUnclaimed,
    /// The next update is due.
    UpdateDue,
    /// Monitoring has lasted long enough to suggest resolving.
    Soak,
    /// There has been no update for days.
    Stale,
    /// A resolved incident closes automatically.
    AutoClose,
    /// The deadline of the post-mortem has passed.
    PostmortemDue,
    /// The channel of a closed incident is archived.
    Archive,
}

impl TimerKind {
    /// All kinds of timers.
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

    /// The name in rows and in the values of buttons, such as `ack`.
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

    /// Parses a name that [`TimerKind::as_str`] returned; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for TimerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How often a reminder was sent, and whether people snoozed it or turned it off. It is removed when the reason for the
/// reminder is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReminderState {
    /// How many times the reminder was sent.
    pub fired: u32,
    /// When it was last sent; `None` before the first time.
    pub last: Option<Timestamp>,
    /// The reminder is not sent before this time; `None` without a snooze.
    pub snoozed_until: Option<Timestamp>,
    /// Whether somebody turned the reminder off.
    pub off: bool,
}
