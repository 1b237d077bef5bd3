//! The built-in status page: one row of the workspace, which anyone can read through the API.

mod document;

use std::collections::BTreeMap;

use async_trait::async_trait;
use tidegate_connectors::rejection::{Reason, ServiceRejection};
use tidegate_connectors::status_page::{
    Component, ComponentId, ComponentStatus, ExternalId, Listing, Posted, PublicIncident,
    PublicUpdate, StatusPage,
};
use tidegate_outcome::{Outcome, Refusal};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Rows, TableError};

pub use self::document::Document;
use self::document::{Entry, names, put, read};
use crate::model::settings::Settings;

/// The built-in page of one workspace.
pub(super) struct BuiltIn {
    rows: Rows,
    title: String,
    names: BTreeMap<String, String>,
    now: Timestamp,
}

impl BuiltIn {
    pub(super) fn new(rows: &Rows, title: &str, settings: &Settings, now: Timestamp) -> Self {
        Self {
            rows: rows.clone(),
            title: title.to_owned(),
            names: names(settings),
            now,
        }
    }

    async fn read(&self) -> Outcome<(Document, i64), ServiceRejection> {
        match read(&self.rows).await {
            Ok(found) => {
                let mut found = found.unwrap_or_default();
                found.value.apply_settings(&self.title, &self.names);
                Outcome::Done((found.value, found.version))
            }
            Err(_) => Outcome::Refused(Refusal::Unreachable),
        }
    }

    /// Loads the document, changes it, and stores it if nobody else stored it in between.
    async fn change<T>(
        &self,
        change: impl FnOnce(&mut Document) -> Outcome<T, ServiceRejection>,
    ) -> Outcome<T, ServiceRejection> {
        let (mut document, version) = match self.read().await {
            Outcome::Done(read) => read,
            Outcome::Refused(why) => return Outcome::Refused(why),
            Outcome::Ambiguous(why) => return Outcome::Ambiguous(why),
        };
        let answer = match change(&mut document) {
            Outcome::Done(answer) => answer,
            other => return other,
        };
        document.trim();
        match self.rows.write(put(&document, version)).await {
            Ok(_) => Outcome::Done(answer),
            // Another writer was first, so nothing was written.
            Err(TableError::Condition | TableError::Busy(_)) => {
                Outcome::Refused(Refusal::Unreachable)
            }
            Err(_) => Outcome::Ambiguous("the table did not answer".to_owned()),
        }
    }
}

#[async_trait]
impl StatusPage for BuiltIn {
    async fn components(&self, _part: u32) -> Outcome<Listing<Component>, ServiceRejection> {
        self.read().await.and_then(|(document, _)| {
            let parts = document.components.into_iter().map(|(id, part)| Component {
                id: id.into(),
                name: part.name,
                status: ComponentStatus::from_word(&part.status),
                group: None,
                is_group: false,
            });
            Outcome::Done(Listing {
                items: parts.collect(),
                next: None,
            })
        })
    }

    async fn set_component(
        &self,
        id: &ComponentId,
        status: ComponentStatus,
    ) -> Outcome<(), ServiceRejection> {
        let one = BTreeMap::from([(id.clone(), status)]);
        self.change(|document| {
            document.set_statuses(&one);
            Outcome::Done(())
        })
        .await
    }

    async fn unresolved(&self, _part: u32) -> Outcome<Listing<Posted>, ServiceRejection> {
        self.read().await.and_then(|(document, _)| {
            let open = document.incidents.iter().filter(|entry| !entry.is_over());
            Outcome::Done(Listing {
                items: open.map(Entry::posted).collect(),
                next: None,
            })
        })
    }

    async fn create(&self, incident: &PublicIncident) -> Outcome<Posted, ServiceRejection> {
        self.change(|document| {
            let update = document.new_update(self.now, incident.status, &incident.body);
            let entry = Entry {
                our_id: incident.our_id.clone(),
                name: incident.name.clone(),
                status: incident.status.as_str().to_owned(),
                impact: incident.impact.as_str().to_owned(),
                updates: vec![update],
            };
            document.set_statuses(&incident.components);
            let posted = entry.posted();
            document.incidents.insert(0, entry);
            Outcome::Done(posted)
        })
        .await
    }

    async fn incident(&self, id: &ExternalId) -> Outcome<Posted, ServiceRejection> {
        self.read().await.and_then(|(document, _)| {
            let found = document
                .incidents
                .iter()
                .find(|entry| entry.our_id == id.as_str());
            found.map_or_else(gone, |entry| Outcome::Done(entry.posted()))
        })
    }

    async fn update(
        &self,
        id: &ExternalId,
        update: &PublicUpdate,
    ) -> Outcome<Posted, ServiceRejection> {
        self.change(|document| {
            let added = document.new_update(self.now, update.status, &update.body);
            document.set_statuses(&update.components);
            let found = document
                .incidents
                .iter_mut()
                .find(|entry| entry.our_id == id.as_str());
            let Some(entry) = found else { return gone() };
            entry.add_update(update.status, update.impact, added);
            Outcome::Done(entry.posted())
        })
        .await
    }
}

fn gone<T>() -> Outcome<T, ServiceRejection> {
    let why = Reason::new("it is so old that the page does not show it any more");
    Outcome::rejected(ServiceRejection::NotFound(why))
}
