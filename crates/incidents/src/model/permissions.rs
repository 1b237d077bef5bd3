//! Who may do what with an incident: one pure function, [`allow`], over a table.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tidegate_pipeline::people::PersonKind;
use tidegate_slack::ids::UserId;
use tidegate_slack::prose::Prose;

use super::actor::Actor;
use super::incident::Incident;
use super::role::RoleName;
use super::severity::Severity;
use super::status::Status;

mod matrix;
mod refusals;

/// How much a workspace leaves to whoever takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Roles decide: the commander and the deputy lead, comms speaks, the scribe writes.
    #[default]
    Standard,
    /// Updates, status, severity, end and post-mortem are the commander's alone.
    Strict,
    /// Whoever takes part may do what a deputy may.
    Open,
}

impl Policy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Strict, Self::Open];

    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Strict => "strict",
            Self::Open => "open",
        }
    }
}

/// What somebody wants to do. Each has its row in the table of `matrix`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Declare an incident.
    Declare,
    /// List incidents. Each one listed is asked about with [`can_see`].
    List,
    /// Read one: info, timeline, roles, tasks, deliveries.
    View,
    /// Hear of it, or no more.
    Watch,
    /// Take part in it.
    Join,
    /// Leave it, or a role in it.
    Leave,
    /// Answer a handover that asks for oneself.
    AnswerHandover,
    /// Add to the timeline.
    AddToTimeline,
    /// Add, take, end or reopen a task.
    Task,
    /// Take a role that leads nobody and that nobody else holds.
    ClaimRole,
    /// Be told what happened so far.
    Catchup,
    /// Make a declared incident of what is in triage.
    Accept,
    /// Call somebody, or the next of the escalation list.
    Page,
    /// Bring others in.
    Invite,
    /// Draft the post-mortem.
    DraftReview,
    /// Change or hide one's own entry of the timeline.
    EditOwnEntry,
    /// Change or hide anybody's entry of the timeline.
    EditEntry,
    /// Say where it stands, within the workspace; set or silence the reminder of it.
    Update,
    /// Move it between investigating, identified and monitoring.
    ChangeStatus,
    /// Change how bad it is.
    ChangeSeverity,
    /// End it.
    Resolve,
    /// Take a resolved one up again.
    Reopen,
    /// Say that it was none.
    Cancel,
    /// Take a cancelled one up again.
    Uncancel,
    /// Keep its reminders quiet for a while.
    Pause,
    /// Correct when something happened.
    EditMilestone,
    /// Rename its channel.
    Rename,
    /// Write what the public is to read.
    DraftPublic,
    /// Let the public read it.
    PublishPublic,
    /// Give a role to somebody, or take one from somebody.
    AssignRole,
    /// Offer the command to somebody.
    Handover,
    /// Take the command. `commander_silent`: the commander missed the acknowledgement or two updates.
    TakeCommand {
        /// The commander missed what would show that there is one.
        commander_silent: bool,
    },
    /// Make it part of another. Both are asked about.
    Merge,
    /// Link it to another, or to a page.
    Link,
    /// Hide it from all who do not take part.
    MakePrivate,
    /// Show it to everyone again.
    MakePublic,
    /// Put a resolved one away once the time for it is over.
    Close,
    /// Put a resolved one away before that.
    CloseEarly,
    /// Take a closed one up again.
    ReopenClosed,
    /// Part a merged one from the other.
    Unmerge,
    /// Take the whole record out.
    Export,
    /// Change the workspace's settings, templates and mappings.
    Configure,
    /// Publish the post-mortem.
    PublishReview,
    /// Decide that none is needed.
    WaiveReview,
}

impl Action {
    /// What taking a role of an incident is: roles that lead, and roles that somebody else holds, are not just claimed.
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

    /// What `/incident reopen` is, from that status.
    pub fn reopen(from: Status) -> Self {
        match from {
            Status::Closed => Self::ReopenClosed,
            Status::Canceled => Self::Uncancel,
            Status::Merged => Self::Unmerge,
            _ => Self::Reopen,
        }
    }
}

/// What a workspace has settled about who may do what.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// How much is left to whoever takes part.
    pub policy: Policy,
    /// Who may do everything.
    pub admins: &'a BTreeSet<UserId>,
    /// Guests, outsiders and bots that count as members.
    pub guests: &'a BTreeSet<UserId>,
    /// Severities at which public texts of comms need the commander's yes.
    pub approval: &'a BTreeSet<Severity>,
}

/// What somebody is to an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    actor: Actor,
    /// May do what members may: a full member, or somebody on the list.
    member: bool,
    admin: bool,
    participant: bool,
    roles: BTreeSet<RoleName>,
}

impl Standing {
    /// The same with the rights of an admin: for an API key with that scope.
    #[must_use]
    pub fn with_admin_scope(mut self) -> Self {
        self.admin = true;
        self
    }

    /// Who it is.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Whether they hold a role.
    pub fn holds(&self, role: &RoleName) -> bool {
        self.roles.contains(role)
    }

    /// Whether they are commander or deputy.
    pub fn leads(&self) -> bool {
        self.holds(&RoleName::Commander) || self.holds(&RoleName::Deputy)
    }

    /// Whether they take part.
    pub fn takes_part(&self) -> bool {
        self.participant
    }

    /// Whether they may do everything.
    pub fn is_admin(&self) -> bool {
        self.admin
    }
}

/// What `actor` is to `incident`. `kind` counts for persons only. The operator and Tidegate's own timers stand as
/// admins; an API key does so with [`Standing::with_admin_scope`] only.
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

/// Why somebody may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such incident, or none that they may know of.
    NotFound,
    /// They may not; the text says who may.
    Forbidden(Prose),
    /// They may write the public text, but somebody has to approve it; the text says who.
    NeedsApproval(Prose),
}

impl Refusal {
    /// The reason, for the person who asked.
    pub fn text(self) -> Prose {
        match self {
            Self::NotFound => "There is no such incident, or it is not yours to see.".into(),
            Self::Forbidden(text) | Self::NeedsApproval(text) => text,
        }
    }
}

/// Whether somebody may know of an incident. Every read path asks this: lists, searches, statistics, App Home, the API.
pub fn can_see(who: &Standing, incident: &Incident) -> bool {
    who.admin || (who.member && (!incident.private || who.participant))
}

/// Whether somebody may do something, to `incident` where it is about one.
pub fn allow(
    who: &Standing,
    action: Action,
    incident: Option<&Incident>,
    rules: &Rules<'_>,
) -> Result<(), Refusal> {
    matrix::allow(who, action, incident, rules)
}

#[cfg(test)]
mod tests;
