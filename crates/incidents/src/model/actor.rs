//! Who did something with an incident.

use serde::{Deserialize, Serialize};
use tidegate_slack::ids::UserId;

/// Who did something with an incident.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person of the workspace.
    Person(UserId),
    /// A program with this API key.
    App(String),
    /// Whoever has the operator key.
    Operator,
    /// Tidegate itself, by a timer.
    Tidegate,
}

impl Actor {
    /// The person, if it is one.
    pub fn person(&self) -> Option<&UserId> {
        match self {
            Self::Person(user) => Some(user),
            _ => None,
        }
    }
}
