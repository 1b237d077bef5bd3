//! Commands: `/incident status`, `severity`, `resolve`, `reopen`, `cancel`, `close`, `accept`.
//!
//! The status and severity of an incident, and who is notified when they change.

mod endings;

use tidegate_slack::mrkdwn::escape;
use tidegate_slack::prose;
use tidegate_slack::prose::code;

pub use self::endings::{cancel, close, reopen, resolve};
use super::change::Change;
use super::context::{DecisionContext, RequestError, Verdict, ended};
use super::speak::{publish, say, show, tell_all};
use super::{metrics, routing};
use crate::model::effect::Effect;
use crate::model::news::News;
use crate::model::permissions::Action;
use crate::model::role::RoleName;
use crate::model::severity::Severity;
use crate::model::status::Status;
use crate::model::timeline::EntryKind;
use crate::model::transition::{self, Transition};

/// An update of an incident: a new status, a message, or both.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Update {
    /// The status to change to; `None` leaves it.
    pub to: Option<Status>,
    /// The message for the workspace; blank counts as none.
    pub text: Option<String>,
    /// Minutes until the next update is due; `None` leaves it to the settings.
    pub next_minutes: Option<u32>,
}

impl Update {
    /// The update that was typed after `/incident status`.
    pub fn typed(to: Option<Status>, text: Option<&str>) -> Self {
        Self {
            to,
            text: text.map(str::to_owned),
            next_minutes: None,
        }
    }
}

/// Posts an update: a change of status, a message, or both.
pub fn update(context: &DecisionContext<'_>, update: &Update) -> Result<Verdict, RequestError> {
    let action = if update.to.is_some() {
        Action::ChangeStatus
    } else {
        Action::Update
    };
    let incident = context.may(action)?;
    if let Some(to @ (Status::Resolved | Status::Closed | Status::Canceled | Status::Merged)) =
        update.to
    {
        return Err(RequestError::new(
            "another_command",
            prose!(code(to), " has a command of its own: `/incident help`."),
        ));
    }
    if !incident.status.is_open() {
        return Err(ended(incident));
    }
    let mut change = context.change(incident);
    let text = update
        .text
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty());
    // The first message shows that somebody has taken the incident up.
    let to = match (update.to, incident.status) {
        (None, Status::Declared) if text.is_some() => Some(Status::Investigating),
        (to, _) => to,
    };
    let went = match to {
        Some(to) => transition::move_to(
            &mut change.incident,
            to,
            text,
            context.standing().is_admin(),
            context.now,
        )?,
        None => Transition::Unchanged,
    };
    if went == Transition::Unchanged && text.is_none() {
        return Ok(Verdict::words(prose!(
            incident.name(),
            " is ",
            incident.status,
            " already."
        )));
    }
    change.incident.updated_at = context.now;
    change.incident.next_update_at = update.next_minutes.map(|n| context.now.plus(minutes(n)));
    if let Some(text) = text {
        change.incident.summary = Some(text.to_owned());
    }
    note_update(&mut change, incident.status, text);
    announce_update(&mut change, context, incident.status, text);
    Ok(Verdict::silent(change))
}

fn note_update(change: &mut Change, from: Status, text: Option<&str>) {
    let to = change.incident.status;
    match (from == to, text) {
        (true, text) => change.note(EntryKind::StatusUpdate, text.unwrap_or_default()),
        (false, None) => change.note(EntryKind::StatusChanged, format!("{from} → {to}")),
        (false, Some(text)) => {
            change.note(EntryKind::StatusChanged, format!("{from} → {to}: {text}"));
        }
    }
}

fn announce_update(
    change: &mut Change,
    context: &DecisionContext<'_>,
    from: Status,
    text: Option<&str>,
) {
    let (who, to) = (context.who(), change.incident.status);
    let words = text.map(escape).unwrap_or_default();
    if from == to {
        say(change, &format!("*Update* by {who}: {words}"));
    } else if words.is_empty() {
        say(change, &format!("*{to}* (was {from}), says {who}."));
    } else {
        say(change, &format!("*{to}* (was {from}), says {who}: {words}"));
    }
    show(change);
    tell_all(change, context.settings, News::Updated, text);
    publish(change);
}

/// Changes the severity. If it gets worse, audiences that were not told yet are told; if it gets better, only the channel is told.
pub fn severity(
    context: &DecisionContext<'_>,
    to: Severity,
    reason: Option<&str>,
) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::ChangeSeverity)?;
    if !incident.status.is_open() && incident.status != Status::Resolved {
        return Err(ended(incident));
    }
    let from = incident.severity;
    if from == to {
        return Ok(Verdict::words(prose!(
            incident.name(),
            " is ",
            to,
            " already."
        )));
    }
    let mut change = context.change(incident);
    change.incident.severity = to;
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    let because = reason
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default();
    change.note(EntryKind::SeverityChange, format!("{from} → {to}{because}"));
    let worse = to.worse_than(from);
    let arrow = if worse { "raised" } else { "lowered" };
    let because = escape(&because);
    say(
        &mut change,
        &format!(
            "Severity *{arrow}* from {from} to *{to}* by {}{because}",
            context.who()
        ),
    );
    show(&mut change);
    if worse && to.is_broadcast() {
        tell_all(&mut change, context.settings, News::Escalated, reason);
        invite_owners(&mut change, context);
    } else {
        routing::refresh(&mut change);
    }
    publish(&mut change);
    if incident.status == Status::Resolved {
        metrics::recount(&mut change);
    }
    Ok(Verdict::silent(change))
}

fn invite_owners(change: &mut Change, context: &DecisionContext<'_>) {
    if change.incident.private || change.incident.drill {
        return;
    }
    let mut users = context.settings.owners(&change.incident.services);
    users.retain(|user| !change.incident.takes_part(user));
    if users.is_empty() {
        return;
    }
    let incident = change.incident.id.clone();
    change.effect(&Effect::Invite { incident, users });
}

/// Declares an incident that is in triage: from now on others are notified.
pub fn accept(context: &DecisionContext<'_>) -> Result<Verdict, RequestError> {
    let incident = context.may(Action::Accept)?;
    if incident.status != Status::Triage {
        return Ok(Verdict::words(prose!(
            incident.name(),
            " is ",
            incident.status,
            " already."
        )));
    }
    let mut change = context.change(incident);
    transition::move_to(
        &mut change.incident,
        Status::Declared,
        None,
        context.standing().is_admin(),
        context.now,
    )?;
    if change.incident.commander().is_none()
        && let Some(user) = context.actor.person()
    {
        super::people::assign(&mut change, &RoleName::Commander, user, context.zone);
    }
    change.note(
        EntryKind::StatusChanged,
        format!("triage → declared by {}", context.who()),
    );
    say(
        &mut change,
        &format!(
            "{} says that this *is an incident*: {}.",
            context.who(),
            incident.severity
        ),
    );
    show(&mut change);
    tell_all(&mut change, context.settings, News::Declared, None);
    invite_owners(&mut change, context);
    publish(&mut change);
    Ok(Verdict::silent(change))
}

/// A length of time of `n` minutes.
pub fn minutes(n: u32) -> std::time::Duration {
    std::time::Duration::from_secs(u64::from(n) * 60)
}
