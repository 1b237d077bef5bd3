//! Roles: given, taken, left.

use tidegate_slack::ids::UserId;
use tidegate_slack::prose;
use tidegate_slack::prose::code;

use super::take::{silent, take};
use super::{assign, bring_in, goes_on, has_room, person};
use crate::decide::change::Change;
use crate::decide::context::{DecisionContext, RequestError, Verdict};
use crate::decide::routing;
use crate::decide::speak::{publish, say, say_message, show};
use crate::model::effect::Effect;
use crate::model::incident::Incident;
use crate::model::permissions::Action;
use crate::model::role::{RoleHolder, RoleName};
use crate::model::settings::Settings;
use crate::model::status::Status;
use crate::model::timeline::EntryKind;
use crate::model::timer_kind::TimerKind;
use crate::model::transition::{self, Transition};
use crate::render;

/// Most roles that are held in one incident: each has a row in its holder's list, which the end of the incident takes
/// out in one transaction.
const MAX_HELD: usize = 16;

/// Gives a role to somebody.
pub fn role(
    context: &DecisionContext<'_>,
    role: &RoleName,
    user: &UserId,
) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::AssignRole)?;
    goes_on(incident)?;
    is_known(role, context.settings)?;
    if incident.holds(user, role) {
        return Ok(Verdict::words(prose!(
            user,
            " is ",
            role,
            " of ",
            incident.name(),
            " already."
        )));
    }
    let mut change = context.change(incident);
    let was = displaced(incident, role);
    give(&mut change, context, role, user, "")?;
    say(
        &mut change,
        &format!("<@{user}> is *{role}* now{was}, says {}.", context.who()),
    );
    show(&mut change);
    tell_of_lead(&mut change, role);
    Ok(Verdict::silent(change))
}

/// Takes a role. If nobody has taken the incident up, taking a role does so.
pub fn claim(context: &DecisionContext<'_>, role: &RoleName) -> Result<Verdict, RequestError> {
    if *role == RoleName::Commander {
        return take(context, None);
    }
    let incident = context.incident()?;
    let user = person(context)?;
    is_known(role, context.settings)?;
    if incident.holds(user, role) {
        return Ok(Verdict::words(prose!(
            "You are ",
            role,
            " of ",
            incident.name(),
            " already."
        )));
    }
    context.may(Action::claim(role, user, incident, silent(incident)))?;
    goes_on(incident)?;
    let mut change = context.change(incident);
    let was = displaced(incident, role);
    give(&mut change, context, role, user, "")?;
    let up = take_up(&mut change);
    say(
        &mut change,
        &format!("<@{user}> is *{role}* now{was}.{}", taken_up(up)),
    );
    show(&mut change);
    if up {
        routing::refresh(&mut change);
    }
    Ok(Verdict::silent(change))
}

/// Takes a role away from the asker, who has to hold it. If the commander of an open incident leaves, the channel is asked for
/// another one.
pub fn drop_role(context: &DecisionContext<'_>, role: &RoleName) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Leave)?;
    let user = person(context)?;
    let name = incident.name();
    if !incident.holds(user, role) {
        return Err(RequestError::new(
            "role_not_held",
            prose!(
                "You are not ",
                role,
                " of ",
                name,
                ". `/incident roles` shows who is what."
            ),
        ));
    }
    let mut change = context.change(incident);
    let mine = |held: &RoleHolder| held.user == *user && held.role == *role;
    change.incident.roles.retain(|held| !mine(held));
    change.note(
        EntryKind::RoleChange,
        format!("<@{user}> is no longer {role}"),
    );
    say(&mut change, &format!("<@{user}> is no longer *{role}*."));
    if *role == RoleName::Commander {
        change.incident.zone = None;
        if incident.status.is_open() {
            let call =
                render::reminder::message_of(&change.incident, TimerKind::RoleUnclaimed, &[]);
            say_message(&mut change, call);
        }
    }
    show(&mut change);
    tell_of_lead(&mut change, role);
    Ok(Verdict::changed(
        change,
        prose!("You are no longer ", role, " of ", name, "."),
    ))
}

