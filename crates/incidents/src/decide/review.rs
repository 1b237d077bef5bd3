//! Commands: `/incident postmortem`, `postmortem publish`, `postmortem waive`.
//!
//! The post-mortem: drafted from the record, then published, or waived with a reason. The text is a row of the incident.

use futures_util::future::try_join3;
use serde::{Deserialize, Serialize};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::Document;
use tidegate_pipeline::table::{RowKey, Rows, TableError};
use tidegate_slack::mrkdwn::escape;
use tidegate_slack::prose;

use super::change::Change;
use super::context::{DecisionContext, RequestError, Verdict};
use super::notes::by_time;
use super::speak::{say, show};
use super::tasks::{self, Task};
use crate::model::actor::Actor;
use crate::model::incident::{Incident, IncidentId, Review};
use crate::model::permissions::Action;
use crate::model::rows;
use crate::model::status::Status;
use crate::model::timeline::{Entry, EntryKind};
use crate::render::export::{Export, Names};
use crate::render::postmortem;

/// Longest draft that is kept, in bytes: a row of the table has room for 400 kB.
pub const MAX_DRAFT: usize = 200 * 1024;

/// Characters of a draft in one message: Slack cuts longer ones.
const CHUNK: usize = 2800;

/// Most messages in which a draft is shown; a link leads to the rest.
const MAX_CHUNKS: usize = 4;

/// A draft of the post-mortem, or the published one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The whole text in Markdown, at most [`MAX_DRAFT`] bytes.
    pub markdown: String,
    /// The number of the draft within this incident, from 1.
    pub n: u32,
    /// The person or program that asked for the draft.
    pub by: Actor,
    /// The time at which the draft was made.
    pub at: Timestamp,
}

/// The records that a draft is made of.
pub struct Record {
    /// The entries of the timeline, in the order in which things happened.
    pub entries: Vec<Entry>,
    /// All tasks of the incident, done or not.
    pub tasks: Vec<Task>,
    /// The draft that this one replaces; `None` for the first.
    pub before: Option<Draft>,
}

/// Reads the records that a draft is made of. The timeline is read to its beginning: a post-mortem tells how it began.
pub async fn load_record(rows: &Rows, id: &IncidentId) -> Result<Record, TableError> {
    let (entries, tasks, before) = try_join3(
        rows::all_entries(rows, id),
        tasks::load_all(rows, id),
        load(rows, id),
    )
    .await?;
    Ok(Record {
        entries: by_time(entries),
        tasks,
        before,
    })
}

/// A post-mortem as its row holds it.
const DRAFT: Document<Draft> = Document::new("draft", "a post-mortem");

/// Loads the latest draft; `None` if there is none.
pub async fn load(rows: &Rows, id: &IncidentId) -> Result<Option<Draft>, TableError> {
    DRAFT.load(rows, &key(id)).await
}

/// Makes a new draft and shows it in the channel. `address` is where browsers reach the API; `names` are those of people.
pub fn draft(
    context: &DecisionContext<'_>,
    record: &Record,
    names: &Names,
    address: Option<&str>,
) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::DraftReview)?;
    if !matches!(incident.status, Status::Resolved | Status::Closed) {
        return Err(RequestError::new(
            "not_resolved",
            prose!(
                incident.name(),
                " is ",
                incident.status,
                ". A post-mortem comes after `/incident resolve <summary>`."
            ),
        ));
    }
    if incident.review == Review::Published {
        context.may(Action::PublishReview)?;
    }
    let mut change = context.change(incident);
    change.incident.review = Review::Draft;
    let draft = Draft {
        markdown: written(incident, record, names),
        n: record.before.as_ref().map_or(0, |before| before.n) + 1,
        by: context.actor.clone(),
        at: context.now,
    };
    change.note(
        EntryKind::Review,
        format!("Draft {} of the post-mortem.", draft.n),
    );
    show_draft(&mut change, &draft, address, &context.who());
    change.write(DRAFT.put(key(&incident.id), &draft));
    show(&mut change);
    Ok(Verdict::silent(change))
}

fn written(incident: &Incident, record: &Record, names: &Names) -> String {
    let tasks: Vec<_> = record.tasks.iter().map(Task::view).collect();
    let mut markdown = postmortem::markdown(&Export {
        incident,
        entries: &record.entries,
        tasks: &tasks,
        names,
    });
    if markdown.len() > MAX_DRAFT {
        markdown.truncate(markdown.floor_char_boundary(MAX_DRAFT));
        markdown.push_str("\n\n_This was cut here: the export of the incident has everything._\n");
    }
    markdown
}

