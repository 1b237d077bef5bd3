//! Commands: `/incident timeline add`, `edit`, `hide`, `verify`, `milestone`; the shortcut that adds a message.
//!
//! Notes that people write on the timeline. No text is ever lost: a correction stands beside it.

mod chain;

use tidegate_slack::ids::{Ts, UserId};
use tidegate_slack::prose;

pub use self::chain::{broken_at, verify};
use super::context::{DecisionContext, RequestError, Verdict};
use super::marks::{Found, Marked, Marker, moment, reword};
use super::speak::show;
use super::{change::Change, metrics};
use crate::command::When;
use crate::model::actor::Actor;
use crate::model::incident::Incident;
use crate::model::milestone::{self, Milestone};
use crate::model::permissions::Action;
use crate::model::rows;
use crate::model::timeline::{Entry, EntryKind, MAX_TEXT, Source};
use crate::render::text::utc;

/// Adds an entry, for now or for an earlier moment.
pub fn add(
    context: &DecisionContext<'_>,
    at: Option<When>,
    text: &str,
) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::AddToTimeline)?;
    let text = said(text)?;
    let at = match at {
        Some(when) => happened(context, when)?,
        None => context.now,
    };
    let mut change = context.change(incident);
    let seq = change.note_from(EntryKind::Note, text, at, None);
    Ok(Verdict::changed(
        change,
        prose!(
            "Noted as entry ",
            seq,
            " of ",
            incident.name(),
            ".",
            cut(text)
        ),
    ))
}

/// Puts a message on the timeline, once. `known` is the incident's record of the message.
pub fn add_message(
    context: &DecisionContext<'_>,
    source: &Source,
    text: &str,
    author: Option<&UserId>,
    known: Option<&Found>,
) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::AddToTimeline)?;
    let text = said(text)?;
    if known.is_some_and(|found| found.marked.is_deleted()) {
        return Err(RequestError::new(
            "message_deleted",
            "That message has been deleted. `/incident timeline add` notes it in your own words.",
        ));
    }
    // A message that only a pin holds is added by name all the same, because it would go with the pin.
    if known.is_some_and(|found| found.marked.is_marked(Marker::Word)) {
        return Ok(Verdict::words("That message is on the timeline already."));
    }
    let mut change = context.change(incident);
    let now = Ts::from(context.now.seconds().to_string());
    mark(&mut change, source, known, (Marker::Word, &now), || {
        MessageWords {
            text: text.to_owned(),
            author: author.cloned(),
            version: Ts::default(),
        }
    });
    Ok(Verdict::changed(
        change,
        prose!("It is on the timeline of ", incident.name(), ".", cut(text)),
    ))
}

/// The words of a message from which an entry is made.
#[derive(Default)]
pub struct MessageWords {
    /// The message's text, as Slack has it.
    pub text: String,
    /// The person who posted it; `None` if that is not known.
    pub author: Option<UserId>,
    /// The time of the latest edit, by Slack's clock: older edits do not count. The default if that is not known.
    pub version: Ts,
}

