//! The table of rights: who may do what under each policy.

use tidegate_slack::prose;

use super::denied_text;
use super::{Action, PermissionDenied, Policy, Rules, Standing, can_see};
use crate::model::actor::Actor;
use crate::model::incident::Incident;
use crate::model::role::RoleName;

/// The people whom a row of the table allows. Role holders are also participants, and admins may do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum May {
    /// Every member of the workspace.
    Anyone,
    /// Every participant of the incident.
    Participants,
    /// The scribe, the deputy and the commander.
    Scribe,
    /// The scribe, comms, the deputy and the commander.
    ScribeAndComms,
    /// Comms, the deputy and the commander.
    Comms,
    /// The deputy and the commander.
    Leads,
    /// The commander and nobody else, except admins.
    Commander,
    /// Admins and nobody else.
    Admins,
}

/// The table under the standard policy. It has no `_` arm, so that a new action needs a row before it compiles.
fn row(action: Action) -> May {
    match action {
        Action::Declare
        | Action::List
        | Action::View
        | Action::Watch
        | Action::Join
        | Action::Leave
        | Action::AnswerHandover => May::Anyone,
        Action::AddToTimeline
        | Action::Task
        | Action::ClaimRole
        | Action::Catchup
        | Action::Accept
        | Action::Page
        | Action::Invite
        | Action::DraftReview
        | Action::EditOwnEntry
        | Action::TakeCommand { .. } => May::Participants,
        Action::EditEntry => May::Scribe,
        Action::Update => May::ScribeAndComms,
        Action::DraftPublic | Action::PublishPublic => May::Comms,
        Action::ChangeStatus
        | Action::ChangeSeverity
        | Action::Resolve
        | Action::Reopen
        | Action::Cancel
        | Action::Pause
        | Action::EditMilestone
        | Action::Rename
        | Action::AssignRole
        | Action::Handover
        | Action::Merge
        | Action::Link
        | Action::MakePrivate
        | Action::Close
        | Action::PublishReview
        | Action::WaiveReview => May::Leads,
        Action::Uncancel => May::Commander,
        Action::MakePublic
        | Action::CloseEarly
        | Action::ReopenClosed
        | Action::Unmerge
        | Action::Export
        | Action::Configure => May::Admins,
    }
}

/// Whether the strict policy reserves an action for the commander.
fn is_commanders(action: Action) -> bool {
    matches!(
        action,
        Action::Update
            | Action::ChangeStatus
            | Action::ChangeSeverity
            | Action::Resolve
            | Action::Reopen
            | Action::Cancel
            | Action::Pause
            | Action::PublishReview
            | Action::WaiveReview
    )
}

/// The row of an action under a policy.
fn under(policy: Policy, action: Action) -> May {
    let may = row(action);
    match policy {
        Policy::Strict if is_commanders(action) => May::Commander,
        Policy::Standard | Policy::Strict => may,
        Policy::Open => match may {
            May::Scribe | May::ScribeAndComms | May::Comms | May::Leads => May::Participants,
            May::Anyone | May::Participants | May::Commander | May::Admins => may,
        },
    }
}

fn fits(who: &Standing, may: May) -> bool {
    let (comms, scribe) = (who.holds(&RoleName::Comms), who.holds(&RoleName::Scribe));
    match may {
        May::Anyone => true,
        May::Participants => who.participant,
        May::Scribe => scribe || who.leads(),
        May::ScribeAndComms => scribe || comms || who.leads(),
        May::Comms => comms || who.leads(),
        May::Leads => who.leads(),
        May::Commander => who.holds(&RoleName::Commander),
        May::Admins => false,
    }
}

/// Whether an API key may do something with the scope for changes but without the scope of admins.
fn is_for_apps(action: Action) -> bool {
    matches!(
        action,
        Action::Declare
            | Action::List
            | Action::View
            | Action::Catchup
            | Action::AddToTimeline
            | Action::Task
            | Action::Update
            | Action::ChangeStatus
            | Action::ChangeSeverity
            | Action::Resolve
    )
}

