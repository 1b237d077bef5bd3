//! Requests: what a person, a program or a timer asks of incidents, and the data that comes with it. They are the same whether they
//! were typed, clicked, filled in or sent to the API.

use std::time::Duration;

use secrecy::SecretString;
use tidegate_pipeline::clock::Timestamp;
use tidegate_slack::ids::{ChannelId, UserId};

use super::lifecycle::Update;
use crate::command::{Command, IncidentRef, Link};
use crate::model::actor::Actor;
use crate::model::form::{Declaration, Form};
use crate::model::incident::IncidentId;
use crate::model::timeline::Source;
use crate::model::timer_kind::TimerKind;

/// The kinds of requests.
#[derive(Clone, PartialEq, Eq)]
pub enum RequestKind {
    /// Run a command that was typed or is behind a button.
    Command(Command),
    /// Declare the incident that the declaration describes.
    Declare(Box<Declaration>),
    /// Post an update. The second text is for the public.
    Update(Update, Option<String>),
    /// Resolve the incident, with a summary. The second text is for the public.
    Resolve(Option<String>, Option<String>),
    /// Open a form for the asker.
    Open(Form),
    /// Accept the handover that was offered at that time.
    AcceptHandover(Timestamp),
    /// Decline the handover that was offered at that time.
    DeclineHandover(Timestamp),
    /// Publish the public draft with that number.
    PublishDraft(u32),
    /// Discard the public draft with that number.
    DiscardDraft(u32),
    /// Put a reminder off, by so many minutes.
    Snooze(TimerKind, u32),
    /// Stop the reminders of that kind.
    StopReminder(TimerKind),
    /// Do what is due, because a timer went off.
    Fire(TimerKind),
    /// Put a message on the timeline.
    AddMessage {
        /// The message's channel and timestamp.
        source: Source,
        /// The message's text, as Slack has it.
        text: String,
        /// Its author; `None` if that is not known.
        author: Option<UserId>,
    },
    /// Add a task to the incident.
    AddTask {
        /// The work to do, in words.
        text: String,
        /// The person who is to do it.
        assignee: Option<UserId>,
        /// The time until it is due, from now.
        due: Option<Duration>,
        /// The message that it was made from.
        source: Option<Source>,
    },
    /// Show the timeline from behind the entry with that number.
    MoreTimeline(u64),
}

/// The incident that a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The incident of a channel, if the channel has one.
    Channel(ChannelId),
    /// The incident with that id.
    Incident(IncidentId),
    /// The incident with that number.
    Number(u32),
    /// The request is about no incident.
    Nothing,
}

/// The place that the reply goes to.
#[derive(Clone)]
pub enum ReplyTo {
    /// To the address that came with a command or a click; it is good for 30 minutes.
    Url(SecretString),
    /// To this person, by direct message: a form comes without an address.
    Person(UserId),
    /// To the caller, who waits for it: a call of the API, or a timer.
    Caller,
}

/// A modal that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenView {
    /// The id of the view, `V…`.
    pub id: String,
    /// Slack's hash of its present state. An update with another one is refused.
    pub hash: Option<String>,
}

/// A request, with all that came with it.
pub struct Request {
    /// The change or answer that it asks for.
    pub kind: RequestKind,
    /// The incident that it is about.
    pub subject: Subject,
    /// The person or program that asks.
    pub actor: Actor,
    /// The workspace that a person belongs to, if the request says so.
    pub team: Option<String>,
    /// Whether it came with an API key that may do everything.
    pub admin_key: bool,
    /// Slack's permission to open one modal; it lapses after three seconds.
    pub trigger: Option<SecretString>,
    /// The modal that it was made in, which is redrawn.
    pub view: Option<OpenView>,
    /// The place that the reply goes to.
    pub reply_to: ReplyTo,
}

impl RequestKind {
    /// The other incident that it names.
    pub fn other(&self) -> Option<&IncidentRef> {
        match self {
            Self::Command(Command::Merge(other) | Command::Link(Link::Incident(other, _))) => {
                Some(other)
            }
            _ => None,
        }
    }

    /// The incident that it names instead of the one of its channel.
    pub fn named(&self) -> Option<&IncidentRef> {
        match self {
            Self::Command(Command::Info(named)) => named.as_ref(),
            _ => None,
        }
    }

    /// Whether it declares an incident.
    pub fn declares(&self) -> bool {
        matches!(self, Self::Declare(_) | Self::Command(Command::Declare(_)))
    }
}
