//! Where an incident's rows lie, and how they are read.
//!
//! Everything about one incident is in the partition `incident#<id>`; small rows elsewhere point to it by channel, by
//! number and in lists. Lists hold ids only, so that what is private is read, and refused, in one place.

use std::time::Duration;

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::{Document, unchanged_since};
use tidegate_pipeline::ledger::JobError;
use tidegate_pipeline::table::{Item, Range, RowKey, Rows, TableError, Write};
use tidegate_slack::ids::{ChannelId, Ts, UserId};

use super::incident::{Incident, IncidentId};
use super::severity::Severity;
use super::timeline::Entry;

/// Entries read for one answer at most. An incident with more shows the latest.
pub const MAX_ENTRIES: usize = 1000;

const HOUR: Duration = Duration::from_hours(1);

/// Where an incident's channel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// It is still to be made.
    Pending,
    /// There it is.
    Made {
        /// The channel.
        channel: ChannelId,
        /// Put away, by us or by a person.
        archived: bool,
    },
    /// It cannot be made, or somebody deleted it.
    Gone {
        /// Why, as Slack says.
        reason: String,
    },
}

impl Place {
    /// The channel, if messages can go there.
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

/// An incident as it was read.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What is known of it.
    pub incident: Incident,
    /// Where its channel is.
    pub place: Place,
}

/// An incident as its row holds it.
pub const INCIDENT: Document<Incident> = Document::new("incident", "an incident");

/// An entry of a timeline as its row holds it.
pub const ENTRY: Document<Entry> = Document::new("entry", "an entry of a timeline");

/// The partition of an incident.
pub fn partition(id: &IncidentId) -> [&str; 2] {
    ["incident", id.as_str()]
}

/// A row of an incident.
pub fn row(id: &IncidentId, sort: &[&str]) -> RowKey {
    RowKey::new(&partition(id), sort)
}

/// The incident itself.
pub fn meta(id: &IncidentId) -> RowKey {
    row(id, &["meta"])
}

/// Where its channel is.
pub fn place(id: &IncidentId) -> RowKey {
    row(id, &["place"])
}

/// A timeline entry.
pub fn entry(id: &IncidentId, seq: u64) -> RowKey {
    row(id, &["entry", &format!("{seq:08}")])
}

/// A message of ours that is edited in place: `header`, or `announcement` with its channel or person.
pub fn message(id: &IncidentId, kind: &str, target: &str) -> RowKey {
    row(id, &["message", kind, target])
}

/// The incident of a channel.
pub fn by_channel(channel: &ChannelId) -> RowKey {
    RowKey::new(&["incident_channel", channel.as_str()], &["incident"])
}

/// The incident with a number.
pub fn by_number(number: u32) -> RowKey {
    RowKey::new(&["incident_number", &number.to_string()], &["incident"])
}

/// How many incidents there have been.
pub fn counter() -> RowKey {
    RowKey::new(&["incidents"], &["counter"])
}

/// The partition of a message: a row for each incident on whose timeline it is or was.
pub fn sources<'a>(channel: &'a ChannelId, ts: &'a Ts) -> [&'a str; 3] {
    ["incident_source", channel.as_str(), ts.as_str()]
}

/// What an incident knows of a message.
pub fn by_source(channel: &ChannelId, ts: &Ts, id: &IncidentId) -> RowKey {
    RowKey::new(&sources(channel, ts), &[id.as_str()])
}

/// The incident that a call of the API declared, by the name of its claim.
pub fn by_request(claim: &str) -> RowKey {
    RowKey::new(&["incident_request", claim], &["incident"])
}

/// The put of that pointer, which outlives the claim.
pub fn put_request(claim: &str, id: &IncidentId, until: Timestamp) -> Write<RowKey> {
    let until = until.plus(HOUR).seconds();
    Write::put(by_request(claim), pointer(id).with("expires_at", until))
}

/// A place in the list of open incidents, the worst first.
pub fn open(severity: Severity, declared: Timestamp, id: &IncidentId) -> RowKey {
    RowKey::new(
        &["incidents_open"],
        &[severity.as_str(), &moment(declared), id.as_str()],
    )
}

/// A place in the list of a month.
pub fn of_month(month: &str, declared: Timestamp, id: &IncidentId) -> RowKey {
    RowKey::new(
        &["incidents_month", month],
        &[&moment(declared), id.as_str()],
    )
}

