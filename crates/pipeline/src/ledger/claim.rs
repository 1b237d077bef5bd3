//! The claim: what makes a decision happen once.

use tidegate_slack::ids::TenantId;

use super::Delivery;
use crate::archive::Address;
use crate::clock::Timestamp;

/// The id under which a decision is claimed: committed under one id, it happens once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The event's id, or the name that a call of the API keeps at each repeat.
    pub id: String,
    /// Whose rows the decision changes.
    pub tenant: TenantId,
    /// The same moment for every attempt: of an event, when Slack dispatched it; its request is archived under that second.
    pub at: Timestamp,
    pub(super) name: String,
    pub(super) attempt: u32,
}

impl Claim {
    /// The claim of a call that waits for its answer; nothing of it is archived. `name` is for lists.
    pub fn call(id: String, tenant: TenantId, at: Timestamp, name: &str) -> Self {
        Self {
            id,
            tenant,
            at,
            name: name.to_owned(),
            attempt: 1,
        }
    }

    /// The claim of a queued job.
    pub fn of(delivery: Delivery<'_>) -> Self {
        let (job, label) = (delivery.job, delivery.label);
        Self {
            id: job.id.clone(),
            tenant: job.tenant.clone(),
            at: Timestamp(Address::of(job, label).second().saturating_mul(1000)),
            name: label.name.clone(),
            attempt: delivery.attempt,
        }
    }
}
