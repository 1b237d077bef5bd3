//! Commands about what is written down: timeline, tasks, post-mortem, links.

use tidegate_slack::grammar::{self, Read, Words};

use super::meaning::{
    Command, ExportFormat, IncidentRef, Link, Postmortem, Relation, Task, Timeline,
};
use super::{When, lifecycle};

pub(super) fn timeline(words: &mut Words<'_>) -> Read<Command> {
    let what = match words.next_word().map(str::to_lowercase).as_deref() {
        None | Some("show") => Timeline::Show,
        Some("add") => add(words)?,
        Some("edit") => {
            let entry = words.next_if(grammar::number).ok_or(ENTRY)?;
            let text = words.needed("The text")?;
            Timeline::Edit { entry, text }
        }
        Some("hide") => Timeline::Hide(words.next_if(grammar::number).ok_or(ENTRY)?),
        Some("export") => {
            Timeline::Export(match words.next_word().map(str::to_lowercase).as_deref() {
                None | Some("markdown" | "md") => ExportFormat::Markdown,
                Some("json") => ExportFormat::Json,
                Some(_) => return Err("The format must be markdown or json.".to_owned()),
            })
        }
        Some("verify") => Timeline::Verify,
        Some(_) => return Err("What about the timeline?".to_owned()),
    };
    Ok(Command::Timeline(what))
}

const ENTRY: &str = "The entry's number is missing. `/incident timeline` shows the numbers.";

fn add(words: &mut Words<'_>) -> Read<Timeline> {
    let mut rest = words.clone();
    let mut at = None;
    // "at the edge" is a text; "at 25:00" was meant to be a time.
    if rest.next_is("at")
        && let Some(word) = rest.next_word()
        && word.starts_with(|c: char| c.is_ascii_digit())
        && word.contains(':')
    {
        at = Some(When::parse(word).ok_or(lifecycle::TIME)?);
        *words = rest;
    }
    let text = words.needed("The text")?;
    Ok(Timeline::Add { at, text })
}

pub(super) fn task(words: &mut Words<'_>) -> Read<Command> {
    let task = match words.next_word().map(str::to_lowercase).as_deref() {
        None | Some("list") => Task::List,
        Some("mine") => Task::Mine,
        Some("add") => add_task(words)?,
        Some("done") => Task::Done(numbered(words)?),
        Some("reopen") => Task::Reopen(numbered(words)?),
        Some("take") => Task::Take(numbered(words)?),
        Some(_) => return Err("What about the tasks?".to_owned()),
    };
    Ok(Command::Task(task))
}

fn numbered(words: &mut Words<'_>) -> Read<u32> {
    words.next_if(grammar::number).ok_or_else(|| {
        "The task's number is missing. `/incident task list` shows the numbers.".to_owned()
    })
}

fn add_task(words: &mut Words<'_>) -> Read<Task> {
    let person = words
        .peek()
        .is_some_and(|word| word.starts_with("<@") || (word.starts_with('@') && word.len() > 1));
    let assignee = person.then(|| words.user()).transpose()?;
    let mut due = None;
    let mut text = Vec::new();
    for piece in words.pieces() {
        match piece.option(&["due"]) {
            Some(value) => due = Some(grammar::duration(value).ok_or(DUE)?),
            None => text.push(piece),
        }
    }
    let text = grammar::joined(&text).ok_or("The text of the task is missing.")?;
    Ok(Task::Add {
        assignee,
        text,
        due,
    })
}

const DUE: &str = "`due:` takes a time from now, like `due:4h` or `due:2d`.";

pub(super) fn postmortem(words: &mut Words<'_>) -> Read<Command> {
    let what = match words.next_word().map(str::to_lowercase).as_deref() {
        None | Some("draft") => Postmortem::Draft,
        Some("publish") => Postmortem::Publish,
        Some("waive") => Postmortem::Waive(words.needed("The reason")?),
        Some(_) => return Err("What about the post-mortem?".to_owned()),
    };
    Ok(Command::Postmortem(what))
}

pub(super) fn link(words: &mut Words<'_>) -> Read<Command> {
    let Some(word) = words.next_word() else {
        return Err("Say what to link to: an incident or an address.".to_owned());
    };
    let address = grammar::plain(word);
    if grammar::is_address(&address) {
        return Ok(Command::Link(Link::Url(address)));
    }
    let other = named(word)?;
    let relation = match words.next_word().map(str::to_lowercase).as_deref() {
        None | Some("related") => Relation::Related,
        Some("cause") => Relation::Cause,
        Some(_) => return Err("The relation must be cause or related.".to_owned()),
    };
    Ok(Command::Link(Link::Incident(other, relation)))
}

pub(super) fn merge(words: &mut Words<'_>) -> Read<Command> {
    named(words.next_word().unwrap_or_default()).map(Command::Merge)
}

/// The incident behind a word that has to be one.
pub(super) fn named(word: &str) -> Read<IncidentRef> {
    incident(word).ok_or_else(|| "The incident must be like INC-12, or its channel.".to_owned())
}

/// Reads which incident is meant: `INC-12`, `#12`, `12`, or a reference to its channel.
fn incident(word: &str) -> Option<IncidentRef> {
    if let Some(channel) = grammar::channel(word) {
        return Some(IncidentRef::Channel(channel));
    }
    let word = word.to_lowercase();
    let digits = word.strip_prefix("inc-").or_else(|| word.strip_prefix('#'));
    grammar::number(digits.unwrap_or(&word)).map(IncidentRef::Number)
}
