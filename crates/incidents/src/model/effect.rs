//! What an incident wants done outside: in Slack, and on the status page. An effect lies in the outbox as it was decided
//! and reads the incident when its turn comes, so that what waited long still tells the present state.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tidegate_pipeline::outbox::{Class, Lane, Post, Target};
use tidegate_slack::ids::UserId;

use super::incident::IncidentId;
use super::news::{Audience, News};
use super::severity::Severity;

/// The names of all effects.
pub const NAMES: &[&str] = &[
    "incident.create_channel",
    "incident.invite",
    "incident.header",
    "incident.pin",
    "incident.topic",
    "incident.bookmarks",
    "incident.say",
    "incident.whisper",
    "incident.tell",
    "incident.direct",
    "incident.spread",
    "incident.spread_refresh",
    "incident.refresh",
    "incident.rename",
    "incident.archive",
    "incident.unarchive",
    "incident.status_page",
];

/// What to do.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Effect {
    /// Makes the channel, then has the news told that waited for its name.
    CreateChannel {
        /// Whose.
        incident: IncidentId,
        /// Told once the channel is there, or cannot be made.
        then: Vec<Effect>,
        /// Who waits for it, and hears of it if it cannot be made.
        #[serde(default)]
        asker: Option<UserId>,
    },
    /// Brings people into the channel.
    Invite {
        /// Whose.
        incident: IncidentId,
        /// Whom.
        users: Vec<UserId>,
    },
    /// Posts the message at the top of the channel, or edits it to the present state.
    Header {
        /// Whose.
        incident: IncidentId,
    },
    /// Pins that message.
    Pin {
        /// Whose.
        incident: IncidentId,
    },
    /// Sets the channel's topic to the present state.
    Topic {
        /// Whose.
        incident: IncidentId,
    },
    /// Sets the channel's bookmarks.
    Bookmarks {
        /// Whose.
        incident: IncidentId,
    },
    /// Says something in the channel.
    Say {
        /// Whose.
        incident: IncidentId,
        /// `text` and perhaps `blocks`, without a channel.
        message: Json,
    },
    /// Shows something in the channel to one person only.
    Whisper {
        /// Whose.
        incident: IncidentId,
        /// To whom.
        user: UserId,
        /// `text` and perhaps `blocks`.
        message: Json,
    },
    /// Tells others: a message at first, edited in place and threaded from then on.
    Tell {
        /// Of which incident.
        incident: IncidentId,
        /// Whom.
        to: Audience,
        /// Of what.
        news: News,
        /// Number of the timeline entry that it follows from.
        seq: u64,
        /// What the severity was before, if that is the news.
        from: Option<Severity>,
        /// Words of it, if there are any.
        words: Option<String>,
    },
    /// Has many told, some at a time: a transaction takes a hundred rows. What they are told stands here once.
    Spread {
        /// Of which incident.
        incident: IncidentId,
        /// Whom.
        to: Vec<Audience>,
        /// Of what.
        news: News,
        /// Number of the timeline entry that it follows from.
        seq: u64,
        /// What the severity was before, if that is the news.
        from: Option<Severity>,
        /// Words of it, if there are any.
        words: Option<String>,
    },
    /// Has what many were told edited to the present state, some at a time.
    SpreadRefresh {
        /// Of which incident.
        incident: IncidentId,
        /// Whose messages.
        to: Vec<Audience>,
    },
    /// Tells one person something, by direct message.
    Direct {
        /// Whom.
        user: UserId,
        /// `text` and perhaps `blocks`.
        message: Json,
    },
    /// Edits what others were told to the present state, without a new message.
    Refresh {
        /// Of which incident.
        incident: IncidentId,
        /// Whose message.
        to: Audience,
    },
    /// Gives the channel the incident's present `channel_name`.
    Rename {
        /// Whose.
        incident: IncidentId,
    },
    /// Puts the channel away.
    Archive {
        /// Whose.
        incident: IncidentId,
    },
    /// Takes the channel out again.
    Unarchive {
        /// Whose.
        incident: IncidentId,
    },
    /// Brings a status page to the state that the incident wants it in.
    StatusPage {
        /// For which incident.
        incident: IncidentId,
    },
}

