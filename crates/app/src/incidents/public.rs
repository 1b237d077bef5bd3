//! What the public reads of an incident.

use super::incident::Incident;
use super::status::Status;

/// Whether the public may hear of an incident at all: not of a private one, a drill, or what may be none.
pub fn concerns(incident: &Incident) -> bool {
    !incident.private && !incident.drill && incident.status != Status::Triage
}
