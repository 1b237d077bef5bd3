//! Commands: `/incident join`, `leave`, `watch`, `unwatch`, `invite`; and in `roles`, `role`, `claim`, `drop`,
//! `commander`, `take`.
//!
//! The participants of an incident, their roles, and its watchers.

pub mod roles;
mod take;
mod watch;

use std::collections::BTreeSet;

use tidegate_slack::ids::UserId;
use tidegate_slack::prose;
use tidegate_slack::prose::Prose;

pub use self::roles::{claim, commander, drop_role, own_roles, role};
pub(crate) use self::roles::{give, take_up};
pub use self::take::{silent, take};
pub use self::watch::{MAX_WATCHERS, unwatch, watch};
use super::change::Change;
use super::context::{DecisionContext, RequestError, Verdict, ended};
use super::routing;
use super::speak::{say, show};
use crate::model::effect::Effect;
use crate::model::incident::Incident;
use crate::model::permissions::Action;
use crate::model::role::{RoleHolder, RoleName};
use crate::model::status::Status;
use crate::model::timeline::EntryKind;
use crate::model::timer_kind::TimerKind;
use crate::render;

/// Most participants of one incident: its row holds their ids.
pub const MAX_PARTICIPANTS: usize = 500;

/// Gives a role to somebody. A role that only one person can hold is taken from its holder. The commander's time zone
/// is kept with the role, if it is known.
pub fn assign(change: &mut Change, role: &RoleName, user: &UserId, zone: Option<i32>) {
    let (now, by) = (change.now, change.actor.clone());
    let incident = &mut change.incident;
    incident
        .roles
        .retain(|held| held.role != *role || (!role.is_single() && held.user != *user));
    incident.roles.push(RoleHolder {
        role: role.clone(),
        user: user.clone(),
        since: now,
        by,
    });
    incident.participants.insert(user.clone());
    if *role == RoleName::Commander {
        incident.zone = zone;
        incident.handover = None;
        // The new commander has missed no update yet.
        if let Some(reminder) = incident.timers.get_mut(&TimerKind::UpdateDue) {
            reminder.fired = 0;
        }
    }
}

/// Makes the asker a participant. An incident that nobody has acknowledged is acknowledged by that.
pub fn join(context: &DecisionContext<'_>) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Join)?;
    let user = person(context)?;
    goes_on(incident)?;
    let mut change = context.change(incident);
    let new = !incident.takes_part(user);
    if new {
        has_room(incident, 1)?;
        change.incident.participants.insert(user.clone());
        change.note(EntryKind::RoleChange, format!("<@{user}> takes part"));
    }
    // Also for those who take part: they may have left the channel.
    bring_in(&mut change, vec![user.clone()]);
    if new {
        welcome(&mut change, context, user);
    }
    if take_up(&mut change) {
        say(
            &mut change,
            &format!("<@{user}> has taken it up: *{}*.", Status::Investigating),
        );
        show(&mut change);
        routing::refresh(&mut change);
    }
    let again = if new { "" } else { " already" };
    Ok(Verdict::changed(
        change,
        prose!("You take part in ", incident.name(), again, "."),
    ))
}

/// Ends the asker's participation, and takes their roles away.
pub fn leave(context: &DecisionContext<'_>) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Leave)?;
    let user = person(context)?;
    let name = incident.name();
    if !incident.takes_part(user) {
        return Ok(Verdict::words(prose!(
            "You do not take part in ",
            name,
            "."
        )));
    }
    if incident.commander() == Some(user) && goes_on(incident).is_ok() {
        return Err(RequestError::new(
            "still_commander",
            prose!(
                "You are the commander of ",
                name,
                ". Offer the command first, with `/incident handover @somebody`, or leave it with `/incident drop commander`."
            ),
        ));
    }
    let mut change = context.change(incident);
    let held = incident.roles.iter().filter(|held| held.user == *user);
    let free: Vec<&str> = held.map(|held| held.role.as_str()).collect();
    change.incident.roles.retain(|held| held.user != *user);
    change.incident.participants.remove(user);
    if incident
        .handover
        .as_ref()
        .is_some_and(|offer| offer.to == *user)
    {
        change.incident.handover = None;
    }
    if free.is_empty() {
        change.note(EntryKind::RoleChange, format!("<@{user}> has left"));
    } else {
        let free = free.join(", ");
        change.note(
            EntryKind::RoleChange,
            format!("<@{user}> has left; roles now free: {free}"),
        );
        say(
            &mut change,
            &format!("<@{user}> has left the incident. Roles now free: *{free}*."),
        );
        show(&mut change);
    }
    Ok(Verdict::changed(
        change,
        prose!(
            "You take part in ",
            name,
            " no more. To leave its channel, use Slack's own menu."
        ),
    ))
}

