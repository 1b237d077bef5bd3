//! The known state of an incident on a status page: one row whose version increases with every call, so that two
//! senders cannot both make a call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegate_connectors::status_page::{ComponentId, ComponentStatus, Posted};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::{Document, Versioned};
use tidegate_pipeline::table::{Item, Range, RowKey, Rows, TableError, Write};

use crate::model::incident::IncidentId;
use crate::model::rows;

/// Most holder rows that one transaction changes.
const CHUNK: usize = 40;

/// The known state of an incident on a page.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct SyncState {
    /// The page's id of the incident; `None` until it is published.
    pub ext_id: Option<String>,
    /// The incident's public address; empty while unknown.
    pub link: String,
    /// The page's id of the newest known update.
    pub newest: Option<String>,
    /// Number of the latest text that the page accepted or rejected for good.
    pub synced: u32,
    /// The incident's status on the page, as [`tidegate_connectors::status_page::IncidentStatus::as_str`].
    pub status: Option<String>,
    /// A status that the page rejected, and that is not tried again.
    pub refused_status: Option<String>,
    /// Whether the next attempt omits the components, because the page rejected a text that included them.
    pub bare: bool,
    /// Every component that the incident affects or has affected, with the status that it should show; `None` if it is
    /// no longer affected.
    pub holds: BTreeMap<String, Option<String>>,
    /// A call that began and whose outcome is not recorded.
    pub call: Option<Call>,
}

/// A call with an unknown outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Call {
    /// The content that the call publishes.
    #[serde(rename = "says")]
    pub content: Content,
    /// When the call began.
    pub since: Timestamp,
    /// The part of the page's list to search next, from 1.
    pub part: u32,
}

/// The content that a call publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Content {
    /// The published text with that number.
    Text(u32),
    /// A change of status with a default text.
    Status {
        /// The status, in the words of the page's API.
        status: String,
        /// The text that goes with the status when nobody wrote one.
        words: String,
    },
}

impl SyncState {
    /// Records a call that succeeded, from what the page returned.
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

    /// Records a call that the page rejected for good.
    pub(super) fn give_up(&mut self) {
        if let Some(Call {
            content: Content::Status { status, .. },
            ..
        }) = &self.call
        {
            self.refused_status = Some(status.clone());
        }
        self.settle();
    }

    fn settle(&mut self) {
        if let Some(Call {
            content: Content::Text(n),
            ..
        }) = self.call.take()
        {
            self.synced = n;
        }
        self.bare = false;
    }
}

/// The row of the known state, with the version that was read.
#[derive(Debug, Clone)]
pub(super) struct SyncRecord {
    key: RowKey,
    version: i64,
    /// The known state, which a change edits before it is stored.
    pub state: SyncState,
}

/// The document that the row of the known state holds.
const STATE: Document<SyncState> = Document::new("known", "what is known of a status page");

/// The document of [`ShownStatuses`]: words of [`ComponentStatus`] by component id.
const SHOWN: Document<BTreeMap<String, String>> = Document::new("shown", "what components show");

impl SyncRecord {
    /// Loads the known state of an incident on a page, which `provider` and `page` identify.
    pub(super) async fn load(
        rows: &Rows,
        id: &IncidentId,
        provider: &str,
        page: &str,
    ) -> Result<Self, TableError> {
        let key = rows::row(id, &["external", provider, page]);
        let stored = STATE.load_versioned(rows, &key).await?;
        let Versioned { value, version } = stored.unwrap_or_default();
        Ok(Self {
            key,
            version,
            state: value,
        })
    }

    /// The write of the known state. It fails if the row changed since it was read.
    pub(super) fn put(&self) -> Write<RowKey> {
        STATE.replace(self.key.clone(), &self.state, self.version)
    }

    /// Stores the known state immediately.
    pub(super) async fn store(&mut self, rows: &Rows) -> Result<(), TableError> {
        rows.write(self.put()).await?;
        self.version += 1;
        Ok(())
    }

    /// Updates the rows that record which incident affects which component.
    pub(super) async fn update_holders(
        &mut self,
        rows: &Rows,
        id: &IncidentId,
        page: &str,
        desired: &BTreeMap<ComponentId, ComponentStatus>,
    ) -> Result<(), TableError> {
        let changes = changes(&self.state.holds, desired);
        for chunk in changes.chunks(CHUNK) {
            let mut writes = Vec::new();
            for (component, status) in chunk {
                let key = holder(page, component, id);
                writes.push(match status {
                    Some(status) => Write::put(key, Item::new().with("status", status.as_str())),
                    None => Write::delete(key),
                });
                self.state.holds.insert(component.clone(), status.clone());
            }
            writes.insert(0, self.put());
            rows.transact(writes).await?;
            self.version += 1;
        }
        Ok(())
    }
}

/// The components whose status changes; `None` for those that the incident no longer affects.
fn changes(
    held: &BTreeMap<String, Option<String>>,
    desired: &BTreeMap<ComponentId, ComponentStatus>,
) -> Vec<(String, Option<String>)> {
    let new = desired.iter().filter_map(|(id, status)| {
        let (id, status) = (id.as_str().to_owned(), Some(status.as_str().to_owned()));
        (held.get(&id) != Some(&status)).then_some((id, status))
    });
    let gone = held.iter().filter_map(|(id, status)| {
        let is_gone = status.is_some() && !desired.contains_key(&ComponentId::from(id.as_str()));
        is_gone.then(|| (id.clone(), None))
    });
    new.chain(gone).collect()
}

/// The status that a component should show: the worst of all incidents that affect it.
pub(super) async fn load_worst_status(
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

/// The status to which each component of a page was last set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ShownStatuses(pub BTreeMap<ComponentId, ComponentStatus>);

impl ShownStatuses {
    /// Loads the statuses of a page; a damaged row counts as empty.
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

    /// The write of the statuses. Only one lane of the workspace writes the row.
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
