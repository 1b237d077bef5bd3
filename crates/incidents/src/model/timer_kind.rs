//! What an incident reminds people of, and how often it has done so.

use std::fmt;

use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;

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
pub struct ReminderState {
    /// How often it has gone out.
    pub fired: u32,
    /// When it last did.
    pub last: Option<Timestamp>,
    /// Not again before that time.
    pub snoozed_until: Option<Timestamp>,
    /// Not again at all.
    pub off: bool,
}
