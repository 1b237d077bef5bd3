//! The pinned message of an incident's channel. Edits keep it up to date.

use serde_json::Value;
use tidegate_slack::blocks::{
    actions, button, context, danger, fields, header, message, option, primary, section, select,
};
use tidegate_slack::mrkdwn::{escape, user};

use super::facts;
use super::text::{actor, quoted, when};
use super::value::{value_of, value_with};
use crate::model::incident::{Incident, Review};
use crate::model::role::RoleName;
use crate::model::severity::Severity;
use crate::model::status::Status;

/// The pinned message. `custom_roles` are the roles that the workspace defined; people can claim them like built-in
/// ones.
pub fn message_of(incident: &Incident, custom_roles: &[RoleName]) -> Value {
    let mut blocks = vec![header(&facts::heading(incident))];
    blocks.extend(fields(&facts_of(incident)));
    if let Some(summary) = incident.summary.as_deref().filter(|s| !s.trim().is_empty()) {
        blocks.push(section(&format!(
            "*Last update* ({})\n{}",
            when(incident.updated_at),
            quoted(summary, 1500)
        )));
    }
    blocks.extend(actions(buttons(incident, custom_roles)));
    blocks.extend(notes(incident));
    message(&fallback(incident), blocks)
}

fn fallback(incident: &Incident) -> String {
    format!(
        "{} {} · commander: {}",
        facts::title(incident),
        facts::standing(incident),
        facts::commander(incident)
    )
}

fn facts_of(incident: &Incident) -> Vec<String> {
    let milestones = &incident.milestones;
    let since = match milestones.resolved.filter(|_| !incident.status.is_open()) {
        Some(resolved) => format!("*Resolved*\n{}", when(resolved)),
        None => format!("*Declared*\n{}", when(milestones.declared)),
    };
    let mut facts_shown = vec![
        format!("*Status*\n{} {}", facts::mark(incident), incident.status),
        format!("*Severity*\n{}", incident.severity),
        format!("*Services*\n{}", facts::services(incident)),
        format!("*Commander*\n{}", facts::commander(incident)),
        since,
        format!("*Reported by*\n{}", actor(&incident.reporter)),
    ];
    if let Some(due) = facts::next_update(incident) {
        facts_shown.push(format!("*Next update due*\n{due}"));
    }
    let others = facts::other_roles(incident);
    if !others.is_empty() {
        facts_shown.push(format!("*Roles*\n{}", others.join("\n")));
    }
    facts_shown
}

fn notes(incident: &Incident) -> Option<Value> {
    let mut notes = Vec::new();
    if incident.private {
        notes.push("Private: only participants and admins know of it.".to_owned());
    }
    if incident.drill {
        notes.push("A drill: no status page, no statistics.".to_owned());
    }
    if let Some(until) = incident.paused_until.filter(|_| incident.status.is_open()) {
        notes.push(format!("Reminders are quiet until {}.", when(until)));
    }
    if let Some(handover) = &incident.handover {
        let to = user(&handover.to);
        notes.push(format!("{to} is asked to take command."));
    }
    if matches!(incident.status, Status::Canceled | Status::Merged) {
        notes.push(escape(
            "`/incident reopen <why>` takes that back within 7 days.",
        ));
    }
    (!notes.is_empty()).then(|| context(&notes.join(" ")))
}

