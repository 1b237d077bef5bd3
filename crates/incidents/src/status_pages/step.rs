//! The next call to a status page: a function of what is wanted and what is known.

use std::collections::BTreeMap;

use tidegate_connectors::status_page::{
    ComponentId, ComponentStatus, ExternalId, IncidentStatus, PublicIncident, PublicUpdate,
};

use super::known::{Call, Known, Says, Shown};
use super::wanted::{Wanted, public_status};

/// One call, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The page is as it should be.
    Nothing,
    /// An incident may have been published: look for it in that part of the list.
    LookForIncident(Call),
    /// An update may have been published: read the incident.
    LookForUpdate(ExternalId, Call),
    /// Publish the incident, with a text.
    Create(Says, PublicIncident),
    /// Publish an update.
    Update(Says, ExternalId, PublicUpdate),
    /// Give a component a status.
    SetComponent(ComponentId, ComponentStatus),
}

/// The next step. A call that nobody knows the end of comes first, then texts, for their order matters, then the status
/// and the components.
pub(super) fn next_step(wanted: &Wanted, known: &Known, shown: &Shown) -> Step {
    let ext_id = known.ext_id.as_deref().map(ExternalId::from);
    match (&known.call, &ext_id) {
        (Some(call), None) => return Step::LookForIncident(call.clone()),
        (Some(call), Some(id)) => return Step::LookForUpdate(id.clone(), call.clone()),
        (None, _) => {}
    }
    let components = if known.bare {
        BTreeMap::new()
    } else {
        wanted.components.clone()
    };
    if let Some(text) = wanted.text.as_ref().filter(|text| text.n > known.synced) {
        let (says, status) = (Says::Text(text.n), public_status(text.status));
        return match ext_id {
            Some(id) => Step::Update(says, id, update(wanted, status, &text.text, components)),
            None => Step::Create(says, incident(wanted, status, &text.text, components)),
        };
    }
    if let (Some(id), Some(status)) = (ext_id, wanted.status) {
        let word = Some(status.as_str());
        if known.status.as_deref() != word && known.refused_status.as_deref() != word {
            let says = Says::Status {
                status: status.as_str().to_owned(),
                words: wanted.words.to_owned(),
            };
            return Step::Update(says, id, update(wanted, status, wanted.words, components));
        }
    }
    let differs = wanted.components.iter().find(|(id, status)| {
        // A component that we never touched is left alone while it need not show anything.
        let last = shown.0.get(id).copied();
        last.unwrap_or(ComponentStatus::Operational) != **status
    });
    match differs {
        Some((id, status)) => Step::SetComponent(id.clone(), *status),
        None => Step::Nothing,
    }
}

fn update(
    wanted: &Wanted,
    status: IncidentStatus,
    body: &str,
    components: BTreeMap<ComponentId, ComponentStatus>,
) -> PublicUpdate {
    PublicUpdate {
        status,
        impact: wanted.impact,
        body: body.to_owned(),
        components,
        notify: true,
    }
}

fn incident(
    wanted: &Wanted,
    status: IncidentStatus,
    body: &str,
    components: BTreeMap<ComponentId, ComponentStatus>,
) -> PublicIncident {
    PublicIncident {
        our_id: wanted.our_id.clone(),
        name: wanted.name.clone(),
        // A page takes no incident that is over: it is published first, and ended by the next step.
        status: status.min(IncidentStatus::Monitoring),
        impact: wanted.impact,
        body: body.to_owned(),
        components,
        notify: true,
    }
}

#[cfg(test)]
mod tests;
