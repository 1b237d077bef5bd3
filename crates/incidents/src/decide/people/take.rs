//! Command: `/incident take`. The command can be taken from a commander who is silent.

use tidegate_slack::mrkdwn::escape;

use super::roles::{displaced, give, take_up, taken_up};
use super::{goes_on, person};
use crate::decide::context::{DecisionContext, RequestError, Verdict};
use crate::decide::routing;
use crate::decide::speak::{say, show};
use crate::model::incident::Incident;
use crate::model::permissions::Action;
use crate::model::role::RoleName;
use crate::model::status::Status;
use crate::model::timer_kind::{ReminderState, TimerKind};

/// Updates that a commander misses before others may take the command.
const MISSED_UPDATES: u32 = 2;

/// Makes the asker commander if there is none or the commander is silent; a deputy and an admin may always. Everyone is told.
pub fn take(context: &DecisionContext<'_>, reason: Option<&str>) -> Result<Verdict, RequestError> {
    let commander_silent = silent(context.incident()?);
    let incident = context.may(Action::TakeCommand { commander_silent })?;
    let user = person(context)?;
    goes_on(incident)?;
    let mut change = context.change(incident);
    let was = displaced(incident, &RoleName::Commander);
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    let because = reason.map(|words| format!(": {words}")).unwrap_or_default();
    give(&mut change, context, &RoleName::Commander, user, &because)?;
    let up = take_up(&mut change);
    let because = escape(&because);
    say(
        &mut change,
        &format!(
            "<@{user}> has *taken the command*{was}{because}{}{}",
            if because.is_empty() { "." } else { "" },
            taken_up(up)
        ),
    );
    show(&mut change);
    routing::refresh(&mut change);
    Ok(Verdict::silent(change))
}

/// Whether the commander has missed the call to take the incident up, or two updates in a row. Updates that were missed
/// before they became commander, or before the last update, do not count.
pub fn silent(incident: &Incident) -> bool {
    let held = incident
        .roles
        .iter()
        .find(|held| held.role == RoleName::Commander);
    let Some(since) = held.map(|held| held.since) else {
        return false;
    };
    let missed = |kind: TimerKind, times: u32| {
        let reminder = incident.timers.get(&kind).copied().unwrap_or_default();
        let ReminderState { fired, last, .. } = reminder;
        fired >= times && last.is_some_and(|last| last > since && last > incident.updated_at)
    };
    let waits = incident.status == Status::Declared;
    (waits && missed(TimerKind::Ack, 1)) || missed(TimerKind::UpdateDue, MISSED_UPDATES)
}
