//! Loads incidents, their timelines and lists.

use tidegate_pipeline::ledger::JobError;
use tidegate_pipeline::table::{Item, Range, RowKey, Rows, TableError};

use super::{
    ENTRY, INCIDENT, Loaded, MAX_ENTRIES, Place, counter, meta, partition, place, pointed,
};
use crate::model::incident::{Incident, IncidentId};
use crate::model::timeline::Entry;

/// Loads an incident with the state of its channel; `None` if it does not exist.
pub async fn load(rows: &Rows, id: &IncidentId) -> Result<Option<Loaded>, TableError> {
    let Some(incident) = load_alone(rows, id).await? else {
        return Ok(None);
    };
    let place = read_place(rows.get(&place(id)).await?.as_ref());
    Ok(Some(Loaded { incident, place }))
}

/// Leaves out of a list what cannot be read because its row, which belongs to that incident, is damaged. So it hides nothing else.
pub fn unless_damaged<T>(
    id: &IncidentId,
    loaded: Result<Option<T>, TableError>,
) -> Result<Option<T>, TableError> {
    match loaded {
        Err(TableError::Invalid(why)) => {
            tracing::error!(incident = id.as_str(), why, "incident.row_damaged");
            Ok(None)
        }
        loaded => loaded,
    }
}

/// Loads an incident without the state of its channel.
pub async fn load_alone(rows: &Rows, id: &IncidentId) -> Result<Option<Incident>, TableError> {
    INCIDENT.load(rows, &meta(id)).await
}

/// Loads the incident that a pointer row names; `None` if there is no pointer.
pub async fn load_pointed(rows: &Rows, pointer: &RowKey) -> Result<Option<Loaded>, TableError> {
    match rows.get(pointer).await?.as_ref().and_then(pointed) {
        Some(id) => load(rows, &id).await,
        None => Ok(None),
    }
}

/// The state of a channel, from its row.
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

/// Loads an incident's timeline in the order in which it was written: the latest [`MAX_ENTRIES`]. Skips damaged
/// entries.
pub async fn entries(rows: &Rows, id: &IncidentId) -> Result<Vec<Entry>, TableError> {
    let partition = partition(id);
    let pages = rows.pages(&partition, Range::Under(&["entry"]));
    let mut entries = undamaged(&pages.descending().first(MAX_ENTRIES).await?);
    entries.reverse();
    Ok(entries)
}

/// Loads all of an incident's timeline in the order in which it was written. Skips damaged entries.
pub async fn all_entries(rows: &Rows, id: &IncidentId) -> Result<Vec<Entry>, TableError> {
    let partition = partition(id);
    let pages = rows.pages(&partition, Range::Under(&["entry"]));
    Ok(undamaged(&pages.all().await?))
}

fn undamaged(rows: &[(RowKey, Item)]) -> Vec<Entry> {
    let read = rows.iter().map(|(_, item)| ENTRY.read(item));
    read.filter_map(Result::ok).collect()
}

/// Loads the ids in a list, at most `limit`.
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

/// How many incidents the workspace has had; fails if the counter is damaged.
pub async fn count(rows: &Rows) -> Result<u32, JobError> {
    let row = rows.get(&counter()).await?;
    let n = row.and_then(|row| row.number("n")).unwrap_or(0);
    u32::try_from(n).map_err(|_| JobError::Fail("the counter of incidents is damaged".to_owned()))
}
