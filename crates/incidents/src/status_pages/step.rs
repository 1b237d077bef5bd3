//! Decides the next call to a status page from the desired state and the known state.

use std::collections::BTreeMap;

use tidegate_connectors::status_page::{
    ComponentId, ComponentStatus, ExternalId, IncidentStatus, PublicIncident, PublicUpdate,
};

use super::desired::{Desired, public_status};
use super::sync_state::{Call, Content, ShownStatuses, SyncState};

/// The next call to the status page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// No call is needed.
    Nothing,
    /// Check whether the incident was published, in that part of the page's list.
    LookForIncident(Call),
    /// Check whether an update was published, by reading the incident.
    LookForUpdate(ExternalId, Call),
    /// Publish the incident with its first text.
    Create(Content, PublicIncident),
    /// Publish an update of the incident.
    Update(Content, ExternalId, PublicUpdate),
    /// Set the status of a component.
    SetComponent(ComponentId, ComponentStatus),
}

/// The next step. A call with an unknown outcome is resolved first. Then come texts, because their order matters, then
/// the status, then the components.
pub(super) fn next_step(desired: &Desired, state: &SyncState, shown: &ShownStatuses) -> Step {
    let ext_id = state.ext_id.as_deref().map(ExternalId::from);
    match (&state.call, &ext_id) {
        (Some(call), None) => return Step::LookForIncident(call.clone()),
        (Some(call), Some(id)) => return Step::LookForUpdate(id.clone(), call.clone()),
        (None, _) => {}
    }
    let components = if state.bare {
        BTreeMap::new()
    } else {
        desired.components.clone()
    };
    if let Some(text) = desired.text.as_ref().filter(|text| text.n > state.synced) {
        let (content, status) = (Content::Text(text.n), public_status(text.status));
        return match ext_id {
            Some(id) => Step::Update(content, id, update(desired, status, &text.text, components)),
            None => Step::Create(content, incident(desired, status, &text.text, components)),
        };
    }
    if let (Some(id), Some(status)) = (ext_id, desired.status) {
        let word = Some(status.as_str());
        if state.status.as_deref() != word && state.refused_status.as_deref() != word {
            let content = Content::Status {
                status: status.as_str().to_owned(),
                words: desired.default_text.to_owned(),
            };
            return Step::Update(
                content,
                id,
                update(desired, status, desired.default_text, components),
            );
        }
    }
    let differs = desired.components.iter().find(|(id, status)| {
        // A component that was never set is assumed to be operational.
        let last = shown.0.get(id).copied();
        last.unwrap_or(ComponentStatus::Operational) != **status
    });
    match differs {
        Some((id, status)) => Step::SetComponent(id.clone(), *status),
        None => Step::Nothing,
    }
}

fn update(
    desired: &Desired,
    status: IncidentStatus,
    body: &str,
    components: BTreeMap<ComponentId, ComponentStatus>,
) -> PublicUpdate {
    PublicUpdate {
        status,
        impact: desired.impact,
        body: body.to_owned(),
        components,
        notify: true,
    }
}

fn incident(
    desired: &Desired,
    status: IncidentStatus,
    body: &str,
    components: BTreeMap<ComponentId, ComponentStatus>,
) -> PublicIncident {
    PublicIncident {
        our_id: desired.our_id.clone(),
        name: desired.name.clone(),
        // A page does not accept a resolved incident, so it is published first and resolved by the next step.
        status: status.min(IncidentStatus::Monitoring),
        impact: desired.impact,
        body: body.to_owned(),
        components,
        notify: true,
    }
}

#[cfg(test)]
mod tests;