/// A place in the list of a service.
pub fn of_service(service: &str, declared: Timestamp, id: &IncidentId) -> RowKey {
    RowKey::new(
        &["incidents_service", service],
        &[&moment(declared), id.as_str()],
    )
}

/// A place in a person's list of incidents: those in which the person has a role.
pub fn of_person(user: &UserId, id: &IncidentId) -> RowKey {
    RowKey::new(&["incidents_person", user.as_str()], &[id.as_str()])
}

/// The calendar month of a moment, in UTC: `2026-11`.
pub fn month(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis())
        .map(|at| at.strftime("%Y-%m").to_string())
        .unwrap_or_default()
}

fn moment(at: Timestamp) -> String {
    format!("{:015}", at.millis())
}

/// A row that only points to an incident.
pub fn pointer(id: &IncidentId) -> Item {
    Item::new().with("incident", id.as_str())
}

/// The incident that a row points to.
pub fn pointed(item: &Item) -> Option<IncidentId> {
    IncidentId::parse(item.text("incident")?)
}

/// The put of an incident, provided that it still has the version that it was read with; 0 for a new one.
pub fn put(incident: &Incident, read_version: u64) -> Write<RowKey> {
    let version = i64::try_from(incident.version).unwrap_or(i64::MAX);
    let item = Item::new()
        .with("version", version)
        .with("status", incident.status.as_str())
        .with("private", incident.private);
    let put = Write::put(meta(&incident.id), INCIDENT.seal(item, incident));
    unchanged_since(put, i64::try_from(read_version).unwrap_or(i64::MAX))
}

/// The put of a timeline entry.
pub fn put_entry(id: &IncidentId, entry_: &Entry) -> Write<RowKey> {
    ENTRY.put(entry(id, entry_.seq), entry_)
}

/// An incident by its id.
pub async fn load(rows: &Rows, id: &IncidentId) -> Result<Option<Loaded>, TableError> {
    let Some(incident) = load_alone(rows, id).await? else {
        return Ok(None);
    };
    let place = read_place(rows.get(&place(id)).await?.as_ref());
    Ok(Some(Loaded { incident, place }))
}

/// An incident without its channel.
pub async fn load_alone(rows: &Rows, id: &IncidentId) -> Result<Option<Incident>, TableError> {
    INCIDENT.load(rows, &meta(id)).await
}

/// The incident that a pointer row names.
pub async fn load_pointed(rows: &Rows, pointer: &RowKey) -> Result<Option<Loaded>, TableError> {
    match rows.get(pointer).await?.as_ref().and_then(pointed) {
        Some(id) => load(rows, &id).await,
        None => Ok(None),
    }
}

/// Where a channel is, from the row that says so.
pub fn read_place(item: Option<&Item>) -> Place {
    let Some(item) = item else {
        return Place::Pending;
    };
    match (item.text("channel"), item.text("gone")) {
        (_, Some(reason)) => Place::Gone {
            reason: reason.to_owned(),
        },
        (Some(channel), None) => Place::Made {
            channel: channel.into(),
            archived: item.flag("archived"),
        },
        (None, None) => Place::Pending,
    }
}

/// An incident's timeline in the order in which it was written; the latest [`MAX_ENTRIES`].
pub async fn entries(rows: &Rows, id: &IncidentId) -> Result<Vec<Entry>, TableError> {
    let partition = partition(id);
    let pages = rows.pages(&partition, Range::Under(&["entry"]));
    let found = pages.descending().first(MAX_ENTRIES).await?;
    let read = |(_, item): &(RowKey, Item)| ENTRY.read(item).ok();
    let mut entries: Vec<Entry> = found.iter().filter_map(read).collect();
    entries.reverse();
    Ok(entries)
}

/// The ids behind a list's rows.
pub async fn listed(
    rows: &Rows,
    list: &[&str],
    newest_first: bool,
    limit: usize,
) -> Result<Vec<IncidentId>, TableError> {
    let page = rows
        .query(list, Range::All, newest_first, limit, None)
        .await?;
    Ok(page
        .rows
        .iter()
        .filter_map(|(_, item)| pointed(item))
        .collect())
}

/// How many incidents the workspace has had.
pub async fn count(rows: &Rows) -> Result<u32, JobError> {
    let row = rows.get(&counter()).await?;
    let n = row.and_then(|row| row.number("n")).unwrap_or(0);
    u32::try_from(n).map_err(|_| JobError::Fail("the counter of incidents is damaged".to_owned()))
}
