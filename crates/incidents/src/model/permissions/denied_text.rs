//! The text of a denial: which action is not allowed, and who may do it.

use tidegate_slack::prose;
use tidegate_slack::prose::Prose;

use super::matrix::May;
use super::{Action, PermissionDenied};
use crate::model::incident::Incident;

/// The refusal of an action that only `may` is allowed.
pub(super) fn forbidden(action: Action, may: May, incident: Option<&Incident>) -> PermissionDenied {
    let who = match may {
        May::Anyone => "Everyone",
        May::Participants => "Only who takes part (`/incident join`)",
        May::Scribe => "Only the scribe, the commander, the deputy or an admin",
        May::ScribeAndComms => "Only the scribe, comms, the commander, the deputy or an admin",
        May::Comms => "Only comms, the commander, the deputy or an admin",
        May::Leads => "Only the commander, the deputy or an admin",
        May::Commander => "Only the commander or an admin",
        May::Admins => "Only an admin",
    };
    let led = !matches!(may, May::Anyone | May::Participants | May::Admins);
    let commander = match incident {
        Some(incident) if led => match incident.commander() {
            Some(user) => prose!(" The commander is ", user, "."),
            None => " There is no commander; `/incident take` makes you one.".into(),
        },
        _ => Prose::default(),
    };
    PermissionDenied::Forbidden(prose!(who, " can ", what(action), ".", commander))
}

/// The name of an action in the text, after "can".
fn what(action: Action) -> &'static str {
    match action {
        Action::Declare => "declare an incident",
        Action::List => "list incidents",
        Action::View => "see this incident",
        Action::Watch => "watch this incident",
        Action::Join => "join this incident",
        Action::Leave => "leave this incident",
        Action::AnswerHandover => "answer a handover",
        Action::AddToTimeline => "add to the timeline",
        Action::Task => "work on tasks",
        Action::ClaimRole => "claim a role",
        Action::Catchup => "catch up on this incident",
        Action::Accept => "declare what is in triage",
        Action::Page => "page somebody",
        Action::Invite => "invite others",
        Action::DraftReview => "draft the post-mortem",
        Action::EditOwnEntry | Action::EditEntry => "change the timeline",
        Action::Update => "post an update",
        Action::ChangeStatus => "change the status",
        Action::ChangeSeverity => "change the severity",
        Action::Resolve => "resolve this incident",
        Action::Reopen | Action::Uncancel | Action::ReopenClosed => "reopen this incident",
        Action::Cancel => "cancel this incident",
        Action::Pause => "pause the reminders",
        Action::EditMilestone => "correct a milestone",
        Action::Rename => "rename the channel",
        Action::DraftPublic => "draft a public update",
        Action::PublishPublic => "publish a public update",
        Action::AssignRole => "assign that role",
        Action::Handover => "hand over the command",
        Action::TakeCommand { .. } => "take the command",
        Action::Merge => "merge incidents",
        Action::Link => "link this incident",
        Action::MakePrivate => "make this incident private",
        Action::MakePublic => "make this incident visible to all",
        Action::Close => "close this incident",
        Action::CloseEarly => "close this incident before its time",
        Action::Unmerge => "part merged incidents",
        Action::Export => "export the timeline",
        Action::Configure => "see and change the settings",
        Action::PublishReview => "publish the post-mortem",
        Action::WaiveReview => "waive the post-mortem",
    }
}
