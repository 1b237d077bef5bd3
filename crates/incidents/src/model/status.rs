//! Where an incident stands.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Perhaps an incident; nobody is told yet.
    Triage,
    /// Declared; nobody has taken it up.
    Declared,
    /// The cause is looked for.
    Investigating,
    /// The cause is known.
    Identified,
    /// Users do not feel it any more; it is watched.
    Monitoring,
    /// Over.
    Resolved,
    /// Put away.
    Closed,
    /// It was none.
    Canceled,
    /// Part of another.
    Merged,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Triage,
        Self::Declared,
        Self::Investigating,
        Self::Identified,
        Self::Monitoring,
        Self::Resolved,
        Self::Closed,
        Self::Canceled,
        Self::Merged,
    ];

    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Triage => "triage",
            Self::Declared => "declared",
            Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Monitoring => "monitoring",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Canceled => "canceled",
            Self::Merged => "merged",
        }
    }

    /// Whether somebody has to do something about it.
    pub fn is_open(self) -> bool {
        matches!(
            self,
            Self::Triage
                | Self::Declared
                | Self::Investigating
                | Self::Identified
                | Self::Monitoring
        )
    }
}

tidegate_slack::said_as_displayed!(Status);

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
