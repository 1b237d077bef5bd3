//! The content of the built-in page, trimmed to fit into one row.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegate_connectors::status_page::{
    ComponentId, ComponentStatus, Impact, IncidentStatus, Posted, PostedUpdate,
};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::{self, Versioned};
use tidegate_pipeline::table::{RowKey, Rows, TableError, Write};

use crate::model::settings::{Settings, StatusPage, store};
use crate::render::public_page::{PublicIncidentView, PublicNews, PublicPageView};

/// Most resolved incidents on the page.
const MAX_RESOLVED: usize = 20;

/// Largest document, in bytes: a row holds 400 KiB, and encryption adds to it.
const MAX_BYTES: usize = 300 * 1024;

/// The content of the page.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Document {
    title: String,
    /// Components by id, which is the slug of a service.
    pub(super) components: BTreeMap<String, PageComponent>,
    /// Incidents, newest first; at most [`MAX_RESOLVED`] of them are resolved.
    pub(super) incidents: Vec<Entry>,
    /// Number of updates so far, which is the id of the latest.
    updates: u64,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PageComponent {
    pub(super) name: String,
    pub(super) status: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) our_id: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) impact: String,
    /// Updates of the incident, newest first.
    pub(super) updates: Vec<Update>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Update {
    id: u64,
    at: Timestamp,
    status: String,
    text: String,
}

impl Document {
    /// Loads the content of a workspace's page; `None` if the workspace does not use the built-in page. `defaults` are
    /// used if it has no settings.
    pub async fn load(rows: &Rows, defaults: &Settings) -> Result<Option<Self>, TableError> {
        let settings = store::load(rows, defaults).await?.settings;
        let StatusPage::BuiltIn { title } = &settings.status_page else {
            return Ok(None);
        };
        let Versioned {
            value: mut document,
            ..
        } = read(rows).await?.unwrap_or_default();
        document.apply_settings(title, &names(&settings));
        Ok(Some(document))
    }

    /// The content in the form that is rendered. `now` is the time that the page shows.
    pub fn view(&self, now: Timestamp) -> PublicPageView {
        let (over, open): (Vec<&Entry>, Vec<&Entry>) =
            self.incidents.iter().partition(|entry| entry.is_over());
        let parts = self.components.values();
        PublicPageView {
            title: self.title.clone(),
            at: now,
            components: parts
                .map(|part| (part.name.clone(), part.status.clone()))
                .collect(),
            open: open.into_iter().map(Entry::view).collect(),
            past: over.into_iter().map(Entry::view).collect(),
        }
    }

    /// Applies title and names from the settings: every service is a component.
    pub(super) fn apply_settings(&mut self, title: &str, names: &BTreeMap<String, String>) {
        title.clone_into(&mut self.title);
        self.components.retain(|id, _| names.contains_key(id));
        for (id, name) in names {
            let part = self
                .components
                .entry(id.clone())
                .or_insert_with(|| PageComponent {
                    name: String::new(),
                    status: ComponentStatus::Operational.as_str().to_owned(),
                });
            part.name.clone_from(name);
        }
    }

    pub(super) fn set_statuses(&mut self, components: &BTreeMap<ComponentId, ComponentStatus>) {
        for (id, status) in components {
            // A component without a service is not on the page.
            if let Some(part) = self.components.get_mut(id.as_str()) {
                status.as_str().clone_into(&mut part.status);
            }
        }
    }

    pub(super) fn new_update(
        &mut self,
        at: Timestamp,
        status: IncidentStatus,
        text: &str,
    ) -> Update {
        self.updates += 1;
        Update {
            id: self.updates,
            at,
            status: status.as_str().to_owned(),
            text: text.to_owned(),
        }
    }

    /// Removes the oldest content until the document fits: first resolved incidents, then old updates.
    pub(super) fn trim(&mut self) {
        let mut past = 0;
        self.incidents.retain(|entry| {
            past += usize::from(entry.is_over());
            !entry.is_over() || past <= MAX_RESOLVED
        });
        while self.bytes() > MAX_BYTES {
            if let Some(oldest) = self.incidents.iter().rposition(Entry::is_over) {
                self.incidents.remove(oldest);
                continue;
            }
            let longest = self
                .incidents
                .iter_mut()
                .max_by_key(|entry| entry.updates.len());
            match longest {
                Some(entry) if entry.updates.len() > 1 => drop(entry.updates.pop()),
                _ => drop(self.incidents.pop()),
            }
            if self.incidents.is_empty() {
                return;
            }
        }
    }

