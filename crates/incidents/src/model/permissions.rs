//! Decides who may do what with an incident: one pure function, [`allow`], over a table.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tidegate_pipeline::people::PersonKind;
use tidegate_slack::ids::UserId;
use tidegate_slack::prose::Prose;
use utoipa::ToSchema;

use super::actor::Actor;
use super::incident::Incident;
use super::role::RoleName;
use super::severity::Severity;
use super::status::Status;

mod denied_text;
mod matrix;

/// How much participants of an incident may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Rights follow from roles: commander and deputy lead, comms publishes, the scribe keeps the timeline.
    #[default]
    Standard,
    /// Only the commander may change status and severity, post updates, resolve, and handle the post-mortem.
    Strict,
    /// Every participant may do what a deputy may.
    Open,
}

impl Policy {
    /// All policies, the default first.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Strict, Self::Open];

    /// The name in settings, such as `standard`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Strict => "strict",
            Self::Open => "open",
        }
    }
}

/// An action that needs permission. Each has a row in the table of `matrix`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Declare an incident, by command, form or API.
    Declare,
    /// List incidents. Each result is then filtered with [`can_see`].
    List,
    /// Read an incident: info, timeline, roles, tasks, notifications.
    View,
    /// Start or stop watching it.
    Watch,
    /// Join it as a participant.
    Join,
    /// Leave it, or give up a role in it.
    Leave,
    /// Accept or decline an offer of command made to oneself.
    AnswerHandover,
    /// Add an entry to the timeline.
    AddToTimeline,
    /// Create, take, finish or reopen a task.
    Task,
    /// Take a vacant role other than commander and deputy.
    ClaimRole,
    /// Read a summary of the incident so far.
    Catchup,
    /// Declare an incident that is in triage.
    Accept,
    /// Page a person, or the next one on the escalation list.
    Page,
    /// Invite others to the channel.
    Invite,
    /// Draft the post-mortem from the record.
    DraftReview,
    /// Change or hide one's own entry of the timeline.
    EditOwnEntry,
    /// Change or hide anybody's entry of the timeline.
    EditEntry,
    /// Post an update within the workspace; set or turn off the reminder for the next one.
    Update,
    /// Move it between investigating, identified and monitoring.
    ChangeStatus,
    /// Change the severity, up or down.
    ChangeSeverity,
    /// Resolve the incident, which is open.
    Resolve,
    /// Reopen a resolved incident.
    Reopen,
    /// Cancel the incident as a false alarm.
    Cancel,
    /// Reopen a canceled incident.
    Uncancel,
    /// Pause its reminders, or end the pause.
    Pause,
    /// Correct the time of a milestone.
    EditMilestone,
    /// Rename its channel in Slack.
    Rename,
    /// Draft a text for the status page.
    DraftPublic,
    /// Publish a text on the status page.
    PublishPublic,
    /// Assign a role to a person, or remove it.
    AssignRole,
    /// Offer the command to another person.
    Handover,
    /// Take command without an offer.
    TakeCommand {
        /// Whether the commander missed the acknowledgment or two updates.
        commander_silent: bool,
    },
    /// Merge it into another incident; both need the permission.
    Merge,
    /// Link it to another incident or to a web page.
    Link,
    /// Hide it from everyone who does not participate.
    MakePrivate,
    /// Make it visible to all members again.
    MakePublic,
    /// Close a resolved incident after the configured time.
    Close,
    /// Close a resolved incident before that time.
    CloseEarly,
    /// Reopen a closed incident.
    ReopenClosed,
    /// Separate a merged incident again.
    Unmerge,
    /// Export the complete record.
    Export,
    /// Change the workspace's settings, templates and mappings.
    Configure,
    /// Publish the draft of the post-mortem.
    PublishReview,
    /// Decide that no post-mortem is needed.
    WaiveReview,
}

impl Action {
    /// The action of claiming a role. A role that leads, or one that another person holds, needs the right to assign
    /// roles. `silent` is whether the commander has not responded.
    pub fn claim(role: &RoleName, user: &UserId, incident: &Incident, silent: bool) -> Self {
        let taken = role.is_single() && incident.holder(role).is_some_and(|held| held != user);
        match role {
            RoleName::Commander => Self::TakeCommand {
                commander_silent: silent,
            },
            RoleName::Deputy => Self::AssignRole,
            _ if taken => Self::AssignRole,
            _ => Self::ClaimRole,
        }
    }

