//! The built-in page: a status page in a row of the workspace, read by anyone at the API.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tidegate_connectors::outcome::{Outcome, Reason, Refusal};
use tidegate_connectors::status_page::{
    Component, ComponentId, ComponentStatus, ExternalId, Impact, IncidentStatus, Listing, Posted,
    PostedUpdate, PublicIncident, PublicUpdate, StatusPage,
};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write};

use crate::incidents::render::public_page::{PublicIncidentView, PublicNews, PublicPageView};
use crate::incidents::rows;
use crate::incidents::settings::store;
use crate::incidents::settings::{Settings, StatusPage as Configured};

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
    components: BTreeMap<String, Part>,
    /// The newest first.
    incidents: Vec<Entry>,
    /// Updates so far: the next one's id.
    updates: u64,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    name: String,
    status: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    our_id: String,
    name: String,
    status: String,
    impact: String,
    /// The newest first.
    updates: Vec<Said>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    id: u64,
    at: Timestamp,
    status: String,
    text: String,
}

impl Document {
    /// What stands on the page of a workspace, if it has one. `defaults` hold where it has no settings of its own.
    pub async fn load(rows: &Rows, defaults: &Settings) -> Result<Option<Self>, TableError> {
        let settings = store::load(rows, defaults).await?.settings;
        let Configured::BuiltIn { title } = &settings.status_page else {
            return Ok(None);
        };
        let (mut document, _) = read(rows).await?.unwrap_or_default();
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
    fn furnish(&mut self, title: &str, names: &BTreeMap<String, String>) {
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

    fn set(&mut self, components: &BTreeMap<ComponentId, ComponentStatus>) {
        for (id, status) in components {
            // One without a service is not shown.
            if let Some(part) = self.components.get_mut(id.as_str()) {
                status.as_str().clone_into(&mut part.status);
            }
        }
    }

    fn say(&mut self, at: Timestamp, status: IncidentStatus, text: &str) -> Said {
        self.updates += 1;
        Said {
            id: self.updates,
            at,
            status: status.as_str().to_owned(),
            text: text.to_owned(),
        }
    }

    /// Leaves out what is oldest, until it fits: first incidents that are over, then old updates.
    fn trim(&mut self) {
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
    fn is_over(&self) -> bool {
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

    fn posted(&self) -> Posted {
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

    fn show(&mut self, status: IncidentStatus, impact: Impact, said: Said) {
        status.as_str().clone_into(&mut self.status);
        impact.as_str().clone_into(&mut self.impact);
        self.updates.insert(0, said);
    }
}

/// The page of one workspace.
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

    async fn read(&self) -> Outcome<(Document, i64)> {
        match read(&self.rows).await {
            Ok(found) => {
                let (mut document, version) = found.unwrap_or_default();
                document.furnish(&self.title, &self.names);
                Outcome::Done((document, version))
            }
            Err(_) => Outcome::Refused(Refusal::Unreachable),
        }
    }

    /// Changes the document as it stands.
    async fn change<T>(&self, change: impl FnOnce(&mut Document) -> Outcome<T>) -> Outcome<T> {
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
            // Somebody else was quicker: nothing of this was written.
            Err(TableError::Condition | TableError::Busy(_)) => {
                Outcome::Refused(Refusal::Unreachable)
            }
            Err(_) => Outcome::Ambiguous("the table did not answer".to_owned()),
        }
    }
}

#[async_trait]
impl StatusPage for BuiltIn {
    async fn components(&self, _part: u32) -> Outcome<Listing<Component>> {
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

    async fn set_component(&self, id: &ComponentId, status: ComponentStatus) -> Outcome<()> {
        let one = BTreeMap::from([(id.clone(), status)]);
        self.change(|document| {
            document.set(&one);
            Outcome::Done(())
        })
        .await
    }

    async fn unresolved(&self, _part: u32) -> Outcome<Listing<Posted>> {
        self.read().await.and_then(|(document, _)| {
            let open = document.incidents.iter().filter(|entry| !entry.is_over());
            Outcome::Done(Listing {
                items: open.map(Entry::posted).collect(),
                next: None,
            })
        })
    }

    async fn create(&self, incident: &PublicIncident) -> Outcome<Posted> {
        self.change(|document| {
            let said = document.say(self.now, incident.status, &incident.body);
            let entry = Entry {
                our_id: incident.our_id.clone(),
                name: incident.name.clone(),
                status: incident.status.as_str().to_owned(),
                impact: incident.impact.as_str().to_owned(),
                updates: vec![said],
            };
            document.set(&incident.components);
            let posted = entry.posted();
            document.incidents.insert(0, entry);
            Outcome::Done(posted)
        })
        .await
    }

    async fn incident(&self, id: &ExternalId) -> Outcome<Posted> {
        self.read().await.and_then(|(document, _)| {
            let found = document
                .incidents
                .iter()
                .find(|entry| entry.our_id == id.as_str());
            found.map_or_else(gone, |entry| Outcome::Done(entry.posted()))
        })
    }

    async fn update(&self, id: &ExternalId, update: &PublicUpdate) -> Outcome<Posted> {
        self.change(|document| {
            let said = document.say(self.now, update.status, &update.body);
            document.set(&update.components);
            let found = document
                .incidents
                .iter_mut()
                .find(|entry| entry.our_id == id.as_str());
            let Some(entry) = found else { return gone() };
            entry.show(update.status, update.impact, said);
            Outcome::Done(entry.posted())
        })
        .await
    }
}

fn gone<T>() -> Outcome<T> {
    let why = Reason::new("it is so old that the page does not show it any more");
    Outcome::Refused(Refusal::NotFound(why))
}

/// Every service, by its slug, as the public calls it.
fn names(settings: &Settings) -> BTreeMap<String, String> {
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

async fn read(rows: &Rows) -> Result<Option<(Document, i64)>, TableError> {
    let Some(row) = rows.get(&place()).await? else {
        return Ok(None);
    };
    let damaged = || TableError::Invalid("the status page cannot be read".to_owned());
    let document = rows::opened(&row, "page").ok_or_else(damaged)?;
    Ok(Some((document, row.number("version").unwrap_or(0))))
}

fn put(document: &Document, version: i64) -> Write<RowKey> {
    let row = Item::new().with("version", version + 1);
    let put = Write::put(place(), rows::sealed(row, "page", document));
    match version {
        0 => put.when("attribute_not_exists(#pk)"),
        version => put.when("#version = :read").value(":read", version),
    }
}

fn place() -> RowKey {
    RowKey::new(&["status_page"], &["page"])
}
