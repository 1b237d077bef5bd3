//! Commands: `/incident link`; `/incident merge` in the file below.
//!
//! Links of an incident to others and to pages elsewhere. Two incidents change in one transaction or not at all: each
//! has its own version as the condition.

mod merge;

use tidegate_pipeline::table::{Item, Range, RowKey, Rows, TableError, Write, hash_text};
use tidegate_slack::prose;

pub use self::merge::merge;
use tidegate_slack::mrkdwn::escape;

use super::change::Change;
use super::context::{DecisionContext, RequestError, Verdict};
use super::speak::say;
use crate::command::Relation;
use crate::model::effect::Effect;
use crate::model::incident::{Incident, IncidentId};
use crate::model::permissions::{self, Action};
use crate::model::rows;
use crate::model::timeline::EntryKind;

/// Most links of an incident: other incidents and pages together.
pub const MAX_LINKS: usize = 50;

/// Longest address that is linked, in bytes.
const MAX_URL: usize = 1000;

/// The relation of two incidents, seen from either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// They have to do with each other.
    Related,
    /// The other is the cause of this one.
    Cause,
    /// This one is the cause of the other.
    Effect,
}

impl Tie {
    const ALL: [Self; 3] = [Self::Related, Self::Cause, Self::Effect];

    /// The name that rows store, such as `related`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Related => "related",
            Self::Cause => "cause",
            Self::Effect => "effect",
        }
    }

    /// The same, seen from the other incident.
    fn mirrored(self) -> Self {
        match self {
            Self::Related => Self::Related,
            Self::Cause => Self::Effect,
            Self::Effect => Self::Cause,
        }
    }

    /// In words, before the other's name.
    fn told(self) -> &'static str {
        match self {
            Self::Related => "has to do with",
            Self::Cause => "was caused by",
            Self::Effect => "is the cause of",
        }
    }
}

impl From<Relation> for Tie {
    fn from(relation: Relation) -> Self {
        match relation {
            Relation::Related => Self::Related,
            Relation::Cause => Self::Cause,
        }
    }
}

/// A link of an incident.
#[derive(Clone, PartialEq, Eq)]
pub enum Linked {
    /// A link to another incident. The caller has to check whether the reader may see that one: the row holds its id only.
    Incident(IncidentId, Tie),
    /// A link to a page: its `https` or `http` address.
    Page(String),
}

/// The links of an incident.
pub async fn load(rows: &Rows, id: &IncidentId) -> Result<Vec<Linked>, TableError> {
    let range = Range::Under(&["link"]);
    let page = rows
        .query(&rows::partition(id), range, false, MAX_LINKS, None)
        .await?;
    Ok(page
        .rows
        .iter()
        .filter_map(|(_, item)| read(item))
        .collect())
}

fn read(item: &Item) -> Option<Linked> {
    if let Some(url) = item.opened_text("url") {
        return Some(Linked::Page(url.to_owned()));
    }
    let tie = item.text("relation")?;
    let tie = Tie::ALL.into_iter().find(|known| known.as_str() == tie)?;
    Some(Linked::Incident(rows::pointed(item)?, tie))
}

/// The bookmark of a page: its title, which is the host, and its address.
pub fn bookmark(link: &Linked) -> Option<(String, String)> {
    let Linked::Page(url) = link else {
        return None;
    };
    let (_, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    Some((host.chars().take(75).collect(), url.clone()))
}

/// Links the incident to the other one of the request. `links` are those that it has already.
pub fn link(
    context: &DecisionContext<'_>,
    relation: Relation,
    links: &[Linked],
) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Link)?;
    let other = other(context, incident)?;
    let tie = Tie::from(relation);
    let (name, others) = (incident.name(), other.name());
    if links.contains(&Linked::Incident(other.id.clone(), tie)) {
        return Ok(Verdict::words(prose!(
            name,
            " ",
            tie.told(),
            " ",
            others,
            " already."
        )));
    }
    let known = |link: &Linked| matches!(link, Linked::Incident(id, _) if *id == other.id);
    if !links.iter().any(known) {
        room(incident, links)?;
    }
    let mut change = context.change(incident);
    let mut theirs = context.change(other);
    for (change, to, tie) in [
        (&mut change, other, tie),
        (&mut theirs, incident, tie.mirrored()),
    ] {
        let row = rows::pointer(&to.id).with("relation", tie.as_str());
        let words = format!("{} {} {}", change.incident.name(), tie.told(), to.name());
        change.write(Write::put(key(&change.incident.id, to.id.as_str()), row));
        change.note(EntryKind::Linked, words.as_str());
        say(change, &format!("*Linked* by {}: {words}.", context.who()));
    }
    both(&mut change, theirs, context);
    Ok(Verdict::silent(change))
}

