//! Commands: `/incident public`, and the public halves of the forms of an update and a resolve.
//!
//! The texts that the public reads about an incident. A text is published at once, or waits as a draft for approval if
//! the settings require it. Published texts are numbered, and each has a row of its own, so that none is lost however
//! long the status page is out of reach.

use serde_json::Value as Json;
use tidegate_slack::mrkdwn::escape;
use tidegate_slack::prose;
use tidegate_slack::prose::Prose;

use super::change::Change;
use super::context::{DecisionContext, Reply, RequestError, Verdict};
use super::speak::{publish, say, say_message};
use crate::model::actor::Actor;
use crate::model::incident::{Incident, MAX_PUBLIC, PublicDraft, PublicUpdate};
use crate::model::permissions::{self, Action, PermissionDenied};
use crate::model::publication::{self, Published};
use crate::model::settings::StatusPage;
use crate::model::status::Status;
use crate::model::timeline::EntryKind;
use crate::render::approval;

/// Longest text for the public, in characters; a field of a Slack form takes as much.
pub const MAX_TEXT: usize = 3000;

/// Publishes a text, or leaves it as a draft that the commander has to approve.
pub fn draft(context: &DecisionContext<'_>, text: &str) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::DraftPublic)?;
    let mut change = context.change(incident);
    let waits = attach(&mut change, context, text)?;
    Ok(match waits {
        Some(why) => Verdict::changed(change, prose!("Your text waits. ", why)),
        None => Verdict::silent(change),
    })
}

