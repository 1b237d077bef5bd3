//! Incidents as the API shows them. Times are milliseconds since 1970.

use serde_json::{Value, json};
use tidegate_pipeline::clock::Timestamp;

use super::call_context::CallContext;
use crate::decide::relations::Linked;
use crate::model::incident::{Incident, Milestones};
use crate::model::rows::{self, Loaded, Place};
use crate::model::timeline::Entry;
use tidegate_api::ApiError;

/// An incident as the caller may see it. A caller that may not see the incident that it has just declared learns its name only.
pub(super) fn to(context: &CallContext<'_>, loaded: &Loaded) -> Value {
    if context.sees(&loaded.incident) {
        return incident(loaded);
    }
    json!({"id": loaded.incident.id, "name": loaded.incident.name()})
}

/// An incident, without the parts that are in rows of their own.
pub(super) fn incident(loaded: &Loaded) -> Value {
    let incident = &loaded.incident;
    json!({
        "id": incident.id,
        "name": incident.name(),
        "number": incident.number,
        "title": incident.title,
        "status": incident.status,
        "severity": incident.severity,
        "services": incident.services,
        "private": incident.private,
        "drill": incident.drill,
        "reporter": incident.reporter,
        "commander": incident.commander(),
        "roles": roles(incident),
        "summary": incident.summary,
        "milestones": milestones(&incident.milestones),
        "review": incident.review,
        "reopened": incident.reopened,
        "updated_at_ms": incident.updated_at,
        "next_update_at_ms": incident.next_update_at,
        "paused_until_ms": incident.paused_until,
        "channel": channel(incident, &loaded.place),
        "version": incident.version,
    })
}

fn roles(incident: &Incident) -> Vec<Value> {
    let held = incident.roles.iter();
    held.map(|held| {
        json!({"role": held.role.as_str(), "user": held.user, "since_ms": held.since, "by": held.by})
    })
    .collect()
}

fn milestones(milestones: &Milestones) -> Value {
    let Milestones {
        impact_started,
        detected,
        declared,
        acknowledged,
        identified,
        mitigated,
        resolved,
        closed,
    } = milestones;
    json!({
        "impact_started_ms": impact_started,
        "detected_ms": detected,
        "declared_ms": declared,
        "acknowledged_ms": acknowledged,
        "identified_ms": identified,
        "mitigated_ms": mitigated,
        "resolved_ms": resolved,
        "closed_ms": closed,
    })
}

fn channel(incident: &Incident, place: &Place) -> Value {
    let name = &incident.channel_name;
    match place {
        Place::Pending => json!({"name": name, "state": "pending"}),
        Place::Made { channel, archived } => {
            let state = if *archived { "archived" } else { "made" };
            json!({"name": name, "state": state, "id": channel})
        }
        Place::Gone { reason } => json!({"name": name, "state": "gone", "reason": reason}),
    }
}

/// The links of an incident, without those to incidents that the caller may not see.
pub(super) async fn links(
    context: &CallContext<'_>,
    links: &[Linked],
) -> Result<Vec<Value>, ApiError> {
    let mut shown = Vec::new();
    for link in links {
        match link {
            Linked::Page(url) => shown.push(json!({"url": url})),
            Linked::Incident(id, tie) => {
                let other = rows::load_alone(&context.rows, id).await;
                let other = rows::unless_damaged(id, other)?;
                if let Some(other) = other.filter(|other| context.sees(other)) {
                    let tie = tie.as_str();
                    shown.push(json!({"id": other.id, "name": other.name(), "relation": tie}));
                }
            }
        }
    }
    Ok(shown)
}

/// An entry of the timeline. The text is null if the entry is hidden or its message was deleted.
pub(super) fn entry(entry: &Entry) -> Value {
    let at = |at: Option<Timestamp>| at.map(Timestamp::millis);
    json!({
        "seq": entry.seq,
        "at_ms": entry.at,
        "recorded_at_ms": entry.recorded_at,
        "kind": entry.kind,
        "actor": entry.actor,
        "text": entry.is_shown().then(|| entry.words()),
        "edited": entry.edited.is_some(),
        "hidden": entry.hidden_by.is_some(),
        "removed_at_ms": at(entry.removed_at),
        "source": entry.source,
    })
}