/// Links the incident to a page, which becomes a bookmark of its channel.
pub fn link_page(
    context: &DecisionContext<'_>,
    url: &str,
    links: &[Linked],
) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Link)?;
    let url = url.trim();
    let is_address = url.starts_with("https://") || url.starts_with("http://");
    if !is_address || url.len() > MAX_URL || url.contains(char::is_whitespace) {
        return Err(RequestError::new(
            "bad_link",
            prose!(
                "A link is an address that begins with `https://`, of ",
                MAX_URL,
                " characters at most."
            ),
        ));
    }
    if links.contains(&Linked::Page(url.to_owned())) {
        return Ok(Verdict::words("That page is linked already."));
    }
    room(incident, links)?;
    let mut change = context.change(incident);
    let row = Item::new().sealed("url", url);
    let place = hash_text(url.as_bytes());
    change.write(Write::put(key(&incident.id, &place), row));
    change.note(EntryKind::Linked, url);
    say(
        &mut change,
        &format!("*Linked* by {}: {}", context.who(), escape(url)),
    );
    let incident = incident.id.clone();
    change.effect(&Effect::Bookmarks { incident });
    Ok(Verdict::silent(change))
}

/// The other incident. Refuses if the asker may not see it or this one cannot be linked to it.
fn other<'a>(
    context: &DecisionContext<'a>,
    incident: &Incident,
) -> Result<&'a Incident, RequestError> {
    let missing =
        "There is no such incident. `/incident list all` shows those that you may know of.";
    let other = &context
        .other
        .ok_or_else(|| RequestError::new("no_such_incident", missing))?
        .incident;
    if !permissions::can_see(&context.standing_in(Some(other)), other) {
        return Err(RequestError::new("no_such_incident", missing));
    }
    if other.id == incident.id {
        return Err(RequestError::new(
            "same_incident",
            prose!(
                "That is ",
                incident.name(),
                " itself. Name another incident."
            ),
        ));
    }
    // Each would reveal the other to people who may not see it.
    if incident.private != other.private {
        let (private, open) = if incident.private {
            (incident, other)
        } else {
            (other, incident)
        };
        return Err(RequestError::new(
            "privacy_differs",
            prose!(
                private.name(),
                " is private and ",
                open.name(),
                " is not: tied together, one would give the other away. `/incident private on` in the other's channel makes both private."
            ),
        ));
    }
    Ok(other)
}

fn room(incident: &Incident, links: &[Linked]) -> Result<(), RequestError> {
    if links.len() < MAX_LINKS {
        return Ok(());
    }
    Err(RequestError::new(
        "too_many_links",
        prose!(
            incident.name(),
            " has ",
            MAX_LINKS,
            " links, which is all it may have."
        ),
    ))
}

/// Adds the writes and posts of the other incident's change.
fn both(change: &mut Change, theirs: Change, context: &DecisionContext<'_>) {
    let theirs = theirs.finish(&context.settings.timers);
    for write in theirs.writes {
        change.write(write);
    }
    for post in theirs.posts {
        change.post(post);
    }
}

fn key(id: &IncidentId, to: &str) -> RowKey {
    rows::row(id, &["link", to])
}

#[cfg(test)]
mod tests;
