//! The table of rights: who may do what under which policy.

use super::refusals;
use super::{Action, Policy, Refusal, Rules, Standing, can_see};
use crate::model::actor::Actor;
use crate::model::incident::Incident;
use crate::model::role::RoleName;
use tidegate_slack::prose;

/// Who is allowed by a row of the table. Everyone who has a role takes part as well, and admins may do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum May {
    /// Whoever is a member.
    Anyone,
    /// Whoever takes part.
    Participants,
    /// The scribe, and who leads.
    Scribe,
    /// The scribe, comms, and who leads.
    ScribeAndComms,
    /// Comms, and who leads.
    Comms,
    /// The deputy and the commander.
    Leads,
    /// The commander.
    Commander,
    /// Admins only.
    Admins,
}

/// The table under the standard policy. No `_`: a new action has no rights before it has a row.
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

/// What the strict policy keeps for the commander.
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

/// What an API key may do whose scope allows changes, and that is no admin's.
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

/// See [`super::allow`].
pub(super) fn allow(
    who: &Standing,
    action: Action,
    incident: Option<&Incident>,
    rules: &Rules<'_>,
) -> Result<(), Refusal> {
    let general = matches!(action, Action::Declare | Action::List | Action::Configure);
    match incident {
        // Before anything else, or the refusal itself would tell of it.
        Some(incident) if incident.private && !can_see(who, incident) => {
            return Err(Refusal::NotFound);
        }
        None if !general => return Err(Refusal::NotFound),
        _ => {}
    }
    if !who.member && !who.admin {
        let words = "Incidents are for full members of this workspace. An admin can put you on the list with `/incident config`.";
        return Err(Refusal::Forbidden(words.into()));
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
            Err(Refusal::Forbidden(words.into()))
        };
    }
    if let (Action::TakeCommand { commander_silent }, Some(incident)) = (action, incident) {
        return take_command(who, incident, commander_silent, rules.policy);
    }
    let may = under(rules.policy, action);
    if !fits(who, may) {
        return Err(refusals::forbidden(action, may, incident));
    }
    match incident {
        Some(incident) if action == Action::PublishPublic => approved(who, incident, rules),
        _ => Ok(()),
    }
}

fn answer_handover(who: &Standing, incident: &Incident) -> Result<(), Refusal> {
    match (&incident.handover, who.actor.person()) {
        (Some(handover), Some(user)) if handover.to == *user => Ok(()),
        (Some(handover), _) => Err(Refusal::Forbidden(prose!(
            "This handover asks ",
            handover.to,
            ", nobody else."
        ))),
        (None, _) => Err(Refusal::Forbidden(
            "This handover is over: there is nothing to answer.".into(),
        )),
    }
}

/// Taking the command needs a reason to: nobody has it, whoever has it is silent, or the rank of the deputy or an admin.
fn take_command(
    who: &Standing,
    incident: &Incident,
    silent: bool,
    policy: Policy,
) -> Result<(), Refusal> {
    let Some(user) = who.actor.person() else {
        let words = "Only a person can take the command.";
        return Err(Refusal::Forbidden(words.into()));
    };
    if who.holds(&RoleName::Commander) {
        let words = prose!("You are the commander of ", incident.name(), " already.");
        return Err(Refusal::Forbidden(words));
    }
    let rank =
        who.admin || who.holds(&RoleName::Deputy) || (policy == Policy::Open && who.participant);
    match incident.commander().filter(|commander| *commander != user) {
        _ if rank => Ok(()),
        None if who.participant => Ok(()),
        Some(_) if silent && who.participant => Ok(()),
        None => Err(Refusal::Forbidden(prose!(
            "Join ",
            incident.name(),
            " first, with `/incident join`."
        ))),
        Some(commander) => Err(Refusal::Forbidden(prose!(
            incident.name(),
            " has a commander, ",
            commander,
            ", who has answered so far. Ask for `/incident handover`, or ask the deputy or an admin."
        ))),
    }
}

/// A text for the public by somebody who does not lead needs a yes at these severities, under every policy.
fn approved(who: &Standing, incident: &Incident, rules: &Rules<'_>) -> Result<(), Refusal> {
    if who.leads() || !rules.approval.contains(&incident.severity) {
        return Ok(());
    }
    let by = match incident.commander() {
        Some(commander) => prose!("the commander, ", commander, ","),
        None => "the commander, the deputy or an admin".into(),
    };
    Err(Refusal::NeedsApproval(prose!(
        incident.name(),
        " is a ",
        incident.severity,
        ": ",
        by,
        " has to approve what the public reads."
    )))
}
