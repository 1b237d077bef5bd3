//! Facts about an incident that several outputs show in the same words.

use super::text::{LINE, line, maybe_user, when};
use crate::model::incident::{Incident, Milestones};
use crate::model::role::RoleName;
use crate::model::severity::Severity;
use crate::model::status::Status;
use crate::model::timeline::EntryKind;
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::mrkdwn::user;

/// `INC-4 · Checkout fails`, unescaped, for headings and notifications.
pub(super) fn heading(incident: &Incident) -> String {
    let drill = if incident.drill { "DRILL · " } else { "" };
    format!("{drill}{} · {}", incident.name(), incident.title)
}

/// The heading in bold mrkdwn, escaped.
pub(super) fn title(incident: &Incident) -> String {
    format!("*{}*", line(&heading(incident), LINE))
}

/// Severity and status, such as `P1 · identified`, and `private` if the incident is.
pub(super) fn standing(incident: &Incident) -> String {
    let mut parts = vec![incident.severity.to_string(), incident.status.to_string()];
    if incident.private {
        parts.push("private".to_owned());
    }
    parts.join(" · ")
}

/// An emoji that shows severity and status in lists.
pub(super) fn mark(incident: &Incident) -> &'static str {
    if !incident.status.is_open() {
        return ":white_check_mark:";
    }
    match incident.severity {
        Severity::P1 => ":red_circle:",
        Severity::P2 => ":large_orange_circle:",
        Severity::P3 => ":large_yellow_circle:",
        Severity::P4 => ":white_circle:",
    }
}

/// The affected services, or a dash if there are none.
pub(super) fn services(incident: &Incident) -> String {
    if incident.services.is_empty() {
        return "–".to_owned();
    }
    line(&incident.services.join(", "), LINE)
}

/// The commander as a mention, or a note that there is none.
pub(super) fn commander(incident: &Incident) -> String {
    match incident.commander() {
        Some(who) => user(who),
        None if incident.status.is_open() => "nobody yet".to_owned(),
        None => maybe_user(None),
    }
}

/// One line for each role holder except the commander.
pub(super) fn other_roles(incident: &Incident) -> Vec<String> {
    let others = incident
        .roles
        .iter()
        .filter(|held| held.role != RoleName::Commander);
    let lines = others.map(|held| format!("{}: {}", role(&held.role), user(&held.user)));
    lines.collect()
}

/// The display name of a role.
pub(super) fn role(role: &RoleName) -> String {
    match role {
        RoleName::Sme => "SME".to_owned(),
        RoleName::Custom(name) => line(name, 20),
        built_in => {
            let (first, rest) = built_in.as_str().split_at(1);
            format!("{}{rest}", first.to_uppercase())
        }
    }
}

/// When the next update is due; `None` if none is promised or the incident is not open.
pub(super) fn next_update(incident: &Incident) -> Option<String> {
    incident
        .next_update_at
        .filter(|_| incident.status.is_open())
        .map(when)
}

/// A status as part of a sentence, such as `INC-4 has a known cause`.
pub(super) fn now(status: Status) -> &'static str {
    match status {
        Status::Triage => "is being looked at",
        Status::Declared => "is declared",
        Status::Investigating => "is being investigated",
        Status::Identified => "has a known cause",
        Status::Monitoring => "is being monitored",
        Status::Resolved => "is resolved",
        Status::Closed => "is closed",
        Status::Canceled => "is cancelled",
        Status::Merged => "is merged into another",
    }
}

/// A label of one or two words for a kind of entry.
pub(super) fn kind(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Declared => "declared",
        EntryKind::StatusChanged => "status",
        EntryKind::StatusUpdate => "update",
        EntryKind::SeverityChange => "severity",
        EntryKind::Resolved => "resolved",
        EntryKind::Reopened => "reopened",
        EntryKind::Closed => "closed",
        EntryKind::Canceled => "cancelled",
        EntryKind::Merged => "merged",
        EntryKind::Linked => "linked",
        EntryKind::RoleChange => "role",
        EntryKind::Note => "note",
        EntryKind::Message => "message",
        EntryKind::PublicUpdate => "public",
        EntryKind::Task => "task",
        EntryKind::Page => "page",
        EntryKind::Review => "post-mortem",
        EntryKind::Changed => "changed",
        EntryKind::Notice => "notice",
    }
}

/// The milestones that were reached, in their usual order, with their labels.
pub(super) fn milestones(reached: &Milestones) -> Vec<(&'static str, Timestamp)> {
    let all = [
        ("Impact began", reached.impact_started),
        ("Detected", reached.detected),
        ("Declared", Some(reached.declared)),
        ("Acknowledged", reached.acknowledged),
        ("Identified", reached.identified),
        ("Mitigated", reached.mitigated),
        ("Resolved", reached.resolved),
        ("Closed", reached.closed),
    ];
    let reached = all.into_iter().filter_map(|(name, at)| Some((name, at?)));
    reached.collect()
}
