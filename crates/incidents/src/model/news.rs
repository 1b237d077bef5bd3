//! Who is told of an incident beyond its own channel, and of what.

use serde::{Deserialize, Serialize};
use tidegate_slack::ids::{ChannelId, UserId};

use super::incident::Incident;

/// Someone who is told, beyond the incident's own channel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// A channel.
    Channel(ChannelId),
    /// A person, by direct message.
    Person(UserId),
}

impl Audience {
    /// Its id.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Channel(channel) => channel.as_str(),
            Self::Person(user) => user.as_str(),
        }
    }

    /// Whether it may know of an incident as it stands: of what is private, only who takes part.
    pub fn may_know(&self, incident: &Incident) -> bool {
        match self {
            _ if !incident.private => true,
            Self::Person(user) => incident.takes_part(user),
            Self::Channel(_) => false,
        }
    }
}

/// What somebody is told of. Throttles are kept apart by it, so that a resolve is never swallowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// It was declared.
    Declared,
    /// It got worse.
    Escalated,
    /// Somebody said where it stands.
    Updated,
    /// It is over.
    Resolved,
    /// It is not over after all.
    Reopened,
    /// It was none, or part of another.
    Withdrawn,
    /// They are called to help.
    Paged,
}

impl News {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Escalated => "escalated",
            Self::Updated => "updated",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
            Self::Withdrawn => "withdrawn",
            Self::Paged => "paged",
        }
    }
}
