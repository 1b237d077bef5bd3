//! Commands: `/incident status`, `severity`, `resolve`, `reopen`, `cancel`, `close`, `accept`.
//!
//! Where an incident stands, and who hears of it when that changes.

use super::case::{Case, Form, Refused, Verdict};
use super::change::Change;
use super::effect::{Effect, News};
use super::incident::Incident;
use super::permissions::Action;
use super::render::text::escaped;
use super::role::RoleName;
use super::severity::Severity;
use super::speak::{publish, say, show, tell_all};
use super::status::{self, Status, Went};
use super::timeline::EntryKind;
use super::{metrics, routing};

/// What somebody says of where an incident stands.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Update {
    /// The status to go to.
    pub to: Option<Status>,
    /// For the workspace.
    pub text: Option<String>,
    /// Minutes until the next word; `None` leaves it to the settings.
    pub next_minutes: Option<u32>,
}

/// Says where it stands: a transition, words, or both.
pub fn update(case: &Case<'_>, update: &Update) -> Result<Verdict, Refused> {
    let action = if update.to.is_some() {
        Action::ChangeStatus
    } else {
        Action::Update
    };
    let incident = case.may(action)?;
    if let Some(to @ (Status::Resolved | Status::Closed | Status::Canceled | Status::Merged)) =
        update.to
    {
        return Err(Refused::new(format!(
            "`{to}` has a command of its own: `/incident help`."
        )));
    }
    if !incident.status.is_open() {
        return Err(ended(incident));
    }
    let mut change = case.change(incident);
    let text = update
        .text
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty());
    // The first word shows that somebody has taken it up.
    let to = match (update.to, incident.status) {
        (None, Status::Declared) if text.is_some() => Some(Status::Investigating),
        (to, _) => to,
    };
    let went = match to {
        Some(to) => status::go(
            &mut change.incident,
            to,
            text,
            case.standing().is_admin(),
            case.now,
        )?,
        None => Went::Already,
    };
    if went == Went::Already && text.is_none() {
        return Ok(Verdict::words(format!(
            "{} is {} already.",
            incident.name(),
            incident.status
        )));
    }
    change.incident.updated_at = case.now;
    change.incident.next_update_at = update.next_minutes.map(|n| case.now.plus(minutes(n)));
    if let Some(text) = text {
        change.incident.summary = Some(text.to_owned());
    }
    note_update(&mut change, incident.status, text);
    announce_update(&mut change, case, incident.status, text);
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

fn announce_update(change: &mut Change, case: &Case<'_>, from: Status, text: Option<&str>) {
    let (who, to) = (case.who(), change.incident.status);
    let words = text.map(escaped).unwrap_or_default();
    if from == to {
        say(change, &format!("*Update* by {who}: {words}"));
    } else if words.is_empty() {
        say(change, &format!("*{to}* (was {from}), says {who}."));
    } else {
        say(change, &format!("*{to}* (was {from}), says {who}: {words}"));
    }
    show(change);
    tell_all(change, case.settings, News::Updated, text);
    publish(change);
}

/// Changes how bad it is. Who was not told yet is told when it gets worse; when it gets better, it is said in the channel.
pub fn severity(case: &Case<'_>, to: Severity, reason: Option<&str>) -> Result<Verdict, Refused> {
    let incident = case.may(Action::ChangeSeverity)?;
    if !incident.status.is_open() && incident.status != Status::Resolved {
        return Err(ended(incident));
    }
    let from = incident.severity;
    if from == to {
        return Ok(Verdict::words(format!(
            "{} is {to} already.",
            incident.name()
        )));
    }
    let mut change = case.change(incident);
    change.incident.severity = to;
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    let because = reason
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default();
    change.note(EntryKind::SeverityChange, format!("{from} → {to}{because}"));
    let worse = to.worse_than(from);
    let arrow = if worse { "raised" } else { "lowered" };
    let because = escaped(&because);
    say(
        &mut change,
        &format!(
            "Severity *{arrow}* from {from} to *{to}* by {}{because}",
            case.who()
        ),
    );
    show(&mut change);
    if worse && to.is_broadcast() {
        tell_all(&mut change, case.settings, News::Escalated, reason);
        invite_owners(&mut change, case);
    } else {
        routing::refresh(&mut change);
    }
    publish(&mut change);
    if incident.status == Status::Resolved {
        metrics::recount(&mut change);
    }
    Ok(Verdict::silent(change))
}

fn invite_owners(change: &mut Change, case: &Case<'_>) {
    if change.incident.private || change.incident.drill {
        return;
    }
    let mut users = case.settings.owners(&change.incident.services);
    users.retain(|user| !change.incident.takes_part(user));
    if users.is_empty() {
        return;
    }
    let incident = change.incident.id.clone();
    change.effect(&Effect::Invite { incident, users });
}

