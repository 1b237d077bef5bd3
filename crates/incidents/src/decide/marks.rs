//! Marks that hold a message on the timeline: a pin, reactions, or somebody's word. Events come twice and out of order, so each
//! mark carries the time of the event that set it, and only a later one changes it. One row for a message and an incident: a
//! timeline has one entry of it, however often it is marked, unmarked and edited, and no other timeline knows of that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write};
use tidegate_slack::ids::{Ts, UserId};

use crate::model::incident::IncidentId;
use crate::model::rows;
use crate::model::timeline::{Entry, Source, bounded};

/// Most marks that a message has; later ones are ignored.
const MAX_MARKS: usize = 50;

/// Most incidents whose timelines follow one message: all of them change in one transaction, which holds 100 rows.
pub const MAX_INCIDENTS: usize = 20;

/// The kinds of marks that hold a message on a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker<'a> {
    /// Somebody added it by command or shortcut, which nothing takes back.
    Word,
    /// The message is pinned to the channel, by anybody.
    Pin,
    /// A reaction by one person.
    Reaction {
        /// The emoji's name, without colons.
        emoji: &'a str,
        /// The person who reacted.
        by: &'a UserId,
    },
}

impl Marker<'_> {
    fn key(self) -> String {
        match self {
            Self::Word => "word".to_owned(),
            Self::Pin => "pin".to_owned(),
            Self::Reaction { emoji, by } => format!("{emoji}:{by}"),
        }
    }
}

/// The latest state of a mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    /// The time of the event that set it, by Slack's clock.
    ts: Ts,
    on: bool,
}

/// The record of a message in an incident that holds or held it on its timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// The incident whose timeline it is on.
    pub incident: IncidentId,
    /// The number of its entry, once there is one.
    pub seq: Option<u64>,
    marks: BTreeMap<String, Mark>,
    /// When its words last changed, by Slack's clock.
    edited: Ts,
    deleted: bool,
}

impl Marked {
    /// The record of a message that had none.
    pub fn new(incident: &IncidentId) -> Self {
        Self {
            incident: incident.clone(),
            seq: None,
            marks: BTreeMap::new(),
            edited: Ts::default(),
            deleted: false,
        }
    }

    /// Sets or removes a mark at a time of Slack's clock; false if that moment of it is known already, or a later one is.
    /// True also for a mark that stays as it was: the later moment outdates events that are still on their way.
    pub fn mark(&mut self, marker: Marker<'_>, on: bool, ts: &Ts) -> bool {
        let key = marker.key();
        let known = self.marks.get(&key);
        if known.is_some_and(|known| *ts <= known.ts) {
            return false;
        }
        if known.is_none() && self.marks.len() >= MAX_MARKS && !self.forget_one() {
            return false;
        }
        let ts = ts.clone();
        self.marks.insert(key, Mark { ts, on });
        true
    }

    /// Forgets a mark that was removed, to make room; false if there is none.
    fn forget_one(&mut self) -> bool {
        let off = self.marks.iter().find(|(_, mark)| !mark.on);
        let Some(key) = off.map(|(key, _)| key.clone()) else {
            return false;
        };
        self.marks.remove(&key).is_some()
    }

    /// Notes that the words changed; false if that is known, or a later change is.
    pub fn edit(&mut self, ts: &Ts) -> bool {
        if self.deleted || *ts <= self.edited {
            return false;
        }
        self.edited = ts.clone();
        true
    }

    /// Notes that the message is gone; false if that is known.
    pub fn delete(&mut self) -> bool {
        !std::mem::replace(&mut self.deleted, true)
    }

    /// Whether the message was deleted in Slack.
    pub fn is_deleted(&self) -> bool {
        self.deleted
    }

    /// Whether it has that mark.
    pub fn is_marked(&self, marker: Marker<'_>) -> bool {
        self.marks.get(&marker.key()).is_some_and(|mark| mark.on)
    }

    /// Whether something holds it on the timeline.
    pub fn is_held(&self) -> bool {
        !self.deleted && self.marks.values().any(|mark| mark.on)
    }