    fn bytes(&self) -> usize {
        serde_json::to_vec(self).map_or(0, |json| json.len())
    }
}

impl Entry {
    pub(super) fn is_over(&self) -> bool {
        self.status == IncidentStatus::Resolved.as_str()
    }

    fn view(&self) -> PublicIncidentView {
        let updates = self.updates.iter().map(|update| PublicNews {
            at: update.at,
            status: update.status.clone(),
            text: update.text.clone(),
        });
        PublicIncidentView {
            name: self.name.clone(),
            status: self.status.clone(),
            impact: self.impact.clone(),
            updates: updates.collect(),
        }
    }

    pub(super) fn posted(&self) -> Posted {
        let updates = self.updates.iter().map(|update| PostedUpdate {
            id: update.id.to_string().into(),
            status: IncidentStatus::from_word(&update.status),
            body: update.text.clone(),
        });
        Posted {
            id: self.our_id.as_str().into(),
            our_id: Some(self.our_id.clone()),
            status: IncidentStatus::from_word(&self.status),
            link: String::new(),
            updates: updates.collect(),
        }
    }

    pub(super) fn add_update(&mut self, status: IncidentStatus, impact: Impact, update: Update) {
        status.as_str().clone_into(&mut self.status);
        impact.as_str().clone_into(&mut self.impact);
        self.updates.insert(0, update);
    }
}

/// The public name of every service, by slug.
pub(super) fn names(settings: &Settings) -> BTreeMap<String, String> {
    let services = settings.services.iter();
    services
        .map(|(slug, service)| {
            (
                slug.clone(),
                service.name.clone().unwrap_or_else(|| slug.clone()),
            )
        })
        .collect()
}

const PAGE: documents::Document<Document> = documents::Document::new("page", "the status page");

pub(super) async fn read(rows: &Rows) -> Result<Option<Versioned<Document>>, TableError> {
    PAGE.load_versioned(rows, &place()).await
}

pub(super) fn put(document: &Document, version: i64) -> Write<RowKey> {
    PAGE.replace(place(), document, version)
}

fn place() -> RowKey {
    RowKey::new(&["status_page"], &["page"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: usize, status: IncidentStatus, updates: usize, size: usize) -> Entry {
        let update = |id| Update {
            id,
            at: Timestamp(0),
            status: status.as_str().to_owned(),
            text: "x".repeat(size),
        };
        Entry {
            our_id: n.to_string(),
            name: "Incident".to_owned(),
            status: status.as_str().to_owned(),
            impact: "major".to_owned(),
            updates: (0..updates as u64).map(update).collect(),
        }
    }

    #[test]
    fn a_document_stays_small_and_open_incidents_stay_in_it() {
        let mut document = Document::default();
        let open = |n| entry(n, IncidentStatus::Investigating, 40, 3000);
        let over = |n| entry(n, IncidentStatus::Resolved, 2, 3000);
        document.incidents = (0..5).map(open).chain((5..60).map(over)).collect();
        document.trim();
        assert!(document.bytes() <= MAX_BYTES);
        let ids: Vec<&str> = document
            .incidents
            .iter()
            .map(|entry| entry.our_id.as_str())
            .collect();
        assert_eq!(ids, ["0", "1", "2", "3", "4"]);
        assert!(
            document
                .incidents
                .iter()
                .all(|entry| entry.updates.len() > 10)
        );
        assert_eq!(document.incidents[0].updates[0].id, 0, "the newest stay");
    }

    #[test]
    fn of_what_is_over_the_last_are_shown() {
        let over = |n| entry(n, IncidentStatus::Resolved, 1, 10);
        let mut document = Document {
            incidents: (0..30).map(over).collect(),
            ..Document::default()
        };
        document.trim();
        assert_eq!(document.incidents.len(), MAX_RESOLVED);
        assert_eq!(document.incidents[0].our_id, "0");
    }
}
