//! Severities, from P1, the most severe, to P4.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The severity of an incident. P1 is less than P2, so that lists begin with the most severe.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    ToSchema,
)]
pub enum Severity {
    /// Critical: everyone is needed, at any hour.
    P1,
    /// Major: the severity of an incident whose declaration names none.
    #[default]
    P2,
    /// Minor: few users or minor functions are affected.
    P3,
    /// Cosmetic: nobody is kept from working.
    P4,
}

impl Severity {
    /// All severities, most severe first.
    pub const ALL: [Self; 4] = [Self::P1, Self::P2, Self::P3, Self::P4];

    /// The name in commands, rows and the API, such as `P1`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P1 => "P1",
            Self::P2 => "P2",
            Self::P3 => "P3",
            Self::P4 => "P4",
        }
    }

    /// Parses `P1` to `P4`, ignoring case; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.as_str().eq_ignore_ascii_case(text))
    }

    /// Whether this severity is more severe than `other`.
    pub fn worse_than(self, other: Self) -> bool {
        self < other
    }

    /// Whether audiences outside the incident's own channel are notified: true for P1 and P2.
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
