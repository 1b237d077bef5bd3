//! The state that a status page should show of an incident, computed from the incident and the settings.

use std::collections::BTreeMap;

use tidegate_connectors::status_page::{
    ComponentId, ComponentStatus, Impact, IncidentStatus, MAX_NAME,
};

use crate::model::incident::{Incident, PublicUpdate};
use crate::model::publication;
use crate::model::settings::{Settings, StatusPage};
use crate::model::severity::Severity;
use crate::model::status::Status;

/// The desired state of the page.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Desired {
    /// The incident's id, which the page stores so that the incident can be found again.
    pub our_id: String,
    /// The incident's public name, at most [`MAX_NAME`] characters.
    pub name: String,
    /// The public impact, which follows from the severity.
    pub impact: Impact,
    /// The status that a published incident should have; `None` leaves it unchanged.
    pub status: Option<IncidentStatus>,
    /// The text of a change of status for which nobody wrote one.
    pub default_text: &'static str,
    /// The first published text that the page does not have; `None` if it has all.
    pub text: Option<PublicUpdate>,
    /// The status that each component should show, for all components that the incident affects or has affected.
    pub components: BTreeMap<ComponentId, ComponentStatus>,
}

impl Desired {
    /// The desired state for `incident`. The caller has loaded `text` and `components`.
    pub(super) fn of(
        incident: &Incident,
        settings: &Settings,
        text: Option<PublicUpdate>,
        components: BTreeMap<ComponentId, ComponentStatus>,
    ) -> Self {
        let concerns = publication::concerns(incident);
        let status = public_status(incident.status);
        // An incident that is no longer public is only ended on the page. While a draft waits for approval, its text
        // comes with the status.
        let follows = status == IncidentStatus::Resolved || (concerns && incident.draft.is_none());
        Self {
            our_id: incident.id.as_str().to_owned(),
            name: public_name(incident, settings),
            impact: impact(incident.severity),
            status: follows.then_some(status),
            default_text: default_text(incident.status),
            text: text.filter(|_| concerns),
            components,
        }
    }
}

/// The public status that corresponds to an incident's status.
pub(super) fn public_status(status: Status) -> IncidentStatus {
    match status {
        Status::Triage | Status::Declared | Status::Investigating => IncidentStatus::Investigating,
        Status::Identified => IncidentStatus::Identified,
        Status::Monitoring => IncidentStatus::Monitoring,
        Status::Resolved | Status::Closed | Status::Canceled | Status::Merged => {
            IncidentStatus::Resolved
        }
    }
}

/// The text for a status if nobody wrote one.
fn default_text(status: Status) -> &'static str {
    match status {
        Status::Triage | Status::Declared | Status::Investigating => "We are investigating this.",
        Status::Identified => "The cause has been found, and we are working on it.",
        Status::Monitoring => "A remedy is in place, and we are watching how it does.",
        Status::Resolved | Status::Closed => "This has been resolved.",
        Status::Canceled | Status::Merged => "There will be no further updates of this.",
    }
}

fn impact(severity: Severity) -> Impact {
    match severity {
        Severity::P1 => Impact::Critical,
        Severity::P2 => Impact::Major,
        Severity::P3 => Impact::Minor,
        Severity::P4 => Impact::None,
    }
}

/// The status of a component whose service the incident affects; `None` if the incident does not affect it publicly.
pub(super) fn component_status(incident: &Incident) -> Option<ComponentStatus> {
    if !publication::concerns(incident) {
        return None;
    }
    match (incident.status, incident.severity) {
        (Status::Declared | Status::Investigating, Severity::P1) => {
            Some(ComponentStatus::MajorOutage)
        }
        (Status::Declared | Status::Investigating, Severity::P2)
        | (Status::Identified | Status::Monitoring, Severity::P1) => {
            Some(ComponentStatus::PartialOutage)
        }
        (status, _) if status.is_open() => Some(ComponentStatus::DegradedPerformance),
        _ => None,
    }
}

