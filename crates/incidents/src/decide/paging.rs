//! Commands: `/incident page`, `escalate`.
//!
//! Calling people to help: a direct message and an invitation. A person who was called within the last five minutes is
//! left alone, and the asker is told so.

use std::collections::BTreeSet;

use tidegate_slack::ids::UserId;
use tidegate_slack::prose;
use tidegate_slack::prose::{Prose, code};

use super::change::Change;
use super::context::{DecisionContext, RequestError, Verdict};
use super::limits;
use super::people::{bring_in, goes_on, has_room, mentions};
use super::routing;
use super::speak::say;
use crate::command::Paged;
use crate::model::incident::Incident;
use crate::model::news::{Audience, News};
use crate::model::permissions::Action;
use crate::model::settings::Settings;
use crate::model::timeline::EntryKind;

/// Most people called at once: each takes rows of one transaction, which holds 100.
pub const MAX_CALLED: usize = 20;

/// The result of calling people.
pub(crate) struct Called {
    /// People who get a direct message.
    pub told: Vec<UserId>,
    /// People who were called within the last five minutes, and are left alone.
    pub spared: Vec<UserId>,
}

/// Calls a person, or the owners of a service.
pub fn page(context: &DecisionContext<'_>, whom: &Paged) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Page)?;
    goes_on(incident)?;
    let mut users = match whom {
        Paged::Person(user) => vec![user.clone()],
        Paged::Service(slug) => owners(slug, context.settings)?,
    };
    users.retain(|user| context.actor.person() != Some(user));
    if users.is_empty() {
        return Err(RequestError::new(
            "nobody_to_call",
            "There is nobody to call but you. `/incident page @somebody` calls somebody else.",
        ));
    }
    call_for(context, incident, users, &limits::typed(whom))
}

/// Calls the next person on the escalation list, or the services' owners after the last one.
pub fn escalate(context: &DecisionContext<'_>) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Page)?;
    goes_on(incident)?;
    let mut users = next(incident, context.settings);
    users.retain(|user| context.actor.person() != Some(user));
    if users.is_empty() {
        let empty = context.settings.escalation.is_empty();
        return Err(RequestError::new(
            "nobody_to_call",
            if empty {
                "There is no escalation list, and no owner left to call. Call somebody with `/incident page @somebody`; an admin can set the list with `/incident config`."
            } else {
                "Everybody on the escalation list has been called, and the owners too. Call somebody again with `/incident page @somebody`."
            },
        ));
    }
    call_for(context, incident, users, &"`/incident escalate`".into())
}

fn call_for(
    context: &DecisionContext<'_>,
    incident: &Incident,
    mut users: Vec<UserId>,
    typed: &Prose,
) -> Result<Verdict, RequestError> {
    let left_out = users.len().saturating_sub(MAX_CALLED);
    users.truncate(MAX_CALLED);
    let mut change = context.change(incident);
    let strangers: Vec<UserId> = users
        .iter()
        .filter(|user| !incident.takes_part(user))
        .cloned()
        .collect();
    if incident.private && !strangers.is_empty() {
        let who = context.standing();
        if !who.leads() && !who.is_admin() {
            return Err(RequestError::new(
                "incident_private",
                prose!(
                    incident.name(),
                    " is private. Only the commander, the deputy or an admin can call somebody who does not take part."
                ),
            ));
        }
        has_room(incident, strangers.len())?;
        change.incident.participants.extend(strangers);
    }
    change.note(EntryKind::Page, format!("called {}", mentions(&users)));
    let why = "You are called to help.";
    let called = call(&mut change, &users, why);
    if !called.told.is_empty() {
        limits::count_call(context, &mut change, typed)?;
        say(
            &mut change,
            &format!(
                "{} calls {} to help.",
                context.who(),
                mentions(&called.told)
            ),
        );
    }
    Ok(Verdict::changed(change, answer(&called, left_out)))
}

/// Calls people, except those who were called just before: each gets a direct message, and an invitation if they are
/// not in the channel. The caller has noted it on the timeline already, because the ledger's row is named after that
/// entry.
pub(crate) fn call(change: &mut Change, users: &[UserId], why: &str) -> Called {
    let audience: BTreeSet<Audience> = users.iter().cloned().map(Audience::Person).collect();
    let news = routing::tell(change, &audience, News::Paged, Some(why));
    for effect in &news.effects {
        change.effect(effect);
    }
    let person = |to| match to {
        Audience::Person(user) => Some(user),
        Audience::Channel(_) => None,
    };
    let told: Vec<UserId> = news.to.into_iter().filter_map(person).collect();
    if !told.is_empty() {
        // A person who is called becomes a participant, so that they can act at once.
        change.incident.participants.extend(told.iter().cloned());
        bring_in(change, told.clone());
    }
    let spared = users.iter().filter(|user| !told.contains(user));
    let spared = spared.cloned().collect();
    Called { told, spared }
}

/// The people to call next: the first on the escalation list who was not called yet, or else the owners who were not.
fn next(incident: &Incident, settings: &Settings) -> Vec<UserId> {
    let left = |user: &&UserId| {
        let called = routing::has_heard(incident, News::Paged, &Audience::Person((*user).clone()));
        !called && incident.commander() != Some(*user)
    };
    if let Some(user) = settings.escalation.iter().find(left) {
        return vec![user.clone()];
    }
    let owners = settings.owners(&incident.services);
    owners.iter().filter(left).cloned().collect()
}

fn owners(slug: &str, settings: &Settings) -> Result<Vec<UserId>, RequestError> {
    if !settings.services.contains_key(slug) {
        let known: Vec<&str> = settings.services.keys().map(String::as_str).collect();
        let known = if known.is_empty() {
            "none yet".to_owned()
        } else {
            known.join(", ")
        };
        return Err(RequestError::new(
            "no_such_service",
            prose!(code(slug), " is no service here. There are: ", known, "."),
        ));
    }
    let owners = settings.owners(&[slug.to_owned()]);
    if owners.is_empty() {
        return Err(RequestError::new(
            "no_owners",
            prose!(
                "The service ",
                code(slug),
                " has no owners. Call a person with `/incident page @somebody`."
            ),
        ));
    }
    Ok(owners)
}

fn answer(called: &Called, left_out: usize) -> Prose {
    let mut words = Vec::new();
    if !called.told.is_empty() {
        words.push(prose!("Called: ", Prose::joined(&called.told, ", "), "."));
    }
    if !called.spared.is_empty() {
        words.push(prose!(
            "Called less than 5 minutes ago, and not again now: ",
            Prose::joined(&called.spared, ", "),
            "."
        ));
    }
    if left_out > 0 {
        words.push(prose!(
            MAX_CALLED,
            " people are called at once: ",
            left_out,
            " more were not."
        ));
    }
    Prose::joined(words, " ")
}

#[cfg(test)]
mod tests;
