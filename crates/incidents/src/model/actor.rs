//! The actor of an event: who did something with an incident.

use serde::{Deserialize, Serialize};
use tidegate_slack::ids::UserId;
use utoipa::ToSchema;

/// The person or program that acted on an incident.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person of the workspace.
    Person(UserId),
    /// A program, named by the id of the API key that it used.
    App(String),
    /// A program that used the operator key.
    Operator,
    /// Tidegate itself: one of its timers fired.
    Tidegate,
}

impl Actor {
    /// The person's user id; `None` for every other actor.
    pub fn person(&self) -> Option<&UserId> {
        match self {
            Self::Person(user) => Some(user),
            _ => None,
        }
    }
}