/// Adds a text for the public to a change. Returns the reason if the text waits as a draft.
pub fn attach(
    change: &mut Change,
    context: &DecisionContext<'_>,
    text: &str,
) -> Result<Option<Prose>, RequestError> {
    context.may(Action::DraftPublic)?;
    let text = check(context, &change.incident, text)?;
    let may = permissions::allow(
        &context.standing(),
        Action::PublishPublic,
        Some(&change.incident),
        &context.rules(),
    );
    match may {
        Ok(()) => {
            let words = format!("*To the public*, by {}: {}", context.who(), escape(&text));
            say(change, &words);
            release(change, context, text, context.actor.clone());
            Ok(None)
        }
        Err(PermissionDenied::NeedsApproval(why)) => {
            let by = context.actor.clone();
            keep(change, context, text, by);
            Ok(Some(why))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Adds the text for the public from a form to the form's change.
pub fn with_text(
    context: &DecisionContext<'_>,
    verdict: Result<Verdict, RequestError>,
    text: Option<&str>,
) -> Result<Verdict, RequestError> {
    match (verdict, text) {
        (Ok(Verdict::Change(mut change, told)), Some(text)) => {
            let said = attach(&mut change, context, text)?;
            let told = said.map(Reply::Text).or(told);
            Ok(Verdict::Change(change, told))
        }
        (verdict, _) => verdict,
    }
}

/// Publishes a draft. `n` is the number on the button; the button of an older draft does nothing.
pub fn publish_draft(context: &DecisionContext<'_>, n: u32) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::PublishPublic)?;
    let Some(draft) = waiting(incident, n) else {
        return Ok(stale(incident));
    };
    let text = check(context, incident, &draft.text)?;
    let mut change = context.change(incident);
    change.incident.draft = None;
    say_message(
        &mut change,
        approval::decided(
            incident,
            draft,
            approval::Decided::Published(&context.actor),
        ),
    );
    release(&mut change, context, text, draft.by.clone());
    Ok(Verdict::silent(change))
}

/// Discards a draft. A person who may publish can do so, and so can its author.
pub fn discard_draft(context: &DecisionContext<'_>, n: u32) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::DraftPublic)?;
    let Some(draft) = waiting(incident, n) else {
        return Ok(stale(incident));
    };
    if draft.by != context.actor {
        context.may(Action::PublishPublic)?;
    }
    let mut change = context.change(incident);
    change.incident.draft = None;
    change.note(
        EntryKind::Changed,
        "The draft for the public was discarded.",
    );
    say_message(
        &mut change,
        approval::decided(
            incident,
            draft,
            approval::Decided::Discarded(&context.actor),
        ),
    );
    // The status was kept back while the draft waited.
    publish(&mut change);
    Ok(Verdict::silent(change))
}

fn waiting(incident: &Incident, n: u32) -> Option<&PublicDraft> {
    incident.draft.as_ref().filter(|draft| draft.n == n)
}

fn stale(incident: &Incident) -> Verdict {
    Verdict::words(match incident.draft {
        Some(_) => "There is a newer draft than this: decide on that one.",
        None => "This draft has been decided already, or the incident has ended since.",
    })
}

/// The text as the public will read it. Refuses if the incident cannot be published or the text is empty or too long.
fn check(
    context: &DecisionContext<'_>,
    incident: &Incident,
    text: &str,
) -> Result<String, RequestError> {
    let name = incident.name();
    let why = match incident.status {
        _ if incident.private => Some("it is private: the public does not hear of it"),
        _ if incident.drill => Some("it is a drill: the public does not hear of it"),
        Status::Triage => {
            Some("it is in triage. First say that it is an incident, with `/incident accept`")
        }
        Status::Closed | Status::Canceled | Status::Merged => {
            Some("it has ended. To go on with it, type `/incident reopen <why>`")
        }
        _ => None,
    };
    if let Some(why) = why {
        return Err(RequestError::new(
            "not_publishable",
            prose!(name, " cannot be published: ", why, "."),
        ));
    }
    if context.settings.status_page == StatusPage::None {
        return Err(RequestError::new(
            "no_status_page",
            "There is no status page yet. An admin sets one: `/incident config set status_page built_in <title>`, or `statuspage <page id>`.",
        ));
    }
    let text = text.trim();
    match text.chars().count() {
        0 => Err(RequestError::new(
            "text_missing",
            "Say what the public is to read: `/incident public <text>`.",
        )),
        has if has > MAX_TEXT => Err(RequestError::new(
            "text_too_long",
            prose!(
                "This text has ",
                has,
                " characters; the public gets ",
                MAX_TEXT,
                " at most."
            ),
        )),
        _ => Ok(text.to_owned()),
    }
}

/// Publishes a text: numbers it, notes it, and brings the status page to it.
fn release(change: &mut Change, context: &DecisionContext<'_>, text: String, by: Actor) {
    let said = if by == context.actor {
        text.clone()
    } else {
        format!("{text}\n(Draft by {}.)", super::context::name_of(&by))
    };
    let seq = change.note_from(EntryKind::PublicUpdate, said, change.now, None);
    let incident = &mut change.incident;
    let update = PublicUpdate {
        n: incident.public.last().map_or(0, |last| last.n) + 1,
        text,
        status: incident.status,
        at: change.now,
    };
    incident.public.push(update.clone());
    let surplus = incident.public.len().saturating_sub(MAX_PUBLIC);
    incident.public.drain(..surplus);
    let id = incident.id.clone();
    let published = Published { update, by, seq };
    change.write(publication::put(&id, &published));
    change.write(publication::begin(&id, &published, change.now));
    publish(change);
}

/// Keeps a text as the draft, in place of an earlier one.
fn keep(change: &mut Change, context: &DecisionContext<'_>, text: String, by: Actor) {
    let noted = format!("Draft for the public: {text}");
    // The number of the entry: no other draft of this incident ever has it.
    let seq = change.note_from(EntryKind::Changed, noted, change.now, None);
    let draft = PublicDraft {
        n: u32::try_from(seq).unwrap_or(u32::MAX),
        text,
        by,
        at: context.now,
    };
    let message: Json = approval::message_of(&change.incident, &draft);
    change.incident.draft = Some(draft);
    say_message(change, message);
}

#[cfg(test)]
mod tests;
