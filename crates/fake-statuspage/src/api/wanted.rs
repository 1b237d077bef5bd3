//! The fields of an incident as a caller sends them, checked as Statuspage checks them: all faults at once.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Refusal;
use crate::world::World;

/// The statuses that a component can be set to.
pub(super) const COMPONENT_STATUSES: [&str; 5] = [
    "operational",
    "under_maintenance",
    "degraded_performance",
    "partial_outage",
    "major_outage",
];

const STATUSES: [&str; 4] = ["investigating", "identified", "monitoring", "resolved"];
const IMPACTS: [&str; 5] = ["none", "maintenance", "minor", "major", "critical"];
const MAX_NAME: usize = 255;
const MAX_BODY: usize = 25_000;

/// Fields that were sent; absent ones stay as they are.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) name: Option<String>,
    pub(super) status: Option<String>,
    pub(super) impact: Option<String>,
    pub(super) body: Option<String>,
    pub(super) metadata: Option<Value>,
    pub(super) notify: bool,
    /// The statuses that components get.
    pub(super) statuses: BTreeMap<String, String>,
    /// The components that the incident affects from now on.
    pub(super) component_ids: Option<Vec<String>>,
}

impl Wanted {
    /// Reads the body `{"incident": {…}}` of a call.
    pub(super) fn read(world: &World, sent: &Value) -> Result<Self, Refusal> {
        let incident = sent
            .get("incident")
            .and_then(Value::as_object)
            .ok_or_else(|| Refusal::new(400, "incident is missing"))?;
        let mut faults = Vec::new();
        let text = |field: &str| incident.get(field)?.as_str().map(str::to_owned);
        let component_ids = incident.get("component_ids").and_then(Value::as_array);
        let wanted = Self {
            name: text("name"),
            status: one_of(incident, "status", &STATUSES, &mut faults),
            impact: one_of(incident, "impact_override", &IMPACTS, &mut faults),
            body: text("body").filter(|body| !body.is_empty()),
            metadata: incident.get("metadata").filter(|m| !m.is_null()).cloned(),
            notify: incident.get("deliver_notifications") != Some(&Value::Bool(false)),
            statuses: statuses(incident, &mut faults),
            component_ids: component_ids.map(|ids| {
                ids.iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect()
            }),
        };
        wanted.check(world, &mut faults);
        if faults.is_empty() {
            return Ok(wanted);
        }
        Err(Refusal {
            status: 422,
            reasons: faults,
        })
    }

    fn check(&self, world: &World, faults: &mut Vec<String>) {
        let too_long = |text: &Option<String>, most| {
            text.as_ref()
                .is_some_and(|text| text.chars().count() > most)
        };
        if self
            .name
            .as_ref()
            .is_some_and(|name| name.trim().is_empty())
        {
            faults.push("Name can't be blank".to_owned());
        }
        if too_long(&self.name, MAX_NAME) {
            faults.push("Name is too long (maximum is 255 characters)".to_owned());
        }
        if too_long(&self.body, MAX_BODY) {
            faults.push("Body is too long (maximum is 25000 characters)".to_owned());
        }
        let named = self
            .component_ids
            .iter()
            .flatten()
            .chain(self.statuses.keys());
        for id in named {
            if !world.has_component(id) {
                faults.push(format!("Component {id} not found"));
            }
        }
        let objects = |m: &Value| {
            m.as_object()
                .is_some_and(|m| m.values().all(Value::is_object))
        };
        if self.metadata.as_ref().is_some_and(|m| !objects(m)) {
            faults.push("Metadata top level values must be objects".to_owned());
        }
        faults.dedup();
    }
}

fn one_of(
    incident: &serde_json::Map<String, Value>,
    field: &str,
    known: &[&str],
    faults: &mut Vec<String>,
) -> Option<String> {
    let value = incident.get(field).filter(|value| !value.is_null())?;
    let word = value.as_str().filter(|word| known.contains(word));
    if word.is_none() {
        faults.push(format!("{field} is not included in the list"));
    }
    word.map(str::to_owned)
}

fn statuses(
    incident: &serde_json::Map<String, Value>,
    faults: &mut Vec<String>,
) -> BTreeMap<String, String> {
    let sent = incident.get("components").and_then(Value::as_object);
    let mut statuses = BTreeMap::new();
    for (id, status) in sent.into_iter().flatten() {
        match status.as_str().filter(|s| COMPONENT_STATUSES.contains(s)) {
            Some(status) => {
                statuses.insert(id.clone(), status.to_owned());
            }
            None => faults.push("Component status is not included in the list".to_owned()),
        }
    }
    statuses
}
