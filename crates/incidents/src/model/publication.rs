//! The published texts of an incident: a row for each, and a row in the notification ledger that records whether the
//! status page has it.

use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::Document;
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write};

use super::actor::Actor;
use super::incident::{Incident, IncidentId, PublicUpdate};
use super::notification::NotificationState;
use super::rows;
use super::status::Status;

/// Whether an incident may appear on a status page: not if it is private, a drill or still in triage.
pub fn concerns(incident: &Incident) -> bool {
    !incident.private && !incident.drill && incident.status != Status::Triage
}

/// A published text as it is stored for the status page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The text with its number, its status and its time.
    pub update: PublicUpdate,
    /// The person or program that wrote the text.
    pub by: Actor,
    /// Number of the timeline entry that records the text.
    pub seq: u64,
}

const PUBLISHED: Document<Published> = Document::new("text", "a text for the public");

/// The published text number `n` of an incident; `None` if it does not exist yet.
pub async fn load(rows: &Rows, id: &IncidentId, n: u32) -> Result<Option<Published>, TableError> {
    PUBLISHED.load(rows, &place(id, n)).await
}

/// The write that stores a published text.
pub fn put(id: &IncidentId, text: &Published) -> Write<RowKey> {
    PUBLISHED.put(place(id, text.update.n), text)
}

fn place(id: &IncidentId, n: u32) -> RowKey {
    rows::row(id, &["public", &format!("{n:08}")])
}

/// The ledger row of a text that waits for the status page.
pub fn begin(id: &IncidentId, text: &Published, now: Timestamp) -> Write<RowKey> {
    Write::put(key(id, text), row(NotificationState::Pending, 0, now))
}

/// The ledger row of a text that the status page accepted after `attempts` attempts.
pub fn sent(id: &IncidentId, text: &Published, attempts: i64, now: Timestamp) -> Write<RowKey> {
    Write::put(key(id, text), row(NotificationState::Sent, attempts, now))
}

/// The ledger row of a text that failed for good.
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