/// It is over. Without a summary where one is needed, a form asks for it.
pub fn resolve(case: &Case<'_>, summary: Option<&str>) -> Result<Verdict, Refused> {
    let incident = case.may(Action::Resolve)?;
    let summary = summary.map(str::trim).filter(|summary| !summary.is_empty());
    if incident.status.is_open()
        && summary.is_none()
        && incident.summary.is_none()
        && incident.severity.is_broadcast()
        && case.actor.person().is_some()
    {
        return Ok(Verdict::Form(Form::Resolve));
    }
    let mut change = case.change(incident);
    let admin = case.standing().is_admin();
    if status::go(
        &mut change.incident,
        Status::Resolved,
        summary,
        admin,
        case.now,
    )? == Went::Already
    {
        return Ok(Verdict::words(format!(
            "{} is resolved already.",
            incident.name()
        )));
    }
    change.incident.draft = None;
    change.incident.handover = None;
    change.note(EntryKind::Resolved, summary.unwrap_or("Resolved."));
    metrics::count(&mut change);
    let words = summary
        .map(|summary| format!(": {}", escaped(summary)))
        .unwrap_or_default();
    say(&mut change, &format!("*Resolved* by {}{words}", case.who()));
    show(&mut change);
    tell_all(&mut change, case.settings, News::Resolved, summary);
    publish(&mut change);
    Ok(Verdict::silent(change))
}

/// It is not over, or it was one after all.
pub fn reopen(case: &Case<'_>, why: &str) -> Result<Verdict, Refused> {
    let incident = case.incident()?;
    let Some(to) = status::reopens_to(incident) else {
        return Err(Refused::new(format!(
            "{} is open: it is {}.",
            incident.name(),
            incident.status
        )));
    };
    case.may(Action::reopen(incident.status))?;
    let mut change = case.change(incident);
    let from = incident.status;
    status::go(
        &mut change.incident,
        to,
        Some(why),
        case.standing().is_admin(),
        case.now,
    )?;
    change.note(EntryKind::Reopened, format!("{from} → {to}: {why}"));
    metrics::uncount(&mut change);
    if from == Status::Closed {
        let incident = incident.id.clone();
        change.effect(&Effect::Unarchive { incident });
    }
    say(
        &mut change,
        &format!("*Reopened* by {}: {}", case.who(), escaped(why)),
    );
    show(&mut change);
    tell_all(&mut change, case.settings, News::Reopened, Some(why));
    publish(&mut change);
    Ok(Verdict::silent(change))
}

/// It was none.
pub fn cancel(case: &Case<'_>, why: &str) -> Result<Verdict, Refused> {
    let incident = case.may(Action::Cancel)?;
    let mut change = case.change(incident);
    let admin = case.standing().is_admin();
    if status::go(
        &mut change.incident,
        Status::Canceled,
        Some(why),
        admin,
        case.now,
    )? == Went::Already
    {
        return Ok(Verdict::words(format!(
            "{} is canceled already.",
            incident.name()
        )));
    }
    change.incident.draft = None;
    change.incident.handover = None;
    change.note(EntryKind::Canceled, why);
    say(
        &mut change,
        &format!("*Canceled* by {}: {}", case.who(), escaped(why)),
    );
    show(&mut change);
    tell_all(&mut change, case.settings, News::Withdrawn, Some(why));
    publish(&mut change);
    Ok(Verdict::silent(change))
}

/// Puts it away.
pub fn close(case: &Case<'_>) -> Result<Verdict, Refused> {
    let incident = case.incident()?;
    let early = incident
        .milestones
        .resolved
        .is_some_and(|at| case.now < at.plus(case.settings.timers.auto_close()));
    case.may(if early {
        Action::CloseEarly
    } else {
        Action::Close
    })?;
    let mut change = case.change(incident);
    let admin = case.standing().is_admin();
    if status::go(&mut change.incident, Status::Closed, None, admin, case.now)? == Went::Already {
        return Ok(Verdict::words(format!(
            "{} is closed already.",
            incident.name()
        )));
    }
    change.note(EntryKind::Closed, "Closed.");
    let days = case.settings.timers.archive_days;
    say(
        &mut change,
        &format!(
            "*Closed* by {}. Tasks stay open. This channel is archived in {days} days.",
            case.who()
        ),
    );
    show(&mut change);
    routing::refresh(&mut change);
    Ok(Verdict::silent(change))
}

/// What was in triage is one: from now on others hear of it.
pub fn accept(case: &Case<'_>) -> Result<Verdict, Refused> {
    let incident = case.may(Action::Accept)?;
    if incident.status != Status::Triage {
        return Ok(Verdict::words(format!(
            "{} is {} already.",
            incident.name(),
            incident.status
        )));
    }
    let mut change = case.change(incident);
    status::go(
        &mut change.incident,
        Status::Declared,
        None,
        case.standing().is_admin(),
        case.now,
    )?;
    if change.incident.commander().is_none()
        && let Some(user) = case.actor.person()
    {
        super::people::assign(&mut change, &RoleName::Commander, user, case.zone);
    }
    change.note(
        EntryKind::StatusChanged,
        format!("triage → declared by {}", case.who()),
    );
    say(
        &mut change,
        &format!(
            "{} says that this *is an incident*: {}.",
            case.who(),
            incident.severity
        ),
    );
    show(&mut change);
    tell_all(&mut change, case.settings, News::Declared, None);
    invite_owners(&mut change, case);
    publish(&mut change);
    Ok(Verdict::silent(change))
}

/// Why nothing more happens to an incident that has ended.
pub fn ended(incident: &Incident) -> Refused {
    Refused::new(format!(
        "{} is {}. To go on with it, type `/incident reopen <why>`.",
        incident.name(),
        incident.status
    ))
}

/// So many minutes.
pub fn minutes(n: u32) -> std::time::Duration {
    std::time::Duration::from_secs(u64::from(n) * 60)
}
