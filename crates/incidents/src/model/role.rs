//! Roles within an incident, and the people who hold them.

use std::fmt;

use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::ids::UserId;
use utoipa::ToSchema;

use super::actor::Actor;

/// A role. At most one person each is commander, deputy, comms and scribe; any number may hold the others.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    /// Leads and decides, and leaves the repair to others.
    Commander,
    /// Replaces the commander when needed.
    Deputy,
    /// Informs everyone outside the incident, including the public.
    Comms,
    /// Keeps the timeline complete while the others work.
    Scribe,
    /// Subject-matter expert: knows the affected system.
    Sme,
    /// A role that the workspace defined: 1 to 20 lower-case letters, digits and `-`.
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

    /// The name that people type, such as `commander`.
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

    /// Parses a role's name, ignoring case; `None` if the text cannot be one.
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

    /// Whether only one person at a time can hold the role.
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

/// A person who holds a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoleHolder {
    /// The role that the person holds.
    pub role: RoleName,
    /// The holder's user id.
    pub user: UserId,
    /// When the person got the role.
    pub since: Timestamp,
    /// The person or program that assigned the role.
    pub by: Actor,
}
