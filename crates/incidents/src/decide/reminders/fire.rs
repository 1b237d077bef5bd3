//! Decides what a timer does when it has gone off.

use std::collections::BTreeSet;

use tidegate_slack::ids::UserId;

use crate::decide::change::Change;
use crate::decide::context::{DecisionContext, RequestError, Verdict};
use crate::decide::lifecycle;
use crate::decide::paging::{MAX_CALLED, call};
use crate::decide::people::mentions;
use crate::decide::speak::{say, say_message};
use crate::model::effect::Effect;
use crate::model::incident::Incident;
use crate::model::role::RoleName;
use crate::model::settings::Settings;
use crate::model::timeline::EntryKind;
use crate::model::timer_kind::TimerKind;
use crate::model::timers::{self, unclaimed};
use crate::render::reminder;

/// Missed updates that the timeline records: after two, others may take the command, and more would say nothing new.
const NOTED_UPDATES: u32 = 2;

/// Does what is due. A timer that is not due, or no longer, is only set anew: the row may be older than the settings.
///
/// The result is always a change, so that the version of the incident guards the timer's row and gives the next job
/// another name than this one, which the ledger holds as done.
pub fn fire(context: &DecisionContext<'_>, kind: TimerKind) -> Result<Verdict, RequestError> {
    let incident = context.incident()?;
    let timers = &context.settings.timers;
    let due = timers::wanted(incident, timers).get(&kind).copied();
    let mut change = context.change(incident);
    if due.is_none_or(|due| due > context.now) {
        let mut next = incident.clone();
        next.version += 1;
        change.write(timers::again(&next, kind, timers));
        return Ok(Verdict::silent(change));
    }
    let reminder = change.incident.timers.entry(kind).or_default();
    reminder.fired += 1;
    reminder.last = Some(context.now);
    let fired = reminder.fired;
    match kind {
        TimerKind::Ack => not_taken_up(&mut change, context, fired),
        TimerKind::RoleUnclaimed => roles_free(&mut change),
        TimerKind::UpdateDue => update_due(&mut change, fired),
        TimerKind::Soak => soaked(&mut change),
        TimerKind::Stale => stale(&mut change),
        TimerKind::PostmortemDue => review_due(&mut change),
        TimerKind::Archive => archive(&mut change),
        TimerKind::AutoClose => return lifecycle::close(context),
    }
    Ok(Verdict::silent(change))
}

/// Calls the commander first, then deputy and owners, then the escalation list.
fn not_taken_up(change: &mut Change, context: &DecisionContext<'_>, fired: u32) {
    let commander: Vec<UserId> = change.incident.commander().cloned().into_iter().collect();
    let users = callees(&change.incident, context.settings, fired);
    let noted = match users.as_slice() {
        [] => "nobody has taken it up".to_owned(),
        users => format!("nobody has taken it up: called {}", mentions(users)),
    };
    let kind = if users.is_empty() {
        EntryKind::Notice
    } else {
        EntryKind::Page
    };
    change.note(kind, noted);
    let called = call(
        change,
        &users,
        "Nobody has taken it up in time. Please look.",
    );
    let mut all = commander.clone();
    all.extend(called.told);
    remind(change, TimerKind::Ack, &all);
    if fired == 1 {
        direct(change, TimerKind::Ack, &commander);
    }
}

/// The people who get the nth call, besides the commander. Nobody is called to a drill. Only participants are called to
/// a private incident.
fn callees(incident: &Incident, settings: &Settings, fired: u32) -> Vec<UserId> {
    if fired < 2 || incident.drill {
        return Vec::new();
    }
    let may = |user: &UserId| {
        incident.commander() != Some(user) && (!incident.private || incident.takes_part(user))
    };
    let mut seconds: Vec<UserId> = incident
        .holder(&RoleName::Deputy)
        .cloned()
        .into_iter()
        .collect();
    seconds.extend(settings.owners(&incident.services));
    seconds.retain(may);
    // If there is no deputy and no owner, the list comes at once.
    let mut users = if fired == 2 && !seconds.is_empty() {
        seconds
    } else {
        settings.escalation.clone()
    };
    let mut seen = BTreeSet::new();
    users.retain(|user| may(user) && seen.insert(user.clone()));
    users.truncate(MAX_CALLED);
    users
}

fn roles_free(change: &mut Change) {
    let free: Vec<String> = unclaimed(&change.incident)
        .iter()
        .map(RoleName::to_string)
        .collect();
    change.note(
        EntryKind::Notice,
        format!("nobody is {}", free.join(", nor ")),
    );
    remind(change, TimerKind::RoleUnclaimed, &[]);
}

fn update_due(change: &mut Change, fired: u32) {
    if fired <= NOTED_UPDATES {
        change.note(EntryKind::Notice, "an update is due");
    }
    let to = holders(&change.incident, &[RoleName::Commander, RoleName::Comms]);
    remind(change, TimerKind::UpdateDue, &to);
    if fired == NOTED_UPDATES && change.incident.commander().is_some() {
        say(
            change,
            "Two updates are missing. Any participant can take the command: `/incident take`.",
        );
    }
}

fn soaked(change: &mut Change) {
    change.note(EntryKind::Notice, "quiet for a while: resolving suggested");
    let to = holders(&change.incident, &[RoleName::Commander]);
    remind(change, TimerKind::Soak, &to);
}

fn stale(change: &mut Change) {
    change.note(EntryKind::Notice, "no news for days");
    let to = holders(&change.incident, &[RoleName::Commander, RoleName::Deputy]);
    remind(change, TimerKind::Stale, &to);
}

fn review_due(change: &mut Change) {
    change.note(EntryKind::Notice, "the post-mortem is due");
    let to = holders(&change.incident, &[RoleName::Commander]);
    remind(change, TimerKind::PostmortemDue, &to);
    direct(change, TimerKind::PostmortemDue, &to);
}

fn archive(change: &mut Change) {
    change.note(EntryKind::Notice, "the channel is archived");
    remind(change, TimerKind::Archive, &[]);
    let incident = change.incident.id.clone();
    change.effect(&Effect::Archive { incident });
}

/// Posts the reminder to the channel, with mentions of these people.
fn remind(change: &mut Change, kind: TimerKind, to: &[UserId]) {
    let message = reminder::message_of(&change.incident, kind, to);
    say_message(change, message);
}

/// Sends the reminder to each of them by direct message.
fn direct(change: &mut Change, kind: TimerKind, to: &[UserId]) {
    for user in to {
        let message = reminder::message_of(&change.incident, kind, &[]);
        let user = user.clone();
        change.effect(&Effect::Direct { user, message });
    }
}

/// The people who hold these roles, each once.
fn holders(incident: &Incident, roles: &[RoleName]) -> Vec<UserId> {
    let mut users: Vec<UserId> = Vec::new();
    for user in roles.iter().filter_map(|role| incident.holder(role)) {
        if !users.contains(user) {
            users.push(user.clone());
        }
    }
    users
}

#[cfg(test)]
mod tests;