/// The components that an incident affects, with the status that each should show. On the built-in page every service
/// is a component.
pub(super) fn holds(
    incident: &Incident,
    settings: &Settings,
) -> BTreeMap<ComponentId, ComponentStatus> {
    let Some(status) = component_status(incident) else {
        return BTreeMap::new();
    };
    let components = match settings.status_page {
        StatusPage::None => Vec::new(),
        StatusPage::BuiltIn { .. } => incident.services.clone(),
        StatusPage::Statuspage { .. } => settings.components(&incident.services),
    };
    let held = components.into_iter();
    held.map(|id| (ComponentId::from(id), status)).collect()
}

/// The public name, made from the names of the services. The incident's title is internal and never published.
fn public_name(incident: &Incident, settings: &Settings) -> String {
    let names = incident.services.iter().map(|slug| {
        let service = settings.services.get(slug);
        service
            .and_then(|service| service.name.as_deref())
            .unwrap_or(slug)
    });
    let names: Vec<&str> = names.collect();
    let name = if names.is_empty() {
        "Incident".to_owned()
    } else {
        format!("Incident affecting {}", names.join(", "))
    };
    name.chars().take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status_pages::fixture;

    fn of(status: Status, severity: Severity) -> Incident {
        Incident {
            status,
            severity,
            ..fixture::incident()
        }
    }

    #[test]
    fn a_component_shows_severity_and_status() {
        use ComponentStatus::{DegradedPerformance, MajorOutage, PartialOutage};
        for (statuses, by_severity) in [
            (
                [Status::Declared, Status::Investigating],
                [
                    MajorOutage,
                    PartialOutage,
                    DegradedPerformance,
                    DegradedPerformance,
                ],
            ),
            (
                [Status::Identified, Status::Monitoring],
                [
                    PartialOutage,
                    DegradedPerformance,
                    DegradedPerformance,
                    DegradedPerformance,
                ],
            ),
        ] {
            for status in statuses {
                for (severity, shown) in Severity::ALL.into_iter().zip(by_severity) {
                    let incident = of(status, severity);
                    assert_eq!(
                        component_status(&incident),
                        Some(shown),
                        "{status} {severity}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_has_ended_or_is_not_for_the_public_holds_nothing() {
        let open = of(Status::Investigating, Severity::P1);
        let mut hidden = vec![
            Incident {
                private: true,
                ..open.clone()
            },
            Incident {
                drill: true,
                ..open
            },
        ];
        for status in Status::ALL {
            if status == Status::Triage || !status.is_open() {
                hidden.push(of(status, Severity::P1));
            }
        }
        for incident in hidden {
            assert_eq!(component_status(&incident), None, "{}", incident.status);
        }
    }

    #[test]
    fn a_title_is_never_published() {
        let mut settings = Settings::default();
        let incident = of(Status::Investigating, Severity::P1);
        assert_eq!(
            public_name(&incident, &settings),
            "Incident affecting checkout"
        );
        settings
            .services
            .entry("checkout".to_owned())
            .or_default()
            .name = Some("Checkout".to_owned());
        assert_eq!(
            public_name(&incident, &settings),
            "Incident affecting Checkout"
        );
        let bare = Incident {
            services: Vec::new(),
            ..incident
        };
        assert_eq!(public_name(&bare, &settings), "Incident");
    }

    #[test]
    fn a_status_waits_for_the_text_of_a_draft_and_an_end_does_not() {
        let desired = |incident: &Incident| {
            Desired::of(incident, &Settings::default(), None, BTreeMap::new()).status
        };
        let mut incident = of(Status::Identified, Severity::P2);
        assert_eq!(desired(&incident), Some(IncidentStatus::Identified));
        incident.draft = Some(crate::model::incident::PublicDraft {
            n: 1,
            text: "x".to_owned(),
            by: crate::model::actor::Actor::Operator,
            at: fixture::NOW,
        });
        assert_eq!(desired(&incident), None);
        incident.draft = None;
        incident.private = true;
        assert_eq!(desired(&incident), None);
        incident.status = Status::Merged;
        assert_eq!(desired(&incident), Some(IncidentStatus::Resolved));
    }
}