fn show_draft(change: &mut Change, draft: &Draft, address: Option<&str>, who: &str) {
    let chunks = chunks(&draft.markdown);
    let rest = if chunks.len() > MAX_CHUNKS {
        " This is its beginning."
    } else {
        ""
    };
    let whole = address.map_or_else(String::new, |address| {
        format!(
            " All of it: {address}/v1/incidents/{}/postmortem",
            change.incident.id
        )
    });
    let words = format!(
        "*Post-mortem*, draft {}, by {who}.{rest}{whole}\nPublish it with `/incident postmortem publish`.",
        draft.n
    );
    say(change, &words);
    for chunk in chunks.iter().take(MAX_CHUNKS) {
        say(change, &format!("```\n{chunk}\n```"));
    }
}

/// The text in pieces that stand in a message as they are, cut between lines where that is possible.
fn chunks(markdown: &str) -> Vec<String> {
    // A fence in the text would end the block of code.
    let text = escape(&markdown.replace("```", "'''"));
    let mut chunks = vec![String::new()];
    for line in text.split_inclusive('\n') {
        for piece in pieces(line) {
            let last = chunks.len() - 1;
            if chunks[last].len() + piece.len() > CHUNK {
                chunks.push(piece.to_owned());
            } else {
                chunks[last].push_str(piece);
            }
        }
    }
    chunks
        .iter()
        .map(|chunk| chunk.trim_end().to_owned())
        .collect()
}

/// A line in pieces of [`CHUNK`] bytes at most, never cut within an escape.
fn pieces(mut line: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    while line.len() > CHUNK {
        let mut end = line.floor_char_boundary(CHUNK);
        // The longest escape, `&amp;`, has five characters.
        let near = line.floor_char_boundary(end - 5);
        if let Some(at) = line[near..end].rfind('&')
            && !line[near + at..end].contains(';')
        {
            end = near + at;
        }
        let (piece, rest) = line.split_at(end);
        pieces.push(piece);
        line = rest;
    }
    pieces.push(line);
    pieces
}

/// Publishes the latest draft, and says so in the channel. Refuses if there is no draft.
pub fn publish(
    context: &DecisionContext<'_>,
    draft: Option<&Draft>,
) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::PublishReview)?;
    if incident.review == Review::Published {
        return Ok(Verdict::words(prose!(
            "The post-mortem of ",
            incident.name(),
            " is published already."
        )));
    }
    let Some(draft) = draft.filter(|_| incident.review == Review::Draft) else {
        return Err(RequestError::new(
            "no_draft",
            prose!(
                incident.name(),
                " has no draft to publish. Make one with `/incident postmortem`."
            ),
        ));
    };
    let mut change = context.change(incident);
    change.incident.review = Review::Published;
    change.note(
        EntryKind::Review,
        format!("Draft {} of the post-mortem was published.", draft.n),
    );
    let words = format!(
        "*Post-mortem published* by {}: draft {}.",
        context.who(),
        draft.n
    );
    say(&mut change, &words);
    show(&mut change);
    Ok(Verdict::silent(change))
}

/// Waives the post-mortem, with the reason. Refuses an empty reason and a published post-mortem.
pub fn waive(context: &DecisionContext<'_>, why: &str) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::WaiveReview)?;
    let why = why.trim();
    if why.is_empty() {
        return Err(RequestError::new(
            "text_missing",
            "Say why none is needed: `/incident postmortem waive <why>`.",
        ));
    }
    match incident.review {
        Review::Published => {
            return Err(RequestError::new(
                "already_published",
                prose!(
                    "The post-mortem of ",
                    incident.name(),
                    " is published: there is nothing to waive."
                ),
            ));
        }
        Review::Waived => {
            return Ok(Verdict::words(prose!(
                "The post-mortem of ",
                incident.name(),
                " is waived already."
            )));
        }
        Review::None | Review::Required | Review::Draft => {}
    }
    let mut change = context.change(incident);
    change.incident.review = Review::Waived;
    change.note(EntryKind::Review, format!("No post-mortem: {why}"));
    let words = format!("*No post-mortem*, says {}: {}", context.who(), escape(why));
    say(&mut change, &words);
    show(&mut change);
    Ok(Verdict::silent(change))
}

fn key(id: &IncidentId) -> RowKey {
    rows::row(id, &["review"])
}

#[cfg(test)]
mod tests;
