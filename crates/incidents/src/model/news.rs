//! The audiences of an incident outside its own channel, and the events they are notified of.

use serde::{Deserialize, Serialize};
use tidegate_slack::ids::{ChannelId, UserId};

use super::incident::Incident;

/// A recipient of notifications outside the incident's own channel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// A channel of the workspace, which gets one message per incident.
    Channel(ChannelId),
    /// A person, who gets direct messages.
    Person(UserId),
}

impl Audience {
    /// The Slack id of the channel or person.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Channel(channel) => channel.as_str(),
            Self::Person(user) => user.as_str(),
        }
    }

    /// Whether the audience may see the incident. Only participants may see a private one.
    pub fn may_know(&self, incident: &Incident) -> bool {
        match self {
            _ if !incident.private => true,
            Self::Person(user) => incident.takes_part(user),
            Self::Channel(_) => false,
        }
    }
}

/// An event to notify an audience of. Each kind is throttled separately, so that a notification of the end is never
/// dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// The incident was declared.
    Declared,
    /// The severity increased, such as from P3 to P2.
    Escalated,
    /// Somebody posted an update.
    Updated,
    /// The incident was resolved.
    Resolved,
    /// The incident was reopened.
    Reopened,
    /// The incident was canceled or merged.
    Withdrawn,
    /// The person was paged.
    Paged,
}

impl News {
    /// The name that rows store, such as `declared`.
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
