//! Who acted on an incident, as the API shows it.

use serde::Serialize;
use tidegate_api::shown_id;
use tidegate_slack::ids::{TenantId, UserId};
use utoipa::ToSchema;

use crate::model::actor::Actor;

/// The person or program that acted on an incident.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ShownActor {
    /// A person of the workspace.
    Person(UserId),
    /// A program, named by the id of its API key, as `GET /v1/keys` shows it.
    App(String),
    /// A program that used the operator key.
    Operator,
    /// Tidegate itself: one of its timers fired.
    Tidegate,
}

impl ShownActor {
    pub(super) fn of(actor: &Actor, tenant: &TenantId) -> Self {
        match actor {
            Actor::Person(user) => Self::Person(user.clone()),
            Actor::App(id) => Self::App(shown_id(tenant, id)),
            Actor::Operator => Self::Operator,
            Actor::Tidegate => Self::Tidegate,
        }
    }
}
