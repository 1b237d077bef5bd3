//! The keys of an incident's rows. How they are loaded is in `rows/loading.rs`.
//!
//! Everything about one incident is in the partition `incident#<id>`. Small pointer rows elsewhere lead to it by
//! channel, by number and in lists. Lists contain ids only, so that one place loads an incident and checks who may see
//! it.

mod loading;

use std::time::Duration;

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::{Document, unchanged_since};
use tidegate_pipeline::table::{Item, RowKey, Write};
use tidegate_slack::ids::{ChannelId, Ts, UserId};

pub use self::loading::{
    all_entries, count, entries, listed, load, load_alone, load_pointed, read_place, unless_damaged,
};
use super::incident::{Incident, IncidentId};
use super::severity::Severity;
use super::timeline::Entry;

/// Most timeline entries that [`entries`] loads. If an incident has more, it loads the latest.
pub const MAX_ENTRIES: usize = 1000;

const HOUR: Duration = Duration::from_hours(1);

/// The state of an incident's channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The channel has not been created yet.
    Pending,
    /// The channel was created, and Slack still has it.
    Made {
        /// Slack's id of the channel.
        channel: ChannelId,
        /// Whether the channel is archived, by Tidegate or by a person.
        archived: bool,
    },
    /// The channel cannot be created, or somebody deleted it.
    Gone {
        /// Slack's error code, or why the channel is missing.
        reason: String,
    },
}

impl Place {
    /// The channel, if it exists and is not archived.
    pub fn channel(&self) -> Option<&ChannelId> {
        match self {
            Self::Made {
                channel,
                archived: false,
            } => Some(channel),
            _ => None,
        }
    }
}

/// An incident as it was loaded.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The incident's own row.
    pub incident: Incident,
    /// The state of its channel.
    pub place: Place,
}

/// The document that an incident's row holds.
pub const INCIDENT: Document<Incident> = Document::new("incident", "an incident");

/// The document that the row of a timeline entry holds.
pub const ENTRY: Document<Entry> = Document::new("entry", "an entry of a timeline");

/// The partition key of an incident.
pub fn partition(id: &IncidentId) -> [&str; 2] {
    ["incident", id.as_str()]
}

/// The key of a row in an incident's partition.
pub fn row(id: &IncidentId, sort: &[&str]) -> RowKey {
    RowKey::new(&partition(id), sort)
}

/// The key of the incident's own row.
pub fn meta(id: &IncidentId) -> RowKey {
    row(id, &["meta"])
}

/// The key of the row with the state of the channel.
pub fn place(id: &IncidentId) -> RowKey {
    row(id, &["place"])
}

/// The key of a timeline entry's row.
pub fn entry(id: &IncidentId, seq: u64) -> RowKey {
    row(id, &["entry", &entry_number(seq)])
}

/// The number of a timeline entry in its key, where it sorts.
pub fn entry_number(seq: u64) -> String {
    format!("{seq:08}")
}

/// The key of the row that remembers a message to edit: `kind` is `header` or `announcement`, and `target` the channel
/// or person of an announcement.
pub fn message(id: &IncidentId, kind: &str, target: &str) -> RowKey {
    row(id, &["message", kind, target])
}

/// The key of the pointer from a channel to its incident.
pub fn by_channel(channel: &ChannelId) -> RowKey {
    RowKey::new(&["incident_channel", channel.as_str()], &["incident"])
}

/// The key of the pointer from a number to its incident.
pub fn by_number(number: u32) -> RowKey {
    RowKey::new(&["incident_number", &number.to_string()], &["incident"])
}

/// The key of the row that counts incidents.
pub fn counter() -> RowKey {
    RowKey::new(&["incidents"], &["counter"])
}

/// The partition key of a message: it has a row for each incident whose timeline contains or contained the message.
pub fn sources<'a>(channel: &'a ChannelId, ts: &'a Ts) -> [&'a str; 3] {
    ["incident_source", channel.as_str(), ts.as_str()]
}

/// The key of the row that links a message to an incident's timeline.
pub fn by_source(channel: &ChannelId, ts: &Ts, id: &IncidentId) -> RowKey {
    RowKey::new(&sources(channel, ts), &[id.as_str()])
}

/// The key of the pointer from a claim of the API to the incident that the call declared.
pub fn by_request(claim: &str) -> RowKey {
    RowKey::new(&["incident_request", claim], &["incident"])
}

/// The write of that pointer, which expires an hour after the claim does at `until`.
pub fn put_request(claim: &str, id: &IncidentId, until: Timestamp) -> Write<RowKey> {
    let until = until.plus(HOUR).seconds();
    Write::put(by_request(claim), pointer(id).with("expires_at", until))
}

/// The key of an incident in the list of open ones, most severe first.
pub fn open(severity: Severity, declared: Timestamp, id: &IncidentId) -> RowKey {
    RowKey::new(
        &["incidents_open"],
        &[severity.as_str(), &moment(declared), id.as_str()],
    )
}

/// The key of an incident in the list of a month, such as `2026-11`.
pub fn of_month(month: &str, declared: Timestamp, id: &IncidentId) -> RowKey {
    RowKey::new(
        &["incidents_month", month],
        &[&moment(declared), id.as_str()],
    )
}

/// The key of an incident in the list of a service.
pub fn of_service(service: &str, declared: Timestamp, id: &IncidentId) -> RowKey {
    RowKey::new(
        &["incidents_service", service],
        &[&moment(declared), id.as_str()],
    )
}

/// The key of an incident in the list of a person who holds a role in it.
pub fn of_person(user: &UserId, id: &IncidentId) -> RowKey {
    RowKey::new(&["incidents_person", user.as_str()], &[id.as_str()])
}

/// The UTC month of a moment, as `2026-11`.
pub fn month(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis())
        .map(|at| at.strftime("%Y-%m").to_string())
        .unwrap_or_default()
}

fn moment(at: Timestamp) -> String {
    format!("{:015}", at.millis())
}

/// The content of a pointer row: the incident's id.
pub fn pointer(id: &IncidentId) -> Item {
    Item::new().with("incident", id.as_str())
}

/// The incident that a pointer row names; `None` if the row is damaged.
pub fn pointed(item: &Item) -> Option<IncidentId> {
    IncidentId::parse(item.text("incident")?)
}

/// The write of an incident, on condition that its version is still `read_version`; 0 for a new incident.
pub fn put(incident: &Incident, read_version: u64) -> Write<RowKey> {
    let version = i64::try_from(incident.version).unwrap_or(i64::MAX);
    let item = Item::new()
        .with("version", version)
        .with("status", incident.status.as_str())
        .with("private", incident.private);
    let put = Write::put(meta(&incident.id), INCIDENT.seal(item, incident));
    unchanged_since(put, i64::try_from(read_version).unwrap_or(i64::MAX))
}

/// The write of a timeline entry.
pub fn put_entry(id: &IncidentId, entry_: &Entry) -> Write<RowKey> {
    ENTRY.put(entry(id, entry_.seq), entry_)
}
