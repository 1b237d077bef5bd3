//! Messages that are marked, edited or deleted, and the timeline entries that follow them.

use tidegate_pipeline::ledger::Decision;
use tidegate_pipeline::table::{RowKey, Rows, TableError};
use tidegate_slack::event::Event;
use tidegate_slack::ids::{Ts, UserId};

use super::{Context, MarkedBy, permitted};
use crate::decide::change::Change;
use crate::decide::marks::{self, Found, Marked, reword};
use crate::decide::notes::{self, MessageWords};
use crate::model::actor::Actor;
use crate::model::incident::Incident;
use crate::model::permissions::Action;
use crate::model::rows;
use crate::model::timeline::{Entry, EntryKind, Source};

/// A mark that was set or removed.
pub(super) struct Mark<'a> {
    /// The message that was marked.
    pub source: &'a Source,
    /// The kind of mark: a pin, or a reaction by its emoji.
    pub marker: MarkedBy<'a>,
    /// Whether it was set; false if it was removed.
    pub on: bool,
    /// The time of the event, by Slack's clock.
    pub ts: &'a Ts,
    /// The person who set or removed it.
    pub by: &'a UserId,
}

/// A message as it was found.
struct Message {
    words: MessageWords,
    deleted: bool,
}

/// Decides about a mark that was set or removed; `None` if it changes nothing.
pub(super) async fn marked(
    context: &Context<'_>,
    mark: &Mark<'_>,
    event: Option<Event<'_>>,
) -> Result<Option<Decision>, TableError> {
    let Some(loaded) = context.incident_of(&mark.source.channel).await? else {
        return Ok(None);
    };
    let settings = context.incidents.settings(context.rows).await?.settings;
    if !mark.marker.counts(&settings) {
        return Ok(None);
    }
    let incident = &loaded.incident;
    let known = marks::find(context.rows, &incident.id, mark.source).await?;
    let change = if mark.on {
        let team = event.and_then(|event| event.team());
        let kind = context.kind(mark.by, team).await?;
        // A person about whom nothing is known yet may be a guest.
        if !kind.is_some_and(|kind| {
            permitted(incident, mark.by, kind, Action::AddToTimeline, &settings)
        }) {
            return Ok(None);
        }
        let message = match &known {
            Some(Found { entry: Some(_), .. }) => None,
            _ => Some(read(context.rows, mark.source, event).await?),
        };
        set(context, incident, mark, known.as_ref(), message)
    } else {
        removed(context, incident, mark, known)
    };
    Ok(change.map(|change| change.finish(&settings.timers)))
}

fn set(
    context: &Context<'_>,
    incident: &Incident,
    mark: &Mark<'_>,
    known: Option<&Found>,
    message: Option<Message>,
) -> Option<Change> {
    if message.as_ref().is_some_and(|message| message.deleted) {
        return None;
    }
    let actor = Actor::Person(mark.by.clone());
    let mut change = Change::of(incident, &actor, context.now);
    let marker = mark.marker.marker(mark.by);
    let words = || message.map_or_else(Default::default, |message| message.words);
    notes::mark(&mut change, mark.source, known, (marker, mark.ts), words).then_some(change)
}

/// Removes a mark. One that is not known yet is remembered, because the event that set it may come later.
fn removed(
    context: &Context<'_>,
    incident: &Incident,
    mark: &Mark<'_>,
    known: Option<Found>,
) -> Option<Change> {
    let is_new = known.is_none();
    let (mut marked, entry) = match known {
        Some(found) => (found.marked, found.entry),
        None => (Marked::new(&incident.id), None),
    };
    if !marked.mark(mark.marker.marker(mark.by), false, mark.ts) {
        return None;
    }
    let actor = Actor::Person(mark.by.clone());
    let mut change = Change::of(incident, &actor, context.now);
    if let Some(mut entry) = entry
        && marked.settle(&mut entry, context.now)
    {
        change.write(rows::put_entry(&incident.id, &entry));
    }
    change.write(marked.write(mark.source, is_new));
    Some(change)
}