/// Marks a message, which makes its entry or brings it back. `message` is asked for words and author only when there is
/// no entry yet. False if nothing is learned from the mark.
pub fn mark(
    change: &mut Change,
    source: &Source,
    known: Option<&Found>,
    (marker, ts): (Marker<'_>, &Ts),
    message: impl FnOnce() -> MessageWords,
) -> bool {
    let mut held = known.map_or_else(
        || Marked::new(&change.incident.id),
        |found| found.marked.clone(),
    );
    if !held.mark(marker, true, ts) {
        return false;
    }
    if let Some(mut entry) = known.and_then(|found| found.entry.clone()) {
        if held.settle(&mut entry, change.now) {
            change.write(rows::put_entry(&change.incident.id, &entry));
        }
    } else if held.is_held() {
        let words = message();
        held.edit(&words.version);
        held.seq = Some(note_message(change, source, words.text, words.author));
    }
    change.write(held.write(source, known.is_none()));
    true
}

/// Adds the entry of a message, with its author and the time at which it was posted.
fn note_message(change: &mut Change, source: &Source, text: String, author: Option<UserId>) -> u64 {
    let at = moment(&source.ts).map_or(change.now, |at| at.min(change.now));
    let by = change.actor.clone();
    if let Some(author) = author {
        change.actor = Actor::Person(author);
    }
    let seq = change.note_from(EntryKind::Message, text, at, Some(source.clone()));
    change.actor = by;
    seq
}

/// Corrects the text of an entry. The original text is kept beside it.
pub fn edit(
    context: &DecisionContext<'_>,
    seq: u64,
    entry: Option<&Entry>,
    text: &str,
) -> Result<Verdict, RequestError> {
    let (incident, mut entry) = of_ones_own(context, seq, entry)?;
    let text = said(text)?;
    if !reword(&mut entry, text) {
        return Ok(Verdict::words(prose!("Entry ", seq, " says that already.")));
    }
    let mut change = context.change(incident);
    change.write(rows::put_entry(&incident.id, &entry));
    change.note(EntryKind::Changed, format!("Entry {seq} was corrected."));
    Ok(Verdict::changed(
        change,
        prose!(
            "Entry ",
            seq,
            " is corrected; the export keeps what it said before.",
            cut(text)
        ),
    ))
}

/// Leaves an entry out of reports.
pub fn hide(
    context: &DecisionContext<'_>,
    seq: u64,
    entry: Option<&Entry>,
) -> Result<Verdict, RequestError> {
    let (incident, mut entry) = of_ones_own(context, seq, entry)?;
    if entry.hidden_by.is_some() {
        return Ok(Verdict::words(prose!("Entry ", seq, " is hidden already.")));
    }
    entry.hidden_by = Some(context.actor.clone());
    let mut change = context.change(incident);
    change.write(rows::put_entry(&incident.id, &entry));
    change.note(EntryKind::Changed, format!("Entry {seq} was hidden."));
    Ok(Verdict::changed(
        change,
        prose!("Entry ", seq, " is hidden. The record keeps it."),
    ))
}

/// The incident and an entry that the asker may change.
fn of_ones_own<'a>(
    context: &DecisionContext<'a>,
    seq: u64,
    entry: Option<&Entry>,
) -> Result<(&'a Incident, Entry), RequestError> {
    let own = entry.is_some_and(|entry| entry.actor == context.actor);
    let incident = context.may(if own {
        Action::EditOwnEntry
    } else {
        Action::EditEntry
    })?;
    let missing = || {
        RequestError::new(
            "no_such_entry",
            prose!(
                incident.name(),
                " has no entry ",
                seq,
                ": it has ",
                incident.seq,
                ". `/incident timeline` shows them."
            ),
        )
    };
    Ok((incident, entry.cloned().ok_or_else(missing)?))
}

/// Entries in the order in which things happened, for reading: some were written down later.
pub fn by_time(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by_key(|entry| (entry.at, entry.seq));
    entries
}

/// Corrects the time of a milestone.
pub fn correct(
    context: &DecisionContext<'_>,
    milestone: Milestone,
    when: When,
) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::EditMilestone)?;
    let at = happened(context, when)?;
    let name = milestone.as_str();
    let was = milestone.of(&incident.milestones);
    if was == Some(at) {
        return Ok(Verdict::words(prose!(name, " is ", utc(at), " already.")));
    }
    let mut change = context.change(incident);
    milestone::correct(&mut change.incident.milestones, milestone, at, context.now)?;
    let was = was.map_or_else(String::new, |was| format!(", not {}", utc(was)));
    let words = format!("{name}: {}{was}", utc(at));
    change.note(EntryKind::Changed, words.as_str());
    metrics::recount(&mut change);
    show(&mut change);
    Ok(Verdict::changed(
        change,
        prose!("Corrected for ", incident.name(), ": ", words, "."),
    ))
}

/// The moment that a person names. Refuses one that is still to come.
fn happened(
    context: &DecisionContext<'_>,
    when: When,
) -> Result<tidegate_pipeline::clock::Timestamp, RequestError> {
    let at = when.moment(context.now, context.zone.unwrap_or(0).into());
    if at > context.now {
        return Err(RequestError::new(
            "time_to_come",
            prose!(
                utc(at),
                " is still to come. A timeline tells what has been."
            ),
        ));
    }
    Ok(at)
}

/// The text without blanks around it. Refuses an empty one.
fn said(text: &str) -> Result<&str, RequestError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(RequestError::new(
            "text_missing",
            "Say what happened: `/incident timeline add [at 14:05] <text>`.",
        ));
    }
    Ok(text)
}

/// The words that tell a person that their text was cut; empty if it was not.
fn cut(text: &str) -> &'static str {
    if text.len() > MAX_TEXT {
        return " It was cut: an entry has room for 8,000 characters or so.";
    }
    ""
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
