//! Commands as the parser reads them from the text behind `/incident`.

use std::fmt;
use std::time::Duration;

use tidegate_slack::ids::{ChannelId, UserId};

use super::When;
use crate::model::milestone::Milestone;
use crate::model::role::RoleName;
use crate::model::severity::Severity;
use crate::model::status::Status;

/// A command, as the parser read it. Texts are plain: mentions and links stand as they were typed, and nothing is escaped.
#[derive(Clone, PartialEq, Eq)]
pub enum Command {
    /// Shows the menu, because nothing was typed.
    Menu,
    /// Lists the commands; with a word, only those that the word means.
    Help(Option<String>),
    /// Declares a new incident.
    Declare(Declare),
    /// Declares the incident that is in triage.
    Accept,
    /// Posts an update: a change of status, a message, or both. At least one of the two is there.
    Status {
        /// The status to change to; `None` leaves it.
        to: Option<Status>,
        /// The message, which becomes the incident's summary.
        text: Option<String>,
    },
    /// Opens the form of an update.
    Update,
    /// Changes the severity, up or down.
    Severity {
        /// The severity to change to.
        to: Severity,
        /// The reason, which goes to the timeline and the channel.
        reason: Option<String>,
    },
    /// Resolves the incident, with a summary. P1 and P2 need one.
    Resolve(Option<String>),
    /// Reopens the incident, with the reason.
    Reopen(String),
    /// Cancels the incident as a false alarm, with the reason.
    Cancel(String),
    /// Closes a resolved incident.
    Close,
    /// Corrects the time of a milestone.
    Milestone(Milestone, When),
    /// Shows the commander; with a person, makes that person commander.
    Commander(Option<UserId>),
    /// Makes the asker commander; holds the reason if they gave one.
    Take(Option<String>),
    /// Offers the command to another person. It moves when they accept.
    Handover {
        /// The person who is offered the command.
        to: UserId,
        /// Notes for the next commander.
        notes: Option<String>,
    },
    /// Gives a role to a person.
    Role {
        /// The role to give; it may not exist in the workspace.
        role: RoleName,
        /// The person who gets the role.
        user: UserId,
    },
    /// Gives a role to the asker.
    Claim(RoleName),
    /// Takes a role away from the asker.
    Drop(RoleName),
    /// Lists the roles and the people who hold them.
    Roles,
    /// Pages a person or the owners of a service.
    Page(Paged),
    /// Pages the next person on the escalation list.
    Escalate,
    /// Invites people to the channel, at most 100.
    Invite(Vec<UserId>),
    /// Makes the asker a participant.
    Join,
    /// Ends the asker's participation.
    Leave,
    /// Reads or changes the timeline.
    Timeline(Timeline),
    /// Reads or changes tasks.
    Task(Task),
    /// Drafts, publishes or waives the post-mortem.
    Postmortem(Postmortem),
    /// Links the incident to another one or to a page.
    Link(Link),
    /// Merges the incident into another one.
    Merge(IncidentRef),
    /// Publishes a text on the status page, after the commander's approval if the settings require it.
    Public(String),
    /// Makes the asker a watcher, who is notified without participating.
    Watch,
    /// Ends the asker's watching.
    Unwatch,
    /// Sets the time from now until the reminder of the next update; `None` turns it off.
    Remind(Option<Duration>),
    /// Pauses the reminders for that time; `None` ends the pause.
    Pause(Option<Duration>),
    /// Makes the incident private if true, and visible to all members if false.
    Private(bool),
    /// Renames the channel; holds the end of the new name, as typed.
    Rename(String),
    /// Shows an incident; `None` is the one of the channel.
    Info(Option<IncidentRef>),
    /// Lists incidents, as far as the asker may see them.
    List(Listed),
    /// Summarizes the incident so far.
    Catchup,
    /// Shows how long incidents take to acknowledge, mitigate and resolve.
    Stats {
        /// The length of the period in days, from 1 to 366.
        days: u16,
        /// The slug of the service to limit it to, which may not exist; `None` counts all services.
        service: Option<String>,
    },
    /// Lists the incident's notifications and their outcomes.
    Deliveries,
    /// Reads or changes the settings. The rest of the line is parsed by the settings' own grammar.
    Config(String),
    /// Reads or changes the templates. The rest of the line is parsed by the templates' own grammar.
    Template(String),
    /// Reads or changes the mapping of services to components. The rest of the line is parsed by its own grammar.
    Map(String),
}