/// Decides about an edited message; `None` if no timeline holds it.
pub(super) async fn edited(
    context: &Context<'_>,
    source: &Source,
    ts: &Ts,
    text: &str,
) -> Result<Option<Decision>, TableError> {
    followed(context, source, |marked, entry| {
        let is_later = marked.edit(ts);
        if let Some(entry) = entry.filter(|_| is_later) {
            reword(entry, text);
        }
        is_later
    })
    .await
}

/// Decides about a deleted message; `None` if no timeline holds it.
pub(super) async fn deleted(
    context: &Context<'_>,
    source: &Source,
) -> Result<Option<Decision>, TableError> {
    followed(context, source, |marked, entry| {
        let is_news = marked.delete();
        if let Some(entry) = entry {
            marked.settle(entry, context.now);
        }
        is_news
    })
    .await
}

/// Edits the entries of a message on every timeline that knows of it. `follow` returns whether it learned anything, which is stored
/// even if no entry changes: it outdates events that are still on their way. The entry of a declaration stays, because it tells of
/// more than the message.
async fn followed(
    context: &Context<'_>,
    source: &Source,
    mut follow: impl FnMut(&mut Marked, Option<&mut Entry>) -> bool,
) -> Result<Option<Decision>, TableError> {
    let mut changes = Vec::new();
    for id in marks::incidents_of(context.rows, source).await? {
        // The incident first: its version guards everything that is read after it.
        let incident = rows::load_alone(context.rows, &id).await;
        let Some(incident) = rows::unless_damaged(&id, incident)? else {
            continue;
        };
        let found = rows::unless_damaged(&id, marks::find(context.rows, &id, source).await)?;
        let Some(Found { mut marked, entry }) = found else {
            continue;
        };
        let mut entry = entry.filter(|entry| entry.kind == EntryKind::Message);
        if entry.is_some() != marked.seq.is_some() || !follow(&mut marked, entry.as_mut()) {
            continue;
        }
        let mut change = Change::of(&incident, &Actor::Tidegate, context.now);
        if let Some(entry) = &entry {
            change.write(rows::put_entry(&incident.id, entry));
        }
        change.write(marked.write(source, false));
        changes.push(change);
    }
    if changes.is_empty() {
        return Ok(None);
    }
    let settings = context.incidents.settings(context.rows).await?.settings;
    let mut all = Decision::default();
    for change in changes {
        let decision = change.finish(&settings.timers);
        all.writes.extend(decision.writes);
        all.posts.extend(decision.posts);
    }
    Ok(Some(all))
}

/// A message's words: the mirrored ones, which are the latest; or else those in the event; or else the message's address.
async fn read(
    rows: &Rows,
    source: &Source,
    event: Option<Event<'_>>,
) -> Result<Message, TableError> {
    let key = RowKey::new(
        &["messages", source.channel.as_str()],
        &[source.ts.as_str()],
    );
    let mirrored = rows.get(&key).await?;
    let carried = event.and_then(|event| event.item_message());
    let author = event.and_then(|event| event.item_user()).map(UserId::from);
    let deleted = mirrored.as_ref().is_some_and(|row| row.flag("deleted"));
    let of_row = mirrored.as_ref().and_then(|row| row.opened_text("text"));
    let of_event = carried.and_then(|message| message.text());
    let text = of_row
        .or(of_event)
        .filter(|text| !text.trim().is_empty())
        .map_or_else(|| address(source, event), str::to_owned);
    let user = mirrored.as_ref().and_then(|row| row.text("user"));
    let version = mirrored.as_ref().and_then(|row| row.text("version"));
    let words = MessageWords {
        text,
        author: user.map(UserId::from).or(author),
        version: version.map(Ts::from).unwrap_or_default(),
    };
    Ok(Message { words, deleted })
}

/// The address that stands for a message without words, or one that was never seen.
fn address(source: &Source, event: Option<Event<'_>>) -> String {
    let carried = event.and_then(|event| event.item_message());
    match carried.and_then(|message| message.permalink()) {
        Some(link) => format!("A message: {link}"),
        None => format!(
            "A message: https://slack.com/archives/{}/p{}",
            source.channel,
            source.ts.as_str().replace('.', "")
        ),
    }
}
