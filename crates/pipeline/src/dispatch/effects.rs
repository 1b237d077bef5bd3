//! Gives each effect to the domain that owns it, by the purpose of its outbox row.

use async_trait::async_trait;
use serde_json::Value as Json;

use super::{Dispatcher, PUBLISH_HOME};
use crate::clock::Timestamp;
use crate::delivery::{Done, Effect, Performer, Undone};
use crate::domain::Domain;

impl Dispatcher {
    fn owner(&self, effect: &str) -> Option<&dyn Domain> {
        let mut domains = self.domains.iter().map(|domain| &**domain);
        domains.find(|domain| domain.spec().effects.contains(&effect))
    }
}

#[async_trait]
impl Performer for Dispatcher {
    async fn perform(&self, effect: Effect<'_>) -> Result<Done, Undone> {
        if effect.name == PUBLISH_HOME {
            return self.publish_home(effect).await;
        }
        match self.owner(effect.name) {
            Some(domain) => domain.perform(effect).await,
            // Its domain is switched off, or this process is older than the one that decided on it. It is parked after some hours.
            None => Err(Undone::Retry(format!(
                "no domain that is on performs {}: see TIDEGATE_DOMAINS",
                effect.name
            ))),
        }
    }

    fn given_up(&self, name: &str, body: &Json, reason: &str, now: Timestamp) -> Done {
        self.owner(name).map_or_else(Done::default, |domain| {
            domain.given_up(name, body, reason, now)
        })
    }

    fn needs_token(&self, name: &str) -> bool {
        name == PUBLISH_HOME
            || self
                .owner(name)
                .is_some_and(|domain| domain.needs_token(name))
    }
}
