//! What the public reads of an incident, as it is stored: a row for each published text, and one in the delivery ledger
//! that tells whether the status page has it.

use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::Document;
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write};

use super::actor::Actor;
use super::incident::{Incident, IncidentId, PublicUpdate};
use super::notification::NotificationState;
use super::rows;
use super::status::Status;

/// Whether the public may hear of an incident at all: not of a private one, a drill, or what may be none.
pub fn concerns(incident: &Incident) -> bool {
    !incident.private && !incident.drill && incident.status != Status::Triage
}

/// A published text as it waits for the status page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The text, its number and its status.
    pub update: PublicUpdate,
    /// Who wrote it.
    pub by: Actor,
    /// Number of the timeline entry that it follows from.
    pub seq: u64,
}

const PUBLISHED: Document<Published> = Document::new("text", "a text for the public");

/// The published text of an incident with that number, if there is one yet.
pub async fn load(rows: &Rows, id: &IncidentId, n: u32) -> Result<Option<Published>, TableError> {
    PUBLISHED.load(rows, &place(id, n)).await
}

/// The row of a published text.
pub fn put(id: &IncidentId, text: &Published) -> Write<RowKey> {
    PUBLISHED.put(place(id, text.update.n), text)
}

fn place(id: &IncidentId, n: u32) -> RowKey {
    rows::row(id, &["public", &format!("{n:08}")])
}

/// The ledger's row of a text that waits for the page.
pub fn begin(id: &IncidentId, text: &Published, now: Timestamp) -> Write<RowKey> {
    Write::put(key(id, text), row(NotificationState::Pending, 0, now))
}

/// The row once the page has it.
pub fn sent(id: &IncidentId, text: &Published, attempts: i64, now: Timestamp) -> Write<RowKey> {
    Write::put(key(id, text), row(NotificationState::Sent, attempts, now))
}

/// The row once it was given up.
pub fn failed(
    id: &IncidentId,
    text: &Published,
    error: &str,
    attempts: i64,
    now: Timestamp,
) -> Write<RowKey> {
    let row = row(NotificationState::Failed, attempts, now).with("error", error);
    Write::put(key(id, text), row)
}

fn row(state: NotificationState, attempts: i64, now: Timestamp) -> Item {
    Item::new()
        .with("news", "public")
        .with("target", "status page")
        .with("state", state.as_str())
        .with("attempts", attempts)
        .with("at", now.millis())
}

fn key(id: &IncidentId, text: &Published) -> RowKey {
    let seq = format!("{:08}", text.seq);
    rows::row(id, &["delivery", &seq, "public", "status page"])
}
