//! Commands: `/incident remind`, `pause`; the buttons under a reminder; and, in `fire`, what happens when one is due.
//!
//! A drill's lengths of time are sped up like its clock.

mod fire;

use std::time::Duration;

use tidegate_slack::prose;

use super::context::{DecisionContext, RequestError, Verdict, ended};
use super::lifecycle::minutes;
use super::speak::{say, show};
use crate::model::incident::Incident;
use crate::model::permissions::Action;
use crate::model::status::Status;
use crate::model::timeline::EntryKind;
use crate::model::timer_kind::TimerKind;
use crate::model::timers::{self, paced};
use crate::render::text::span;

pub use self::fire::fire;

/// The longest time by which reminders can be put off.
pub const LONGEST: Duration = Duration::from_hours(7 * 24);

/// Sets when the next update is due, or turns its reminder off.
pub fn remind(
    context: &DecisionContext<'_>,
    after: Option<Duration>,
) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Update)?;
    is_open(incident)?;
    let name = incident.name();
    if incident.status == Status::Triage {
        return Err(RequestError::new(
            "in_triage",
            prose!(
                name,
                " is in triage: nobody is reminded of updates before it is declared, with `/incident accept`."
            ),
        ));
    }
    let Some(after) = after else {
        return Ok(switch_off(context, incident, TimerKind::UpdateDue));
    };
    let after = paced(incident, bounded(after)?);
    let mut change = context.change(incident);
    change.incident.next_update_at = Some(context.now.plus(after));
    // The person who sets it is there, so earlier misses are forgotten, and a reminder that was switched off is on again.
    change.incident.timers.remove(&TimerKind::UpdateDue);
    let within = length(after);
    change.note(EntryKind::Changed, format!("next update within {within}"));
    show(&mut change);
    Ok(Verdict::changed(
        change,
        prose!("The next update of ", name, " is due within ", within, "."),
    ))
}

/// Pauses the reminders, or ends the pause. The clocks of the statistics go on, and so do closing and archiving.
pub fn pause(
    context: &DecisionContext<'_>,
    for_: Option<Duration>,
) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Pause)?;
    let name = incident.name();
    let mut change = context.change(incident);
    let Some(for_) = for_ else {
        if incident
            .paused_until
            .is_none_or(|until| until <= context.now)
        {
            return Ok(Verdict::words(prose!(
                "The reminders of ",
                name,
                " are not paused."
            )));
        }
        change.incident.paused_until = None;
        change.note(EntryKind::Changed, "reminders go on");
        say(
            &mut change,
            &format!("Reminders *go on*, says {}.", context.who()),
        );
        return Ok(Verdict::silent(change));
    };
    let for_ = paced(incident, bounded(for_)?);
    change.incident.paused_until = Some(context.now.plus(for_));
    let length = length(for_);
    change.note(EntryKind::Changed, format!("reminders paused for {length}"));
    say(
        &mut change,
        &format!(
            "Reminders are *quiet for {length}*, says {}. Its clocks go on.",
            context.who()
        ),
    );
    Ok(Verdict::silent(change))
}

/// Puts off the reminders of that kind by so many minutes.
pub fn snooze(
    context: &DecisionContext<'_>,
    kind: TimerKind,
    for_minutes: u32,
) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Update)?;
    is_awaited(context, incident, kind)?;
    let after = paced(incident, bounded(minutes(for_minutes))?);
    let mut change = context.change(incident);
    let reminder = change.incident.timers.entry(kind).or_default();
    reminder.snoozed_until = Some(context.now.plus(after));
    let length = length(after);
    say(
        &mut change,
        &format!(
            "{} has put the reminder of {} off for {length}.",
            context.who(),
            what(kind)
        ),
    );
    Ok(Verdict::silent(change))
}

/// Stops the reminders of that kind for this incident. Refuses kinds that remind nobody, and reminders that are over.
pub fn stop(context: &DecisionContext<'_>, kind: TimerKind) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Update)?;
    is_awaited(context, incident, kind)?;
    Ok(switch_off(context, incident, kind))
}

fn switch_off(context: &DecisionContext<'_>, incident: &Incident, kind: TimerKind) -> Verdict {
    let is_off = |incident: &Incident| {
        incident
            .timers
            .get(&kind)
            .is_some_and(|reminder| reminder.off)
    };
    if is_off(incident) {
        return Verdict::words(prose!("The reminder of ", what(kind), " is off already."));
    }
    let mut change = context.change(incident);
    change.incident.timers.entry(kind).or_default().off = true;
    if kind == TimerKind::UpdateDue {
        change.incident.next_update_at = None;
        show(&mut change);
    }
    change.note(
        EntryKind::Changed,
        format!("reminder of {} switched off", what(kind)),
    );
    let again = if kind == TimerKind::UpdateDue {
        " `/incident remind 30m` brings it back."
    } else {
        ""
    };
    say(
        &mut change,
        &format!(
            "{} has *switched off* the reminder of {}.{again}",
            context.who(),
            what(kind)
        ),
    );
    Verdict::silent(change)
}

/// Refuses kinds that remind nobody, and buttons of reminders that are over.
fn is_awaited(
    context: &DecisionContext<'_>,
    incident: &Incident,
    kind: TimerKind,
) -> Result<(), RequestError> {
    if matches!(kind, TimerKind::AutoClose | TimerKind::Archive) {
        return Err(RequestError::new(
            "not_a_reminder",
            prose!(
                "That is no reminder. To keep ",
                incident.name(),
                " from being put away, reopen it with `/incident reopen <why>`."
            ),
        ));
    }
    if timers::wanted(incident, &context.settings.timers).contains_key(&kind) {
        return Ok(());
    }
    Err(RequestError::new(
        "reminder_over",
        prose!(
            "The reminder of ",
            what(kind),
            " is over: there is nothing to put off."
        ),
    ))
}

fn is_open(incident: &Incident) -> Result<(), RequestError> {
    if incident.status.is_open() {
        return Ok(());
    }
    Err(ended(incident))
}

fn bounded(length: Duration) -> Result<Duration, RequestError> {
    if (Duration::from_mins(1)..=LONGEST).contains(&length) {
        return Ok(length);
    }
    Err(RequestError::new(
        "bad_duration",
        "Between a minute and 7 days, please: `30m`, `2h`, `1d`.",
    ))
}

fn length(of: Duration) -> String {
    span(i64::try_from(of.as_millis()).unwrap_or(i64::MAX))
}

/// The subject of a reminder, in words that follow "the reminder of".
fn what(kind: TimerKind) -> &'static str {
    match kind {
        TimerKind::Ack => "taking it up",
        TimerKind::RoleUnclaimed => "free roles",
        TimerKind::UpdateDue => "updates",
        TimerKind::Soak => "resolving",
        TimerKind::Stale => "silence",
        TimerKind::AutoClose => "closing",
        TimerKind::PostmortemDue => "the post-mortem",
        TimerKind::Archive => "archiving",
    }
}

#[cfg(test)]
mod tests;
