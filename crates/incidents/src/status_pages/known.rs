//! What is known of an incident on a status page: one row, which every call moves on by one version, so that two senders
//! cannot both make a call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegate_connectors::status_page::{ComponentId, ComponentStatus, Posted};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::{Document, Versioned};
use tidegate_pipeline::table::{Item, Range, RowKey, Rows, TableError, Write};

use crate::model::incident::IncidentId;
use crate::model::rows;

/// Rows of holders that one transaction changes.
const CHUNK: usize = 40;

/// What is known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Known {
    /// The page's id of the incident, once it is published.
    pub ext_id: Option<String>,
    /// Where readers find it.
    pub link: String,
    /// The page's id of the newest update that we know of.
    pub newest: Option<String>,
    /// Number of the last text that the page has, or has refused for good.
    pub synced: u32,
    /// The status that it has on the page.
    pub status: Option<String>,
    /// A status that the page has refused.
    pub refused_status: Option<String>,
    /// The page refused a text together with its components: the next try goes without them.
    pub bare: bool,
    /// Every component that the incident has ever held, and the status that it wants it to show, if it still does.
    pub holds: BTreeMap<String, Option<String>>,
    /// A call that was begun, and of which nobody has written down what came of it.
    pub call: Option<Call>,
}

/// A call under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Call {
    /// What it publishes.
    pub says: Says,
    /// When it began.
    pub since: Timestamp,
    /// The part of the page's list in which it is looked for next.
    pub part: u32,
}

/// What a call publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Says {
    /// The text with that number.
    Text(u32),
    /// A status, in words of ours.
    Status {
        /// The word of the status.
        status: String,
        /// Ours, not a person's.
        words: String,
    },
}

impl Known {
    /// The call has been done, and this is what the page has now.
    pub(super) fn done(&mut self, posted: &Posted, status: &str) {
        self.ext_id = Some(posted.id.as_str().to_owned());
        if !posted.link.is_empty() {
            self.link.clone_from(&posted.link);
        }
        self.newest = posted.newest().map(|id| id.as_str().to_owned());
        self.status = Some(status.to_owned());
        self.refused_status = None;
        self.settle();
    }

    /// The page will not have what the call says.
    pub(super) fn give_up(&mut self) {
        if let Some(Call {
            says: Says::Status { status, .. },
            ..
        }) = &self.call
        {
            self.refused_status = Some(status.clone());
        }
        self.settle();
    }

    fn settle(&mut self) {
        if let Some(Call {
            says: Says::Text(n),
            ..
        }) = self.call.take()
        {
            self.synced = n;
        }
        self.bare = false;
    }
}

/// The row of what is known, as it was read.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    key: RowKey,
    version: i64,
    /// What it says.
    pub known: Known,
}

/// What is known, as its row holds it.
const KNOWN: Document<Known> = Document::new("known", "what is known of a status page");

/// What components show, as its row holds it: words of [`ComponentStatus`] by component.
const SHOWN: Document<BTreeMap<String, String>> = Document::new("shown", "what components show");

impl Memory {
    /// What is known of an incident on a page, which `provider` and `page` name.
    pub(super) async fn load(
        rows: &Rows,
        id: &IncidentId,
        provider: &str,
        page: &str,
    ) -> Result<Self, TableError> {
        let key = rows::row(id, &["external", provider, page]);
        let stored = KNOWN.load_versioned(rows, &key).await?;
        let Versioned { value, version } = stored.unwrap_or_default();
        Ok(Self {
            key,
            version,
            known: value,
        })
    }

    /// The put of what is known now. It fails if anyone has written since it was read.
    pub(super) fn put(&self) -> Write<RowKey> {
        KNOWN.replace(self.key.clone(), &self.known, self.version)
    }

    /// Writes what is known now, at once.
    pub(super) async fn store(&mut self, rows: &Rows) -> Result<(), TableError> {
        rows.write(self.put()).await?;
        self.version += 1;
        Ok(())
    }

    /// Brings the rows of who holds which component to what the incident wants.
    pub(super) async fn hold(
        &mut self,
        rows: &Rows,
        id: &IncidentId,
        page: &str,
        wanted: &BTreeMap<ComponentId, ComponentStatus>,
    ) -> Result<(), TableError> {
        let changes = changes(&self.known.holds, wanted);
        for chunk in changes.chunks(CHUNK) {
            let mut writes = Vec::new();
            for (component, status) in chunk {
                let key = holder(page, component, id);
                writes.push(match status {
                    Some(status) => Write::put(key, Item::new().with("status", status.as_str())),
                    None => Write::delete(key),
                });
                self.known.holds.insert(component.clone(), status.clone());
            }
            writes.insert(0, self.put());
            rows.transact(writes).await?;
            self.version += 1;
        }
        Ok(())
    }
}

/// What changes in the components that an incident holds.
fn changes(
    held: &BTreeMap<String, Option<String>>,
    wanted: &BTreeMap<ComponentId, ComponentStatus>,
) -> Vec<(String, Option<String>)> {
    let new = wanted.iter().filter_map(|(id, status)| {
        let (id, status) = (id.as_str().to_owned(), Some(status.as_str().to_owned()));
        (held.get(&id) != Some(&status)).then_some((id, status))
    });
    let gone = held.iter().filter_map(|(id, status)| {
        let is_gone = status.is_some() && !wanted.contains_key(&ComponentId::from(id.as_str()));
        is_gone.then(|| (id.clone(), None))
    });
    new.chain(gone).collect()
}

/// What a component should show: the worst that any open incident wants of it.
pub(super) async fn load_over_all(
    rows: &Rows,
    page: &str,
    component: &str,
) -> Result<ComponentStatus, TableError> {
    let partition = partition(page, component);
    let found = rows.pages(&partition, Range::All).all().await?;
    let read = |(_, row): &(RowKey, Item)| ComponentStatus::from_word(row.text("status")?);
    Ok(ComponentStatus::worst(found.iter().filter_map(read)))
}

fn partition<'a>(page: &'a str, component: &'a str) -> [&'a str; 3] {
    ["component", page, component]
}

fn holder(page: &str, component: &str, id: &IncidentId) -> RowKey {
    RowKey::new(&partition(page, component), &[id.as_str()])
}

/// What we have last set each component of a page to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Shown(pub BTreeMap<ComponentId, ComponentStatus>);

impl Shown {
    /// Of that page.
    pub(super) async fn load(rows: &Rows, page: &str) -> Result<Self, TableError> {
        let row = rows.get(&shown_place(page)).await?;
        let words = row
            .and_then(|row| SHOWN.read(&row).ok())
            .unwrap_or_default();
        let read = |(id, word): (String, String)| {
            Some((ComponentId::from(id), ComponentStatus::from_word(&word)?))
        };
        Ok(Self(words.into_iter().filter_map(read).collect()))
    }

    /// The put of it. One lane of the workspace writes it.
    pub(super) fn put(&self, page: &str) -> Write<RowKey> {
        let word = |(id, status): (&ComponentId, &ComponentStatus)| {
            (id.as_str().to_owned(), status.as_str().to_owned())
        };
        SHOWN.put(shown_place(page), &self.0.iter().map(word).collect())
    }
}

fn shown_place(page: &str) -> RowKey {
    RowKey::new(&["status_page"], &["components", page])
}
