//! The status of an incident.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The status of an incident, in its usual order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Possibly an incident; nobody is notified yet.
    Triage,
    /// Declared; nobody has taken charge.
    Declared,
    /// The cause is being investigated.
    Investigating,
    /// The cause is known.
    Identified,
    /// Users are no longer affected, and the remedy is being watched.
    Monitoring,
    /// The incident is over; it can be reopened for seven days.
    Resolved,
    /// Finished; only an admin can reopen it.
    Closed,
    /// A false alarm: it turned out to be no incident.
    Canceled,
    /// Merged into another incident.
    Merged,
}

impl Status {
    /// All statuses, in their usual order.
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

    /// The name in commands, rows and the API, such as `triage`.
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

    /// Whether the incident still needs work.
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
