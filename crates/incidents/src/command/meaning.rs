//! What a command means, once it is read.

use std::fmt;
use std::time::Duration;

use tidegate_slack::ids::{ChannelId, UserId};

use super::When;
use crate::model::milestone::Milestone;
use crate::model::role::RoleName;
use crate::model::severity::Severity;
use crate::model::status::Status;

/// A command. Texts are plain: mentions and links in them stand as they are read, and nothing is escaped.
#[derive(Clone, PartialEq, Eq)]
pub enum Command {
    /// Nothing was typed: the menu.
    Menu,
    /// The list of commands, or those that this word means.
    Help(Option<String>),
    /// A new incident.
    Declare(Declare),
    /// What was in triage is one.
    Accept,
    /// Where it stands: a transition with or without words, or words only. One of the two is there.
    Status {
        /// The status to go to.
        to: Option<Status>,
        /// What is to be said.
        text: Option<String>,
    },
    /// The form of an update.
    Update,
    /// How bad it is.
    Severity {
        /// The new one.
        to: Severity,
        /// Why.
        reason: Option<String>,
    },
    /// It is over.
    Resolve(Option<String>),
    /// It is not over: why.
    Reopen(String),
    /// It was none: why.
    Cancel(String),
    /// Put it away.
    Close,
    /// When something really happened.
    Milestone(Milestone, When),
    /// Who leads: shown, or set.
    Commander(Option<UserId>),
    /// Take the command, and why.
    Take(Option<String>),
    /// Offer the command.
    Handover {
        /// To whom.
        to: UserId,
        /// What they should know.
        notes: Option<String>,
    },
    /// Give a role.
    Role {
        /// Which.
        role: RoleName,
        /// To whom.
        user: UserId,
    },
    /// Take a role.
    Claim(RoleName),
    /// Leave a role.
    Drop(RoleName),
    /// Who holds what.
    Roles,
    /// Call somebody.
    Page(Paged),
    /// Call the next of the escalation list.
    Escalate,
    /// Bring people in.
    Invite(Vec<UserId>),
    /// Take part.
    Join,
    /// Take part no more.
    Leave,
    /// The timeline.
    Timeline(Timeline),
    /// Tasks.
    Task(Task),
    /// The post-mortem.
    Postmortem(Postmortem),
    /// Link to something.
    Link(Link),
    /// Make this one part of another.
    Merge(IncidentRef),
    /// What the public is to read.
    Public(String),
    /// Hear of it.
    Watch,
    /// Hear of it no more.
    Unwatch,
    /// When to be reminded of the next update; `None` is never.
    Remind(Option<Duration>),
    /// How long reminders are quiet; `None` ends it.
    Pause(Option<Duration>),
    /// Whether only participants may know of it.
    Private(bool),
    /// The end of the channel's name, as typed.
    Rename(String),
    /// What it is.
    Info(Option<IncidentRef>),
    /// Incidents.
    List(Listed),
    /// What happened so far.
    Catchup,
    /// How long incidents take.
    Stats {
        /// Over how many days.
        days: u16,
        /// Of one service.
        service: Option<String>,
    },
    /// Who has been told.
    Deliveries,
    /// Settings; the rest of the line is theirs to read.
    Config(String),
    /// Templates; the rest of the line is theirs to read.
    Template(String),
    /// Services and components; the rest of the line is theirs to read.
    Map(String),
}

/// What is known of an incident that is to be declared. What is missing is asked for in the form.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Declare {
    /// What it is, as typed: it may be too long for a title.
    pub title: Option<String>,
    /// How bad it is.
    pub severity: Option<Severity>,
    /// Which services, as typed: they may not exist.
    pub services: Vec<String>,
    /// Template, as typed: it may not exist.
    pub template: Option<String>,
    /// Only participants may know of it.
    pub private: bool,
    /// A rehearsal.
    pub drill: bool,
    /// Perhaps one: nobody is told yet.
    pub triage: bool,
}

/// An incident that somebody names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncidentRef {
    /// By its number: `INC-12`, `#12` or `12`.
    Number(u32),
    /// By its channel.
    Channel(ChannelId),
}

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paged {
    /// A person.
    Person(UserId),
    /// The owners of a service, as typed: it may not exist.
    Service(String),
}

/// What about the timeline.
#[derive(Clone, PartialEq, Eq)]
pub enum Timeline {
    /// Show it.
    Show,
    /// Add to it.
    Add {
        /// When it happened; now, if nobody says.
        at: Option<When>,
        /// In words.
        text: String,
    },
    /// Say of an entry what it should have said.
    Edit {
        /// The entry's number.
        entry: u64,
        /// In words.
        text: String,
    },
    /// Leave an entry out of reports.
    Hide(u64),
    /// Hand out the whole record.
    Export(ExportFormat),
    /// Check that it is as it was written.
    Verify,
}

/// How a record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExportFormat {
    /// For people.
    #[default]
    Markdown,
    /// For programs.
    Json,
}

/// What about tasks. Numbers are those of the incident's tasks, from 1.
#[derive(Clone, PartialEq, Eq)]
pub enum Task {
    /// A new one.
    Add {
        /// Who does it.
        assignee: Option<UserId>,
        /// What.
        text: String,
        /// How long it may take.
        due: Option<Duration>,
    },
    /// Those of the incident.
    List,
    /// Those of the asker, of all incidents.
    Mine,
    /// It is done.
    Done(u32),
    /// It is not done.
    Reopen(u32),
    /// The asker does it.
    Take(u32),
}

/// What about the post-mortem.
#[derive(Clone, PartialEq, Eq)]
pub enum Postmortem {
    /// Draft it.
    Draft,
    /// Publish it.
    Publish,
    /// None is needed: why.
    Waive(String),
}

/// What to link to.
#[derive(Clone, PartialEq, Eq)]
pub enum Link {
    /// Another incident.
    Incident(IncidentRef, Relation),
    /// A page: an `https` or `http` address.
    Url(String),
}

/// What another incident is to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Relation {
    /// It has to do with it.
    #[default]
    Related,
    /// It is the cause of it.
    Cause,
}

/// Which incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Listed {
    /// Those that are open.
    #[default]
    Open,
    /// Those that the asker takes part in.
    Mine,
    /// All.
    All,
}

/// What is typed is left out, but for the command itself.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Command")
    }
}
