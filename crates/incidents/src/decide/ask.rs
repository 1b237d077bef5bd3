//! What somebody asks of incidents, however they asked it: typed, clicked, filled in, or by the API.

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

/// What is asked.
#[derive(Clone, PartialEq, Eq)]
pub enum Ask {
    /// A typed command, or a button that means the same.
    Command(Command),
    /// The form of a declaration, filled in.
    Declare(Box<Declaration>),
    /// The form of an update, filled in; the second text is for the public.
    Update(Update, Option<String>),
    /// The form of a resolve, filled in; the second text is for the public.
    Resolve(Option<String>, Option<String>),
    /// A form to fill in.
    Open(Form),
    /// Yes to the handover that was offered then.
    AcceptHandover(Timestamp),
    /// No to it.
    DeclineHandover(Timestamp),
    /// Yes to the public draft with that number.
    PublishDraft(u32),
    /// No to it.
    DiscardDraft(u32),
    /// A reminder again later.
    Snooze(TimerKind, u32),
    /// A reminder no more.
    StopReminder(TimerKind),
    /// A timer went off.
    Fire(TimerKind),
    /// A message for the timeline.
    AddMessage {
        /// Which.
        source: Source,
        /// What it says.
        text: String,
        /// Who wrote it.
        author: Option<UserId>,
    },
    /// A task from a message.
    AddTask {
        /// What is to be done.
        text: String,
        /// By whom.
        assignee: Option<UserId>,
        /// How long it may take.
        due: Option<Duration>,
        /// The message.
        source: Option<Source>,
    },
    /// A later page of the timeline that somebody reads.
    MoreTimeline(u64),
}

/// The incident that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// That of a channel, if it has one.
    Channel(ChannelId),
    /// By its id.
    Incident(IncidentId),
    /// By its number.
    Number(u32),
    /// None.
    Nothing,
}

/// Where the asker is answered.
#[derive(Clone)]
pub enum AnswerTo {
    /// At the address that came with a command or a click.
    Url(SecretString),
    /// In the incident's channel, seen by this person only, or else by direct message: a form has no address.
    Person(UserId),
    /// Whoever called us waits for it.
    Caller,
}

/// A modal that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenView {
    /// Slack's id of it.
    pub id: String,
    /// Changes with every change of it.
    pub hash: Option<String>,
}

/// Something asked, with all that came with it.
pub struct Asked {
    /// What.
    pub ask: Ask,
    /// Of which incident.
    pub subject: Subject,
    /// By whom.
    pub actor: Actor,
    /// The workspace that a person belongs to, if the request says so.
    pub team: Option<String>,
    /// A key that may do everything.
    pub admin_key: bool,
    /// Opens one modal within three seconds.
    pub trigger: Option<SecretString>,
    /// The modal that it was asked in, to be redrawn.
    pub view: Option<OpenView>,
    /// Where the answer goes.
    pub answer_to: AnswerTo,
}

impl Ask {
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