/// The buttons that apply to the incident's status.
pub(super) fn buttons(incident: &Incident, custom_roles: &[RoleName]) -> Vec<Value> {
    let value = value_of(incident);
    let push = |label: &str, action: &str| button(label, action, &value);
    match incident.status {
        Status::Triage => [
            Some(primary(push("Accept", "incident.accept"))),
            Some(push("Join", "incident.join")),
            Some(push("Watch", "incident.watch")),
            severity_select(incident),
        ]
        .into_iter()
        .flatten()
        .collect(),
        Status::Declared | Status::Investigating | Status::Identified | Status::Monitoring => [
            Some(primary(push("Join", "incident.join"))),
            Some(push("Watch", "incident.watch")),
            claim_select(incident, custom_roles),
            Some(push("Update", "incident.update")),
            severity_select(incident),
            Some(push("Page", "incident.page")),
            Some(danger(push("Resolve", "incident.resolve"))),
        ]
        .into_iter()
        .flatten()
        .collect(),
        Status::Resolved => {
            let mut row = vec![
                push("Reopen", "incident.reopen"),
                push("Close", "incident.close"),
            ];
            if incident.review != Review::Waived {
                row.push(push("Post-mortem", "incident.postmortem"));
            }
            row
        }
        Status::Closed if matches!(incident.review, Review::Waived | Review::None) => Vec::new(),
        Status::Closed => vec![push("Post-mortem", "incident.postmortem")],
        Status::Canceled | Status::Merged => Vec::new(),
    }
}

/// A select of the roles that can be claimed: vacant single roles, and roles that several people can hold. `None` if
/// there are none.
pub(super) fn claim_select(incident: &Incident, custom_roles: &[RoleName]) -> Option<Value> {
    let free = RoleName::BUILT_IN
        .iter()
        .chain(custom_roles)
        .filter(|role| !role.is_single() || incident.holder(role).is_none())
        // Command is taken with `take`, which asks for a reason and is announced.
        .filter(|role| **role != RoleName::Commander || incident.commander().is_none());
    let options = free.map(|role| option(&facts::role(role), &value_with(incident, role)));
    select("incident.claim", "Claim a role", options.collect())
}

fn severity_select(incident: &Incident) -> Option<Value> {
    let others = Severity::ALL
        .into_iter()
        .filter(|severity| *severity != incident.severity);
    let options = others.map(|s| option(s.as_str(), &value_with(incident, &s)));
    select("incident.severity", "Severity", options.collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{check, hostile, incident};
    use super::*;

    fn action_ids(status: Status) -> Vec<String> {
        let mut incident = incident();
        incident.status = status;
        let row = buttons(&incident, &[]);
        row.iter()
            .map(|b| b["action_id"].as_str().unwrap().replace("incident.", ""))
            .collect()
    }

    #[test]
    fn buttons_that_no_longer_apply_vanish() {
        let open = [
            "join", "watch", "claim", "update", "severity", "page", "resolve",
        ];
        for (status, expected) in [
            (Status::Triage, &["accept", "join", "watch", "severity"][..]),
            (Status::Declared, &open),
            (Status::Monitoring, &open),
            (Status::Resolved, &["reopen", "close", "postmortem"]),
            (Status::Closed, &[]),
            (Status::Canceled, &[]),
            (Status::Merged, &[]),
        ] {
            assert_eq!(action_ids(status), expected, "{status}");
        }
    }

    #[test]
    fn it_says_who_leads_and_what_was_said_last() {
        let text = message_of(&incident(), &[]).to_string();
        for part in [
            "INC-4 · Checkout fails",
            "<@UCOMMANDER>",
            "> The database is full",
            "Next update due",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let mut over = incident();
        over.status = Status::Resolved;
        assert!(
            !message_of(&over, &[])
                .to_string()
                .contains("Next update due")
        );
    }

    #[test]
    fn a_role_that_is_taken_is_not_offered() {
        let row = buttons(&incident(), &[RoleName::Custom("legal".to_owned())]);
        let labels: Vec<_> = row[2]["options"]
            .as_array()
            .unwrap()
            .iter()
            .map(|o| o["text"]["text"].as_str().unwrap())
            .collect();
        assert_eq!(labels, ["Deputy", "Comms", "Scribe", "SME", "legal"]);
    }

    proptest! {
        #[test]
        fn any_words_make_a_message_that_slack_takes(title in hostile(), summary in hostile(), status in 0usize..9) {
            let mut incident = incident();
            incident.title = title;
            incident.services = vec![summary.clone(); 5];
            incident.summary = Some(summary);
            incident.status = Status::ALL[status];
            incident.private = true;
            check(&message_of(&incident, &[]));
        }
    }
}