/// Checks the right to `action`, as [`super::allow`] documents.
pub(super) fn allow(
    who: &Standing,
    action: Action,
    incident: Option<&Incident>,
    rules: &Rules<'_>,
) -> Result<(), PermissionDenied> {
    let general = matches!(action, Action::Declare | Action::List | Action::Configure);
    match incident {
        // This comes first, because any other denial would reveal that the incident exists.
        Some(incident) if incident.private && !can_see(who, incident) => {
            return Err(PermissionDenied::NotFound);
        }
        None if !general => return Err(PermissionDenied::NotFound),
        _ => {}
    }
    if !who.member && !who.admin {
        let words = "Incidents are for full members of this workspace. An admin can put you on the list with `/incident config`.";
        return Err(PermissionDenied::Forbidden(words.into()));
    }
    if let (Action::AnswerHandover, Some(incident)) = (action, incident) {
        return answer_handover(who, incident);
    }
    if who.admin && !matches!(action, Action::TakeCommand { .. }) {
        return Ok(());
    }
    if let Actor::App(_) = who.actor {
        return if is_for_apps(action) {
            Ok(())
        } else {
            let words = "An API key without the scope `incidents:admin` cannot do that.";
            Err(PermissionDenied::Forbidden(words.into()))
        };
    }
    if let (Action::TakeCommand { commander_silent }, Some(incident)) = (action, incident) {
        return take_command(who, incident, commander_silent, rules.policy);
    }
    let may = under(rules.policy, action);
    if !fits(who, may) {
        return Err(denied_text::forbidden(action, may, incident));
    }
    match incident {
        Some(incident) if action == Action::PublishPublic => approved(who, incident, rules),
        _ => Ok(()),
    }
}

fn answer_handover(who: &Standing, incident: &Incident) -> Result<(), PermissionDenied> {
    match (&incident.handover, who.actor.person()) {
        (Some(handover), Some(user)) if handover.to == *user => Ok(()),
        (Some(handover), _) => Err(PermissionDenied::Forbidden(prose!(
            "This handover asks ",
            handover.to,
            ", nobody else."
        ))),
        (None, _) => Err(PermissionDenied::Forbidden(
            "This handover is over: there is nothing to answer.".into(),
        )),
    }
}

/// Allows taking command if there is no commander, if the commander is silent, or if the actor is deputy or admin.
fn take_command(
    who: &Standing,
    incident: &Incident,
    silent: bool,
    policy: Policy,
) -> Result<(), PermissionDenied> {
    let Some(user) = who.actor.person() else {
        let words = "Only a person can take the command.";
        return Err(PermissionDenied::Forbidden(words.into()));
    };
    if who.holds(&RoleName::Commander) {
        let words = prose!("You are the commander of ", incident.name(), " already.");
        return Err(PermissionDenied::Forbidden(words));
    }
    let rank =
        who.admin || who.holds(&RoleName::Deputy) || (policy == Policy::Open && who.participant);
    match incident.commander().filter(|commander| *commander != user) {
        _ if rank => Ok(()),
        None if who.participant => Ok(()),
        Some(_) if silent && who.participant => Ok(()),
        None => Err(PermissionDenied::Forbidden(prose!(
            "Join ",
            incident.name(),
            " first, with `/incident join`."
        ))),
        Some(commander) => Err(PermissionDenied::Forbidden(prose!(
            incident.name(),
            " has a commander, ",
            commander,
            ", who has answered so far. Ask for `/incident handover`, or ask the deputy or an admin."
        ))),
    }
}

/// A text for the public by somebody who does not lead needs a yes at these severities, under every policy.
fn approved(
    who: &Standing,
    incident: &Incident,
    rules: &Rules<'_>,
) -> Result<(), PermissionDenied> {
    if who.leads() || !rules.approval.contains(&incident.severity) {
        return Ok(());
    }
    let by = match incident.commander() {
        Some(commander) => prose!("the commander, ", commander, ","),
        None => "the commander, the deputy or an admin".into(),
    };
    Err(PermissionDenied::NeedsApproval(prose!(
        incident.name(),
        " is a ",
        incident.severity,
        ": ",
        by,
        " has to approve what the public reads."
    )))
}