    /// The action of `/incident reopen` for an incident of that status.
    pub fn reopen(from: Status) -> Self {
        match from {
            Status::Closed => Self::ReopenClosed,
            Status::Canceled => Self::Uncancel,
            Status::Merged => Self::Unmerge,
            _ => Self::Reopen,
        }
    }
}

/// The settings of a workspace that affect permissions.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The policy that the workspace chose: which members may do what.
    pub policy: Policy,
    /// People who may do everything with incidents.
    pub admins: &'a BTreeSet<UserId>,
    /// Guests, people of other workspaces, and bots that have the rights of members.
    pub guests: &'a BTreeSet<UserId>,
    /// Severities at which the commander must approve public texts by comms.
    pub approval: &'a BTreeSet<Severity>,
}

/// The rights-related facts about an actor and an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    actor: Actor,
    /// Whether the actor has the rights of a member: a full member, or a person on the list of guests.
    member: bool,
    admin: bool,
    participant: bool,
    roles: BTreeSet<RoleName>,
}

impl Standing {
    /// Adds the rights of an admin, for an API key with the scope `incidents:admin`.
    #[must_use]
    pub fn with_admin_scope(mut self) -> Self {
        self.admin = true;
        self
    }

    /// The actor that the facts are about.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Whether the actor holds a role in the incident.
    pub fn holds(&self, role: &RoleName) -> bool {
        self.roles.contains(role)
    }

    /// Whether the actor is commander or deputy.
    pub fn leads(&self) -> bool {
        self.holds(&RoleName::Commander) || self.holds(&RoleName::Deputy)
    }

    /// Whether the actor participates in the incident.
    pub fn takes_part(&self) -> bool {
        self.participant
    }

    /// Whether the actor has the rights of an admin.
    pub fn is_admin(&self) -> bool {
        self.admin
    }
}

/// The standing of `actor` in `incident`. `kind` matters for people only. The operator and Tidegate's timers have the
/// rights of admins; an API key gets them only through [`Standing::with_admin_scope`].
pub fn standing(
    actor: &Actor,
    incident: Option<&Incident>,
    kind: PersonKind,
    rules: &Rules<'_>,
) -> Standing {
    let person = actor.person();
    let part = person.zip(incident);
    Standing {
        actor: actor.clone(),
        member: person.is_none_or(|user| kind == PersonKind::Member || rules.guests.contains(user)),
        admin: match actor {
            Actor::Person(user) => rules.admins.contains(user),
            Actor::App(_) => false,
            Actor::Operator | Actor::Tidegate => true,
        },
        participant: part.is_some_and(|(user, incident)| incident.takes_part(user)),
        roles: part.map_or_else(BTreeSet::new, |(user, incident)| {
            let held = incident.roles.iter().filter(|held| held.user == *user);
            held.map(|held| held.role.clone()).collect()
        }),
    }
}

/// The reason why an action is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PermissionDenied {
    /// There is no such incident, or none that they may know of.
    NotFound,
    /// They may not; the text says who may.
    Forbidden(Prose),
    /// They may write the public text, but somebody has to approve it; the text says who.
    NeedsApproval(Prose),
}

impl PermissionDenied {
    /// The reason, for the person who asked.
    pub fn text(self) -> Prose {
        match self {
            Self::NotFound => "There is no such incident, or it is not yours to see.".into(),
            Self::Forbidden(text) | Self::NeedsApproval(text) => text,
        }
    }
}

/// Whether an actor may see an incident. Every read path checks this: lists, searches, statistics, App Home, the API.
pub fn can_see(who: &Standing, incident: &Incident) -> bool {
    who.admin || (who.member && (!incident.private || who.participant))
}

/// Whether an actor may do something, to `incident` if the action concerns one.
pub fn allow(
    who: &Standing,
    action: Action,
    incident: Option<&Incident>,
    rules: &Rules<'_>,
) -> Result<(), PermissionDenied> {
    matrix::allow(who, action, incident, rules)
}

#[cfg(test)]
mod tests;
