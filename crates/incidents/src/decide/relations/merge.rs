//! Making an incident part of another.

use std::collections::BTreeSet;

use tidegate_slack::ids::UserId;
use tidegate_slack::mrkdwn::escape;
use tidegate_slack::prose;

use super::{both, other};
use crate::decide::change::Change;
use crate::decide::context::{DecisionContext, RequestError, Verdict};
use crate::decide::people::{MAX_PARTICIPANTS, MAX_WATCHERS};
use crate::decide::speak::{publish, say, show, tell_all};
use crate::model::effect::Effect;
use crate::model::incident::{Incident, MAX_SERVICES};
use crate::model::news::News;
use crate::model::permissions::{self, Action};
use crate::model::status::Status;
use crate::model::timeline::EntryKind;
use crate::model::transition::{self, Transition};

/// Merges the incident into the other one of the request. People and services move there, and messages say where it goes on.
pub fn merge(context: &DecisionContext<'_>) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Merge)?;
    let other = other(context, incident)?;
    let standing = context.standing_in(Some(other));
    permissions::allow(&standing, Action::Merge, Some(other), &context.rules())?;
    let (mine, others) = (incident.name(), other.name());
    if incident.merged_into.as_ref() == Some(&other.id) {
        return Ok(Verdict::words(prose!(
            mine,
            " is part of ",
            others,
            " already."
        )));
    }
    if !other.status.is_open() {
        return Err(RequestError::new(
            "incident_ended",
            prose!(
                others,
                " is ",
                other.status,
                ": only an open incident takes up another. Reopen it first, or link the two with `/incident link ",
                others,
                "`."
            ),
        ));
    }
    if incident.drill != other.drill {
        return Err(RequestError::new(
            "drill_differs",
            "A drill and a real incident cannot be one.",
        ));
    }
    let mut change = leave(context, incident, other)?;
    let mut theirs = context.change(other);
    let left = take_up(&mut theirs, incident, context);
    both(&mut change, theirs, context);
    let (was, is) = (incident.severity, other.severity);
    let hint = if was.worse_than(is) {
        format!(" It was a {was}, and {others} is a {is}.")
    } else {
        String::new()
    };
    let words = prose!(mine, " is part of ", others, " now.", hint, left);
    Ok(Verdict::changed(change, words))
}

/// Ends the incident that becomes part of the other.
fn leave(
    context: &DecisionContext<'_>,
    incident: &Incident,
    other: &Incident,
) -> Result<Change, RequestError> {
    let mut change = context.change(incident);
    let admin = context.standing().is_admin();
    if transition::move_to(
        &mut change.incident,
        Status::Merged,
        None,
        admin,
        context.now,
    )? == Transition::Unchanged
    {
        return Err(RequestError::new(
            "already_merged",
            prose!(
                incident.name(),
                " is part of another incident. Part them first, with `/incident reopen <why>`."
            ),
        ));
    }
    change.incident.merged_into = Some(other.id.clone());
    change.incident.draft = None;
    change.incident.handover = None;
    let others = other.name();
    let room = context.other.and_then(|loaded| loaded.place.channel());
    let room = room.map_or_else(String::new, |channel| {
        format!(" Work goes on in <#{channel}>.")
    });
    change.note(EntryKind::Merged, format!("Merged into {others}."));
    let words = format!("*Merged* by {} into {others}.{room}", context.who());
    say(&mut change, &words);
    show(&mut change);
    // Nobody has been told of an incident that is still in triage.
    if incident.status != Status::Triage {
        let words = format!("It is part of {others} now.");
        tell_all(&mut change, context.settings, News::Withdrawn, Some(&words));
    }
    publish(&mut change);
    Ok(change)
}

/// Moves people and services to the incident that another is merged into. Returns in words the part for which it has no room.
fn take_up(theirs: &mut Change, merged: &Incident, context: &DecisionContext<'_>) -> String {
    let incident = &mut theirs.incident;
    let part = merged.participants.iter();
    let new = part.filter(|user| !incident.takes_part(user)).cloned();
    let new: Vec<UserId> = new.collect();
    let new = fill(&mut incident.participants, new, MAX_PARTICIPANTS);
    let watchers = merged.watchers.iter().cloned();
    fill(&mut incident.watchers, watchers, MAX_WATCHERS);
    let mut left = Vec::new();
    for service in &merged.services {
        if incident.services.contains(service) {
            continue;
        }
        if incident.services.len() < MAX_SERVICES {
            incident.services.push(service.clone());
        } else {
            left.push(service.as_str());
        }
    }
    let (id, name) = (incident.id.clone(), incident.name());
    theirs.note(
        EntryKind::Merged,
        format!("{} was merged into this: {}", merged.name(), merged.title),
    );
    say(
        theirs,
        &format!(
            "{} (*{}*) is part of this now, says {}.",
            merged.name(),
            escape(&merged.title),
            context.who()
        ),
    );
    if !new.is_empty() {
        let (incident, users) = (id, new);
        theirs.effect(&Effect::Invite { incident, users });
    }
    show(theirs);
    publish(theirs);
    if left.is_empty() {
        return String::new();
    }
    format!(" {name} has no room for: {}.", left.join(", "))
}

/// Adds people to a set as long as it has room. Returns those who were added.
fn fill(
    set: &mut BTreeSet<UserId>,
    people: impl IntoIterator<Item = UserId>,
    most: usize,
) -> Vec<UserId> {
    let mut came = Vec::new();
    for user in people {
        if set.len() < most && set.insert(user.clone()) {
            came.push(user);
        }
    }
    came
}
