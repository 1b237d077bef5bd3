//! Commands: `/incident resolve`, `reopen`, `cancel`, `close`.
//!
//! How an incident ends, and how it goes on after that.

use crate::decide::context::{DecisionContext, RequestError, Verdict};
use crate::decide::speak::{publish, say, show, tell_all};
use crate::decide::{metrics, routing};
use crate::model::effect::Effect;
use crate::model::form::Form;
use crate::model::news::News;
use crate::model::permissions::Action;
use crate::model::status::Status;
use crate::model::timeline::EntryKind;
use crate::model::transition::{self, Transition};
use tidegate_slack::mrkdwn::escape;
use tidegate_slack::prose;

/// Resolves the incident. If a summary is needed and missing, a form asks for it.
pub fn resolve(
    context: &DecisionContext<'_>,
    summary: Option<&str>,
) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Resolve)?;
    let summary = summary.map(str::trim).filter(|summary| !summary.is_empty());
    if incident.status.is_open()
        && summary.is_none()
        && incident.summary.is_none()
        && incident.severity.is_broadcast()
        && context.actor.person().is_some()
    {
        return Ok(Verdict::Form(Form::Resolve));
    }
    let mut change = context.change(incident);
    let admin = context.standing().is_admin();
    if transition::move_to(
        &mut change.incident,
        Status::Resolved,
        summary,
        admin,
        context.now,
    )? == Transition::Unchanged
    {
        return Ok(Verdict::words(prose!(
            incident.name(),
            " is resolved already."
        )));
    }
    change.incident.draft = None;
    change.incident.handover = None;
    change.note(EntryKind::Resolved, summary.unwrap_or("Resolved."));
    metrics::count(&mut change);
    let words = summary
        .map(|summary| format!(": {}", escape(summary)))
        .unwrap_or_default();
    say(
        &mut change,
        &format!("*Resolved* by {}{words}", context.who()),
    );
    show(&mut change);
    tell_all(&mut change, context.settings, News::Resolved, summary);
    publish(&mut change);
    Ok(Verdict::silent(change))
}

/// Reopens an incident that was resolved, closed, canceled or merged.
pub fn reopen(context: &DecisionContext<'_>, why: &str) -> Result<Verdict, RequestError> {
    let incident = context.incident()?;
    let Some(to) = transition::reopens_to(incident) else {
        return Err(RequestError::new(
            "incident_open",
            prose!(incident.name(), " is open: it is ", incident.status, "."),
        ));
    };
    context.may(Action::reopen(incident.status))?;
    let mut change = context.change(incident);
    let from = incident.status;
    transition::move_to(
        &mut change.incident,
        to,
        Some(why),
        context.standing().is_admin(),
        context.now,
    )?;
    change.note(EntryKind::Reopened, format!("{from} → {to}: {why}"));
    metrics::uncount(&mut change);
    if from == Status::Closed {
        let incident = incident.id.clone();
        change.effect(&Effect::Unarchive { incident });
    }
    say(
        &mut change,
        &format!("*Reopened* by {}: {}", context.who(), escape(why)),
    );
    show(&mut change);
    tell_all(&mut change, context.settings, News::Reopened, Some(why));
    publish(&mut change);
    Ok(Verdict::silent(change))
}

/// Cancels the incident as a false alarm. People who were notified of it are told so.
pub fn cancel(context: &DecisionContext<'_>, why: &str) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Cancel)?;
    let mut change = context.change(incident);
    let admin = context.standing().is_admin();
    if transition::move_to(
        &mut change.incident,
        Status::Canceled,
        Some(why),
        admin,
        context.now,
    )? == Transition::Unchanged
    {
        return Ok(Verdict::words(prose!(
            incident.name(),
            " is canceled already."
        )));
    }
    change.incident.draft = None;
    change.incident.handover = None;
    change.note(EntryKind::Canceled, why);
    say(
        &mut change,
        &format!("*Canceled* by {}: {}", context.who(), escape(why)),
    );
    show(&mut change);
    if incident.status == Status::Triage {
        // It was never announced: only people who were called or watch it see the outcome.
        routing::refresh(&mut change);
    } else {
        tell_all(&mut change, context.settings, News::Withdrawn, Some(why));
    }
    publish(&mut change);
    Ok(Verdict::silent(change))
}

/// Closes a resolved incident. Closing it before the configured time needs a right of its own.
pub fn close(context: &DecisionContext<'_>) -> Result<Verdict, RequestError> {
    let incident = context.incident()?;
    let early = incident
        .milestones
        .resolved
        .is_some_and(|at| context.now < at.plus(context.settings.timers.auto_close()));
    context.may(if early {
        Action::CloseEarly
    } else {
        Action::Close
    })?;
    let mut change = context.change(incident);
    let admin = context.standing().is_admin();
    if transition::move_to(
        &mut change.incident,
        Status::Closed,
        None,
        admin,
        context.now,
    )? == Transition::Unchanged
    {
        return Ok(Verdict::words(prose!(
            incident.name(),
            " is closed already."
        )));
    }
    change.note(EntryKind::Closed, "Closed.");
    let days = context.settings.timers.archive_days;
    say(
        &mut change,
        &format!(
            "*Closed* by {}. Tasks stay open. This channel is archived in {days} days.",
            context.who()
        ),
    );
    show(&mut change);
    routing::refresh(&mut change);
    Ok(Verdict::silent(change))
}
