//! Roles within an incident, and who holds them.

use std::fmt;

use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::ids::UserId;

use super::actor::Actor;

/// A role. There is one commander, one deputy, one comms and one scribe at most; of the others any number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    /// Leads: decides, and does not repair.
    Commander,
    /// Stands in for the commander, ready to take over.
    Deputy,
    /// Speaks to everyone outside, the public included.
    Comms,
    /// Writes down what happens.
    Scribe,
    /// Knows the matter.
    Sme,
    /// A role of the workspace's own, by its name: lower case letters, digits and `-`, 20 at most.
    Custom(String),
}

impl RoleName {
    /// The roles that every incident has.
    pub const BUILT_IN: [Self; 5] = [
        Self::Commander,
        Self::Deputy,
        Self::Comms,
        Self::Scribe,
        Self::Sme,
    ];

    /// As typed.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Commander => "commander",
            Self::Deputy => "deputy",
            Self::Comms => "comms",
            Self::Scribe => "scribe",
            Self::Sme => "sme",
            Self::Custom(name) => name,
        }
    }

    /// Reads a role's name in either case; `None` for what can be no role's name.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        if let Some(role) = Self::BUILT_IN
            .into_iter()
            .find(|role| role.as_str() == text)
        {
            return Some(role);
        }
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        ((1..=20).contains(&text.len()) && text.bytes().all(plain)).then_some(Self::Custom(text))
    }

    /// Whether one person at a time holds it.
    pub fn is_single(&self) -> bool {
        matches!(
            self,
            Self::Commander | Self::Deputy | Self::Comms | Self::Scribe
        )
    }
}

tidegate_slack::said_as_displayed!(RoleName);

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A role that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Which.
    pub role: RoleName,
    /// Who.
    pub user: UserId,
    /// Since when.
    pub since: Timestamp,
    /// Who gave it.
    pub by: Actor,
}