/// An incident to declare, as far as the command describes it. The form asks for what is missing.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Declare {
    /// The title, as typed: it may be longer than a title can be.
    pub title: Option<String>,
    /// The severity; `None` leaves it to the template or the default.
    pub severity: Option<Severity>,
    /// Slugs of the affected services, as typed in lower case: they may not exist.
    pub services: Vec<String>,
    /// The template's name, as typed in lower case: it may not exist.
    pub template: Option<String>,
    /// Whether only participants may see the incident.
    pub private: bool,
    /// Whether the incident is a rehearsal.
    pub drill: bool,
    /// Whether the incident begins in triage: nobody is notified yet.
    pub triage: bool,
}

/// An incident that somebody names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncidentRef {
    /// The number that people use: `INC-12`, `#12` or `12`.
    Number(u32),
    /// The id of the incident's channel.
    Channel(ChannelId),
}

/// The people to page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paged {
    /// The person with that Slack id.
    Person(UserId),
    /// The owners of a service. Its slug is as typed in lower case: it may not exist.
    Service(String),
}

/// The actions on the timeline. Entries have numbers from 1.
#[derive(Clone, PartialEq, Eq)]
pub enum Timeline {
    /// Shows the entries, in the order in which things happened.
    Show,
    /// Adds an entry, with the time and the text that were typed.
    Add {
        /// When the event happened; `None` is now.
        at: Option<When>,
        /// The text of the entry, as typed.
        text: String,
    },
    /// Corrects the text of an entry. The original is kept.
    Edit {
        /// The number of the entry to correct.
        entry: u64,
        /// The text that is shown instead, as typed.
        text: String,
    },
    /// Leaves the entry with that number out of reports. The original is kept.
    Hide(u64),
    /// Exports the complete record.
    Export(ExportFormat),
    /// Checks the chain of hashes, which shows that no entry was changed.
    Verify,
}

/// The format of an exported record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExportFormat {
    /// Markdown, for people to read.
    #[default]
    Markdown,
    /// JSON, for programs to parse.
    Json,
}

/// The actions on tasks. A number is that of a task within the incident, from 1.
#[derive(Clone, PartialEq, Eq)]
pub enum Task {
    /// Adds a task to the incident.
    Add {
        /// The person who is to do it; `None` assigns nobody.
        assignee: Option<UserId>,
        /// The work to do, as typed: it may be longer than a task can be.
        text: String,
        /// The time until the task is due, from now; `None` sets no date.
        due: Option<Duration>,
    },
    /// Lists the incident's tasks.
    List,
    /// Lists the asker's open tasks in all incidents.
    Mine,
    /// Marks the task with that number as done.
    Done(u32),
    /// Marks the task with that number as not done.
    Reopen(u32),
    /// Assigns the task with that number to the asker.
    Take(u32),
}

/// The actions on the post-mortem.
#[derive(Clone, PartialEq, Eq)]
pub enum Postmortem {
    /// Drafts it from the record, in place of an earlier draft.
    Draft,
    /// Publishes the latest draft.
    Publish,
    /// Waives it, with the reason.
    Waive(String),
}

/// The target of a link from the incident.
#[derive(Clone, PartialEq, Eq)]
pub enum Link {
    /// Another incident, and what it is to this one.
    Incident(IncidentRef, Relation),
    /// The page at an `https` or `http` address.
    Url(String),
}

/// The relation of another incident to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Relation {
    /// The two have to do with each other.
    #[default]
    Related,
    /// The other incident caused this one.
    Cause,
}

/// The incidents to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Listed {
    /// Incidents that are open, the most severe first.
    #[default]
    Open,
    /// Open incidents that the asker participates in.
    Mine,
    /// The latest incidents of the last twelve months, open or not.
    All,
}

/// Leaves out the typed text, which logs must not hold.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Command")
    }
}
