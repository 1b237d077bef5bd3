//! Incidents: listed, read, created, updated, deleted.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::wanted::Wanted;
use super::{Answer, Call, Refusal};
use crate::records::{Incident, IncidentUpdate, Postmortem};
use crate::world::{World, rfc3339};

/// The page's incidents, the newest first; only open ones if `unresolved`.
pub(super) fn list(world: &World, call: &Call<'_>, unresolved: bool) -> Value {
    let wanted = call.query.get("q").map(|q| q.to_lowercase());
    let fits = |incident: &&Incident| {
        let open = !unresolved || incident.status != "resolved";
        let named = wanted
            .as_ref()
            .is_none_or(|q| incident.name.to_lowercase().contains(q));
        open && named
    };
    let found = world.incidents.values().rev().filter(fits);
    call.cut(found.map(|i| world.show(i)).collect())
}

pub(super) fn get(world: &World, id: &str) -> Answer {
    let incident = world.incidents.get(id).ok_or_else(Refusal::not_found)?;
    Ok((200, world.show(incident)))
}

pub(super) fn delete(world: &mut World, id: &str) -> Answer {
    let incident = world.incidents.remove(id).ok_or_else(Refusal::not_found)?;
    Ok((200, world.show(&incident)))
}

pub(super) fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let wanted = Wanted::read(world, call.body)?;
    if wanted.name.is_none() {
        return Err(Refusal::unprocessable("Name can't be blank"));
    }
    let id = world.next_id(call.now);
    let now = rfc3339(call.now);
    let mut incident = Incident {
        shortlink: format!("https://stspg.example/{id}"),
        page_id: world.page()["id"].as_str().unwrap_or_default().to_owned(),
        id,
        name: String::new(),
        status: "investigating".to_owned(),
        impact: "none".to_owned(),
        impact_override: None,
        created_at: now.clone(),
        updated_at: now,
        monitoring_at: None,
        resolved_at: None,
        metadata: json!({}),
        incident_updates: Vec::new(),
        component_ids: Vec::new(),
        postmortem: Postmortem::default(),
    };
    apply(world, call, &mut incident, wanted, true);
    let shown = world.show(&incident);
    world.incidents.insert(incident.id.clone(), incident);
    Ok((201, shown))
}

pub(super) fn update(world: &mut World, call: &Call<'_>, id: &str) -> Answer {
    let mut incident = world
        .incidents
        .get(id)
        .cloned()
        .ok_or_else(Refusal::not_found)?;
    let wanted = Wanted::read(world, call.body)?;
    apply(world, call, &mut incident, wanted, false);
    let shown = world.show(&incident);
    world.incidents.insert(incident.id.clone(), incident);
    Ok((200, shown))
}

/// Sets what was sent. A text or another status appends an update.
fn apply(
    world: &mut World,
    call: &Call<'_>,
    incident: &mut Incident,
    wanted: Wanted,
    is_new: bool,
) {
    let now = rfc3339(call.now);
    let status = wanted.status.unwrap_or_else(|| incident.status.clone());
    let says = is_new || wanted.body.is_some() || status != incident.status;
    if status == "monitoring" && incident.status != "monitoring" {
        incident.monitoring_at = Some(now.clone());
    }
    match status.as_str() {
        "resolved" if incident.resolved_at.is_some() => {}
        "resolved" => incident.resolved_at = Some(now.clone()),
        _ => incident.resolved_at = None,
    }
    incident.status = status;
    if let Some(name) = wanted.name {
        incident.name = name;
    }
    if let Some(metadata) = wanted.metadata {
        incident.metadata = metadata;
    }
    if let Some(ids) = wanted.component_ids {
        incident.component_ids = ids;
    }
    for id in wanted.statuses.keys() {
        if !incident.component_ids.contains(id) {
            incident.component_ids.push(id.clone());
        }
    }
    let affected = set_components(world, &now, &wanted.statuses);
    incident.impact_override = wanted.impact.or(incident.impact_override.take());
    incident.impact = match &incident.impact_override {
        Some(impact) => impact.clone(),
        None => computed_impact(world, incident).to_owned(),
    };
    incident.updated_at.clone_from(&now);
    if says {
        let update = IncidentUpdate {
            id: world.next_id(call.now),
            incident_id: incident.id.clone(),
            status: incident.status.clone(),
            body: wanted.body.unwrap_or_default(),
            deliver_notifications: wanted.notify,
            affected_components: affected,
            created_at: now.clone(),
            updated_at: now.clone(),
            display_at: now,
        };
        incident.incident_updates.insert(0, update);
    }
}

/// Gives components their statuses; answers what an update says about it.
fn set_components(
    world: &mut World,
    now: &str,
    statuses: &BTreeMap<String, String>,
) -> Vec<BTreeMap<&'static str, String>> {
    let mut affected = Vec::new();
    for component in &mut world.components {
        let Some(status) = statuses.get(&component.id) else {
            continue;
        };
        affected.push(BTreeMap::from([
            ("code", component.id.clone()),
            ("name", component.name.clone()),
            ("old_status", component.status.clone()),
            ("new_status", status.clone()),
        ]));
        component.status.clone_from(status);
        now.clone_into(&mut component.updated_at);
    }
    affected
}

fn computed_impact(world: &World, incident: &Incident) -> &'static str {
    let has = |status: &str| {
        let mut components = world.components.iter();
        components.any(|c| c.status == status && incident.component_ids.contains(&c.id))
    };
    if has("major_outage") {
        "critical"
    } else if has("partial_outage") {
        "major"
    } else if has("degraded_performance") {
        "minor"
    } else {
        "none"
    }
}