/// Shows the commander; with a person, makes that person commander.
pub fn commander(
    context: &DecisionContext<'_>,
    user: Option<&UserId>,
) -> Result<Verdict, RequestError> {
    if let Some(user) = user {
        return role(context, &RoleName::Commander, user);
    }
    let incident = context.may(Action::View)?;
    let name = incident.name();
    Ok(Verdict::words(if let Some(user) = incident.commander() {
        prose!("The commander of ", name, " is ", user, ".")
    } else {
        prose!(name, " has no commander. `/incident take` makes you one.")
    }))
}

/// The workspace's own roles.
pub fn own_roles(settings: &Settings) -> Vec<RoleName> {
    let named = settings
        .roles
        .keys()
        .filter_map(|name| RoleName::parse(name));
    named
        .filter(|role| matches!(role, RoleName::Custom(_)))
        .collect()
}

/// Gives a role to a person, notes it, invites them to the channel and shows them the role's card. `because` is added
/// to the note.
pub(crate) fn give(
    change: &mut Change,
    context: &DecisionContext<'_>,
    role: &RoleName,
    user: &UserId,
    because: &str,
) -> Result<(), RequestError> {
    let incident = &change.incident;
    let new = !incident.takes_part(user);
    if new {
        has_room(incident, 1)?;
    }
    let replaces = role.is_single() && incident.holder(role).is_some();
    if !replaces && incident.roles.len() >= MAX_HELD {
        return Err(RequestError::new(
            "too_many_roles",
            prose!(
                incident.name(),
                " has ",
                MAX_HELD,
                " roles taken, which is as many as can be. `/incident roles` shows them."
            ),
        ));
    }
    let was = displaced(incident, role);
    let zone = context
        .zone
        .filter(|_| context.actor.person() == Some(user));
    assign(change, role, user, zone);
    change.note(
        EntryKind::RoleChange,
        format!("<@{user}> is {role}{was}{because}"),
    );
    if new {
        bring_in(change, vec![user.clone()]);
    }
    let own = context
        .settings
        .roles
        .get(role.as_str())
        .map(String::as_str);
    let message = render::welcome::role_card(&change.incident, role, own);
    let (incident, user) = (change.incident.id.clone(), user.clone());
    change.effect(&Effect::Whisper {
        incident,
        user,
        message,
    });
    Ok(())
}

/// Marks an incident as taken up; false if somebody had done so before.
pub(crate) fn take_up(change: &mut Change) -> bool {
    let (from, now) = (change.incident.status, change.now);
    if from != Status::Declared {
        return false;
    }
    let to = Status::Investigating;
    let went = transition::move_to(&mut change.incident, to, None, false, now);
    if went != Ok(Transition::Moved) {
        return false;
    }
    change.note(EntryKind::StatusChanged, format!("{from} → {to}"));
    publish(change);
    true
}

/// The sentence that tells others that a person's action acknowledged the incident; empty if it did not.
pub(super) fn taken_up(up: bool) -> String {
    if up {
        format!(" It is *{}* now.", Status::Investigating)
    } else {
        String::new()
    }
}

/// Words about the person who loses a role that only one can hold; empty if nobody does.
pub(super) fn displaced(incident: &Incident, role: &RoleName) -> String {
    let holder = incident.holder(role).filter(|_| role.is_single());
    holder
        .map(|user| format!(" in place of <@{user}>"))
        .unwrap_or_default()
}

/// Edits the announcements, because they name the commander.
fn tell_of_lead(change: &mut Change, role: &RoleName) {
    if *role == RoleName::Commander {
        routing::refresh(change);
    }
}

fn is_known(role: &RoleName, settings: &Settings) -> Result<(), RequestError> {
    let RoleName::Custom(name) = role else {
        return Ok(());
    };
    if settings.roles.contains_key(name) {
        return Ok(());
    }
    let mut known: Vec<String> = RoleName::BUILT_IN.iter().map(RoleName::to_string).collect();
    known.extend(own_roles(settings).iter().map(RoleName::to_string));
    Err(RequestError::new(
        "no_such_role",
        prose!(
            "There is no role ",
            code(name),
            ". There are: ",
            known.join(", "),
            "."
        ),
    ))
}