impl Effect {
    /// Its name, for logs and lists.
    pub fn name(&self) -> &'static str {
        match self {
            Self::CreateChannel { .. } => "incident.create_channel",
            Self::Invite { .. } => "incident.invite",
            Self::Header { .. } => "incident.header",
            Self::Pin { .. } => "incident.pin",
            Self::Topic { .. } => "incident.topic",
            Self::Bookmarks { .. } => "incident.bookmarks",
            Self::Say { .. } => "incident.say",
            Self::Whisper { .. } => "incident.whisper",
            Self::Tell { .. } => "incident.tell",
            Self::Direct { .. } => "incident.direct",
            Self::Spread { .. } => "incident.spread",
            Self::SpreadRefresh { .. } => "incident.spread_refresh",
            Self::Refresh { .. } => "incident.refresh",
            Self::Rename { .. } => "incident.rename",
            Self::Archive { .. } => "incident.archive",
            Self::Unarchive { .. } => "incident.unarchive",
            Self::StatusPage { .. } => "incident.status_page",
        }
    }

    /// The incident that it is for.
    pub fn incident(&self) -> Option<&IncidentId> {
        match self {
            Self::CreateChannel { incident, .. }
            | Self::Invite { incident, .. }
            | Self::Header { incident }
            | Self::Pin { incident }
            | Self::Topic { incident }
            | Self::Bookmarks { incident }
            | Self::Say { incident, .. }
            | Self::Whisper { incident, .. }
            | Self::Tell { incident, .. }
            | Self::Refresh { incident, .. }
            | Self::Spread { incident, .. }
            | Self::SpreadRefresh { incident, .. }
            | Self::Rename { incident }
            | Self::Archive { incident }
            | Self::Unarchive { incident }
            | Self::StatusPage { incident } => Some(incident),
            Self::Direct { .. } => None,
        }
    }

    /// What it is kept in order with: the channel's effects among themselves, and each audience for itself, so that one
    /// that fails stops no other.
    pub fn lane(&self) -> Lane {
        match self {
            Self::Tell { incident, to, .. } | Self::Refresh { incident, to } => {
                Lane::named(&["incident", incident.as_str(), to.as_str()])
            }
            Self::StatusPage { .. } => Lane::named(&["status_page"]),
            Self::Spread { incident, .. } | Self::SpreadRefresh { incident, .. } => {
                Lane::named(&["incident", incident.as_str(), "spread"])
            }
            Self::Direct { user, .. } => Lane::named(&["direct", user.as_str()]),
            _ => {
                let id = self.incident().map(IncidentId::as_str).unwrap_or_default();
                Lane::named(&["incident", id])
            }
        }
    }

    /// What to do when nobody knows whether it was done.
    pub fn class(&self) -> Class {
        match self {
            // These look before they do it again.
            Self::CreateChannel { .. }
            | Self::StatusPage { .. }
            | Self::Header { .. }
            | Self::Say { .. }
            | Self::Direct { .. }
            | Self::Tell { .. } => Class::AtLeastOnce,
            _ => Class::Repeatable,
        }
    }

    /// As an outbox row.
    pub fn post(&self) -> Post {
        Post {
            lane: self.lane(),
            target: Target::Effect,
            // Plain data: it always serialises.
            body: serde_json::to_value(self).unwrap_or_default(),
            class: self.class(),
            purpose: self.name(),
        }
    }

    /// Reads an outbox row's body.
    pub fn parse(body: &Json) -> Option<Self> {
        serde_json::from_value(body.clone()).ok()
    }
}

/// Without what people wrote.
impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