/// Brings people into the channel. They become participants once they say so. In a private incident they become
/// participants at once, because they could not see it otherwise; so only leaders may invite others there.
pub fn invite(context: &DecisionContext<'_>, users: &[UserId]) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Invite)?;
    goes_on(incident)?;
    let mut change = context.change(incident);
    let strangers = users.iter().filter(|user| !incident.takes_part(user));
    let strangers: BTreeSet<UserId> = strangers.cloned().collect();
    let who = context.standing();
    if incident.private && !strangers.is_empty() && !who.leads() && !who.is_admin() {
        return Err(RequestError::new(
            "incident_private",
            prose!(
                incident.name(),
                " is private. Only the commander, the deputy or an admin can bring in somebody who does not take part."
            ),
        ));
    }
    has_room(incident, strangers.len())?;
    change.incident.participants.extend(strangers);
    let all = mentions(users);
    change.note(EntryKind::Changed, format!("invited {all}"));
    bring_in(&mut change, users.to_vec());
    Ok(Verdict::changed(
        change,
        prose!(
            "Invited to ",
            incident.name(),
            ": ",
            Prose::joined(users, ", "),
            "."
        ),
    ))
}

/// Invites people into the incident's channel.
pub(crate) fn bring_in(change: &mut Change, users: Vec<UserId>) {
    let incident = change.incident.id.clone();
    change.effect(&Effect::Invite { incident, users });
}

/// Shows a person who has entered the channel how things stand, and what there is to do.
pub(crate) fn welcome(change: &mut Change, context: &DecisionContext<'_>, user: &UserId) {
    let message = render::welcome::message_of(&change.incident, user, &own_roles(context.settings));
    let (incident, user) = (change.incident.id.clone(), user.clone());
    change.effect(&Effect::Whisper {
        incident,
        user,
        message,
    });
}

/// The person who asks. Refuses a program, because programs do not take part.
pub(crate) fn person<'a>(context: &'a DecisionContext<'_>) -> Result<&'a UserId, RequestError> {
    let words = "Only a person can do that.";
    context
        .actor
        .person()
        .ok_or_else(|| RequestError::new("people_only", words))
}

/// Refuses an incident that has ended for good. Open and resolved ones may get people.
pub(crate) fn goes_on(incident: &Incident) -> Result<(), RequestError> {
    if incident.status.is_open() || incident.status == Status::Resolved {
        return Ok(());
    }
    Err(ended(incident))
}

/// Refuses if the incident has no room for so many more participants.
pub(crate) fn has_room(incident: &Incident, more: usize) -> Result<(), RequestError> {
    if incident.participants.len() + more <= MAX_PARTICIPANTS {
        return Ok(());
    }
    Err(RequestError::new(
        "too_many_participants",
        prose!(
            MAX_PARTICIPANTS,
            " people can take part in ",
            incident.name(),
            ", and it has ",
            incident.participants.len(),
            " already. Its channel is open to more."
        ),
    ))
}

/// Mentions of people, in mrkdwn.
pub(crate) fn mentions(users: &[UserId]) -> String {
    let each: Vec<String> = users.iter().map(|user| format!("<@{user}>")).collect();
    each.join(", ")
}

#[cfg(test)]
mod tests;
