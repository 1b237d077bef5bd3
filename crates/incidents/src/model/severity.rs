//! Severities: P1 is the worst.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad an incident is. P1 is less than P2: the worst comes first in lists.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
pub enum Severity {
    /// Critical: all hands, at any hour.
    P1,
    /// Major: what a severity is when nobody says.
    #[default]
    P2,
    /// Minor.
    P3,
    /// Cosmetic.
    P4,
}

impl Severity {
    /// All of them, worst first.
    pub const ALL: [Self; 4] = [Self::P1, Self::P2, Self::P3, Self::P4];

    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P1 => "P1",
            Self::P2 => "P2",
            Self::P3 => "P3",
            Self::P4 => "P4",
        }
    }

    /// Reads `P1` to `P4`, in either case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str().eq_ignore_ascii_case(text))
    }

    /// Whether it is worse than another.
    pub fn worse_than(self, other: Self) -> bool {
        self < other
    }

    /// Whether people beyond the incident's own channel are told: P1 and P2.
    pub fn is_broadcast(self) -> bool {
        self <= Self::P2
    }
}

tidegate_slack::said_as_displayed!(Severity);

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
