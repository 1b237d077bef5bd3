//! What stands on the built-in page: one row, kept small enough for one.

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

/// Incidents that are over and still shown.
const MAX_PAST: usize = 20;

/// Bytes of the document at most: a row holds 400 KiB, and sealing adds to it.
const MAX_BYTES: usize = 300 * 1024;

/// What stands on the page.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Document {
    title: String,
    /// Components by id, which is the service's slug.
    pub(super) components: BTreeMap<String, Part>,
    /// The newest first.
    pub(super) incidents: Vec<Entry>,
    /// Updates so far: the next one's id.
    updates: u64,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) status: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) our_id: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) impact: String,
    /// The newest first.
    pub(super) updates: Vec<Said>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    id: u64,
    at: Timestamp,
    status: String,
    text: String,
}

impl Document {
    /// What stands on the page of a workspace, if it has one. `defaults` hold where it has no settings of its own.
    pub async fn load(rows: &Rows, defaults: &Settings) -> Result<Option<Self>, TableError> {
        let settings = store::load(rows, defaults).await?.settings;
        let StatusPage::BuiltIn { title } = &settings.status_page else {
            return Ok(None);
        };
        let Versioned {
            value: mut document,
            ..
        } = read(rows).await?.unwrap_or_default();
        document.furnish(title, &names(&settings));
        Ok(Some(document))
    }

    /// As it is drawn.
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

    /// Takes title and names from the settings: every service is a component.
    pub(super) fn furnish(&mut self, title: &str, names: &BTreeMap<String, String>) {
        title.clone_into(&mut self.title);
        self.components.retain(|id, _| names.contains_key(id));
        for (id, name) in names {
            let part = self.components.entry(id.clone()).or_insert_with(|| Part {
                name: String::new(),
                status: ComponentStatus::Operational.as_str().to_owned(),
            });
            part.name.clone_from(name);
        }
    }

    pub(super) fn set(&mut self, components: &BTreeMap<ComponentId, ComponentStatus>) {
        for (id, status) in components {
            // One without a service is not shown.
            if let Some(part) = self.components.get_mut(id.as_str()) {
                status.as_str().clone_into(&mut part.status);
            }
        }
    }

    pub(super) fn say(&mut self, at: Timestamp, status: IncidentStatus, text: &str) -> Said {
        self.updates += 1;
        Said {
            id: self.updates,
            at,
            status: status.as_str().to_owned(),
            text: text.to_owned(),
        }
    }

    /// Leaves out what is oldest, until it fits: first incidents that are over, then old updates.
    pub(super) fn trim(&mut self) {
        let mut past = 0;
        self.incidents.retain(|entry| {
            past += usize::from(entry.is_over());
            !entry.is_over() || past <= MAX_PAST
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
        let updates = self.updates.iter().map(|said| PublicNews {
            at: said.at,
            status: said.status.clone(),
            text: said.text.clone(),
        });
        PublicIncidentView {
            name: self.name.clone(),
            status: self.status.clone(),
            impact: self.impact.clone(),
            updates: updates.collect(),
        }
    }

    pub(super) fn posted(&self) -> Posted {
        let updates = self.updates.iter().map(|said| PostedUpdate {
            id: said.id.to_string().into(),
            status: IncidentStatus::from_word(&said.status),
            body: said.text.clone(),
        });
        Posted {
            id: self.our_id.as_str().into(),
            our_id: Some(self.our_id.clone()),
            status: IncidentStatus::from_word(&self.status),
            link: String::new(),
            updates: updates.collect(),
        }
    }

    pub(super) fn show(&mut self, status: IncidentStatus, impact: Impact, said: Said) {
        status.as_str().clone_into(&mut self.status);
        impact.as_str().clone_into(&mut self.impact);
        self.updates.insert(0, said);
    }
}

/// Every service, by its slug, as the public calls it.
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
        let said = |id| Said {
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
            updates: (0..updates as u64).map(said).collect(),
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
        assert_eq!(document.incidents.len(), MAX_PAST);
        assert_eq!(document.incidents[0].our_id, "0");
    }
}
