//! Commands: `/incident join`, `leave`, `watch`, `unwatch`, `role`, `claim`, `drop`, `commander`, `take`.
//!
//! Who takes part, and as what.

use tidegate_slack::ids::UserId;

use super::change::Change;
use super::role::{Held, RoleName};

/// Gives a role to somebody. A role that one person holds at a time leaves whoever had it; with it the commander's
/// clock is kept, as far as it is known.
pub fn assign(change: &mut Change, role: &RoleName, user: &UserId, zone: Option<i32>) {
    let (now, by) = (change.now, change.actor.clone());
    let incident = &mut change.incident;
    incident
        .roles
        .retain(|held| held.role != *role || (!role.is_single() && held.user != *user));
    incident.roles.push(Held {
        role: role.clone(),
        user: user.clone(),
        since: now,
        by,
    });
    incident.participants.insert(user.clone());
    if *role == RoleName::Commander {
        incident.zone = zone;
        incident.handover = None;
    }
}
