//! The state machine of an incident: which changes of status are possible, and what each one changes.

use std::time::Duration;

use tidegate_pipeline::clock::Timestamp;

use super::incident::{Incident, Review};
use super::status::Status;

/// How long an incident can be reopened after it was resolved, canceled or merged. After that, people declare a new
/// one.
pub const REOPEN_WITHIN: Duration = Duration::from_hours(7 * 24);

/// The result of [`move_to`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// The incident already had that status; nothing changed, and nobody has to be notified.
    Unchanged,
    /// The incident has the new status now, and people have to be notified.
    Moved,
}

/// Why a change is not possible, and what the person can do instead. The text is plain and must be escaped for mrkdwn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TransitionError(String);

impl TransitionError {
    /// Makes an error with that text.
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

/// Changes the status at `now`, along with the milestones. `words` explain the change and become the summary. `admin`
/// permits changes that only admins may make, such as reopening a closed incident. [`super::permissions`] decides
/// whether the person may change the status at all. On an error the incident is unchanged.
pub fn move_to(
    incident: &mut Incident,
    to: Status,
    words: Option<&str>,
    admin: bool,
    now: Timestamp,
) -> Result<Transition, TransitionError> {
    let words = words.map(str::trim).filter(|words| !words.is_empty());
    if incident.status == to {
        return Ok(Transition::Unchanged);
    }
    check(incident, to, words, admin, now)?;
    set_milestones(incident, to, now);
    let from = incident.status;
    let reopened = matches!(from, Status::Resolved | Status::Closed) && to.is_open();
    incident.reopened += u32::from(reopened);
    match to {
        Status::Canceled | Status::Merged => incident.previous = Some(from),
        Status::Resolved => {
            let due = incident.severity.is_broadcast() && !incident.drill;
            if due && incident.review == Review::None {
                incident.review = Review::Required;
            }
        }
        _ => {
            incident.previous = None;
            incident.merged_into = None;
        }
    }
    if !to.is_open() {
        incident.next_update_at = None;
    }
    if let Some(words) = words {
        incident.summary = Some(words.to_owned());
    }
    incident.status = to;
    (incident.status_since, incident.updated_at) = (now, now);
    Ok(Transition::Moved)
}

/// The status after `/incident reopen`; `None` if the incident is open.
pub fn reopens_to(incident: &Incident) -> Option<Status> {
    match incident.status {
        Status::Resolved | Status::Closed => Some(Status::Investigating),
        Status::Canceled | Status::Merged => incident.previous,
        _ => None,
    }
}

/// Whether the state machine has an edge from `from` to `to`. A canceled or merged incident can only return to
/// `previous`, its former status.
fn leads(from: Status, to: Status, previous: Option<Status>) -> bool {
    use Status::{Canceled, Closed, Declared, Identified, Investigating, Merged, Monitoring};
    use Status::{Resolved, Triage};
    match from {
        Triage => matches!(to, Declared | Canceled | Merged),
        Declared => matches!(
            to,
            Investigating | Identified | Monitoring | Resolved | Canceled | Merged
        ),
        Investigating => matches!(to, Identified | Monitoring | Resolved | Canceled | Merged),
        Identified => matches!(
            to,
            Investigating | Monitoring | Resolved | Canceled | Merged
        ),
        // Users were affected, so it cannot be a false alarm.
        Monitoring => matches!(to, Investigating | Identified | Resolved | Merged),
        Resolved => matches!(to, Investigating | Closed),
        Closed => to == Investigating,
        Canceled | Merged => previous == Some(to),
    }
}

fn check(
    incident: &Incident,
    to: Status,
    words: Option<&str>,
    admin: bool,
    now: Timestamp,
) -> Result<(), TransitionError> {
    let (from, name) = (incident.status, incident.name());
    if !leads(from, to, incident.previous) {
        return Err(no_way(incident, to));
    }
    if from == Status::Closed && !admin {
        return Err(closed(&name));
    }
    let ended = match from {
        Status::Resolved => incident.milestones.resolved,
        Status::Canceled | Status::Merged => incident.milestones.closed,
        _ => None,
    };
    let back = to != Status::Closed && ended.is_some_and(|at| now.since(at) > REOPEN_WITHIN);
    if back {
        return Err(TransitionError::new(format!(
            "{name} has been {from} for more than 7 days. Declare a new incident and link it with `/incident link {name}`."
        )));
    }
    if from == Status::Identified && to == Status::Investigating && words.is_none() {
        return Err(TransitionError::new(format!(
            "{name} is identified. Say why it is investigated again: `/incident status investigating <why>`."
        )));
    }
    let said = words.is_some() || incident.summary.is_some();
    if to == Status::Resolved && incident.severity.is_broadcast() && !said {
        return Err(TransitionError::new(format!(
            "{name} is a {}: say how it ended, with `/incident resolve <summary>`.",
            incident.severity
        )));
    }
    Ok(())
}

fn closed(name: &str) -> TransitionError {
    TransitionError::new(format!(
        "{name} is closed. An admin can reopen it with `/incident reopen <why>`."
    ))
}

/// The error for a missing edge, which says what is possible instead.
fn no_way(incident: &Incident, to: Status) -> TransitionError {
    let (from, name) = (incident.status, incident.name());
    TransitionError::new(match (from, to) {
        (Status::Closed, _) => return closed(&name),
        (Status::Resolved, _) => {
            format!("{name} is resolved. Reopen it first, with `/incident reopen <why>`.")
        }
        (Status::Canceled, _) => format!(
            "{name} is canceled. The commander or an admin can bring it back with `/incident reopen <why>`."
        ),
        (Status::Merged, _) => format!(
            "{name} is part of another incident now. Go on there, or ask an admin to part them with `/incident reopen <why>`."
        ),
        (Status::Triage, _) => format!(
            "{name} is in triage. Declare it with `/incident accept`, or put it away with `/incident cancel <why>`."
        ),
        (_, Status::Closed) => {
            format!("{name} is {from}. Resolve it first, with `/incident resolve <summary>`.")
        }
        (Status::Monitoring, Status::Canceled) => format!(
            "{name} is monitoring: it did happen, so it cannot be canceled. End it with `/incident resolve <summary>`."
        ),
        _ => format!(
            "{name} is {from} and cannot go back to {to}. Say where it stands with `/incident status investigating|identified|monitoring <words>`."
        ),
    })
}

/// Sets the milestones that a change implies. If the clock went back, a milestone is not set earlier than those before
/// it.
fn set_milestones(incident: &mut Incident, to: Status, now: Timestamp) {
    let marks = &mut incident.milestones;
    match to {
        Status::Triage => marks.closed = None,
        Status::Declared => {
            marks.closed = None;
            if incident.status == Status::Triage {
                // The triage began when somebody noticed; the durations in the statistics count from the declaration.
                marks.detected = marks.detected.or(Some(marks.declared));
                marks.declared = marks.declared.max(now);
            }
        }
        Status::Investigating | Status::Identified | Status::Monitoring | Status::Resolved => {
            (marks.resolved, marks.closed) = (None, None);
            let mut at = now.max(marks.declared);
            at = at.max(*marks.acknowledged.get_or_insert(at));
            if to == Status::Identified {
                marks.identified.get_or_insert(at);
            }
            at = at.max(marks.identified.unwrap_or(at));
            if matches!(to, Status::Monitoring | Status::Resolved) {
                at = at.max(*marks.mitigated.get_or_insert(at));
            }
            if to == Status::Resolved {
                marks.resolved = Some(at);
            }
        }
        Status::Closed | Status::Canceled | Status::Merged => {
            marks.closed = Some(now.max(marks.resolved.unwrap_or(marks.declared)));
        }
    }
}

#[cfg(test)]
mod tests;