    /// Brings its entry to the present state of the message; false if it is there already.
    pub fn settle(&self, entry: &mut Entry, now: Timestamp) -> bool {
        let removed_at = if self.is_held() {
            None
        } else {
            entry.removed_at.or(Some(now))
        };
        let changed = entry.removed_at != removed_at;
        entry.removed_at = removed_at;
        changed
    }

    /// The write of its row. One that changes a known row goes with a change of the incident, whose version guards it.
    pub fn write(&self, source: &Source, is_new: bool) -> Write<RowKey> {
        // Plain data: it always serialises.
        let marks = serde_json::to_string(&self.marks).unwrap_or_default();
        let seq = self.seq.and_then(|seq| i64::try_from(seq).ok());
        let item = rows::pointer(&self.incident)
            .with_some("seq", seq)
            .with("marks", marks)
            .with("edited", self.edited.as_str())
            .with("deleted", self.deleted);
        let key = rows::by_source(&source.channel, &source.ts, &self.incident);
        let put = Write::put(key, item);
        if is_new {
            return put.when("attribute_not_exists(#pk)");
        }
        put
    }
}

/// Reads a message's row. One without marks is that of a declaration, which holds its message by word.
fn read(item: &Item) -> Option<Marked> {
    let mut marked = Marked::new(&rows::pointed(item)?);
    marked.seq = item.number("seq").and_then(|seq| u64::try_from(seq).ok());
    marked.edited = item.text("edited").unwrap_or_default().into();
    marked.deleted = item.flag("deleted");
    match item.text("marks") {
        Some(marks) => marked.marks = serde_json::from_str(marks).ok()?,
        None => {
            marked.mark(Marker::Word, true, &Ts::from("1"));
        }
    }
    Some(marked)
}

/// A message as it was found: its row, and the entry that was made of it.
#[derive(Clone)]
pub struct Found {
    /// The message's row, which holds its marks.
    pub marked: Marked,
    /// Its entry, if there is one.
    pub entry: Option<Entry>,
}

/// The incidents that know of a message: [`MAX_INCIDENTS`] at most.
pub async fn incidents_of(rows: &Rows, source: &Source) -> Result<Vec<IncidentId>, TableError> {
    let partition = rows::sources(&source.channel, &source.ts);
    rows::listed(rows, &partition, false, MAX_INCIDENTS).await
}

/// The record of a message in an incident. A caller that changes the result has to read the incident first, whose
/// version guards the change.
pub async fn find(
    rows: &Rows,
    incident: &IncidentId,
    source: &Source,
) -> Result<Option<Found>, TableError> {
    let key = rows::by_source(&source.channel, &source.ts, incident);
    let Some(row) = rows.get(&key).await? else {
        return Ok(None);
    };
    let damaged = || TableError::Invalid("the row of a marked message cannot be read".to_owned());
    let marked = read(&row).ok_or_else(damaged)?;
    let entry = match marked.seq {
        Some(seq) => load_entry(rows, &marked.incident, seq).await?,
        None => None,
    };
    Ok(Some(Found { marked, entry }))
}

/// A timeline entry by its number.
pub async fn load_entry(
    rows: &Rows,
    incident: &IncidentId,
    seq: u64,
) -> Result<Option<Entry>, TableError> {
    let row = rows.get(&rows::entry(incident, seq)).await?;
    Ok(row.and_then(|row| rows::ENTRY.read(&row).ok()))
}

/// Gives an entry the words that its message has now; false if it has them.
pub fn reword(entry: &mut Entry, text: &str) -> bool {
    let text = bounded(text.to_owned());
    let edited = Some(text).filter(|text| *text != entry.text);
    let changed = entry.edited != edited;
    entry.edited = edited;
    changed
}

/// The moment that a message's timestamp names; `None` if it is no timestamp.
pub fn moment(ts: &Ts) -> Option<Timestamp> {
    let (seconds, micros) = ts.as_str().split_once('.')?;
    let millis: i64 = micros.get(..3)?.parse().ok()?;
    let seconds: i64 = seconds.parse().ok()?;
    Some(Timestamp(seconds.checked_mul(1000)?.checked_add(millis)?))
}

#[cfg(test)]
mod tests;
