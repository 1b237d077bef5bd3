//! The effects of an incident: calls to Slack and to the status page. An effect waits in the outbox exactly as it was
//! decided. It reads the incident when it runs, so that a late effect still shows the present state.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tidegate_pipeline::outbox::{Class, Lane, Post, Target};
use tidegate_slack::ids::UserId;

use super::incident::IncidentId;
use super::news::{Audience, News};
use super::severity::Severity;

mod audiences;

/// The names of all effects, as [`Effect::name`] returns them.
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

/// One effect, stored as JSON. The field `do` holds the variant's name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Effect {
    /// Creates the incident's channel, then queues the effects that need its name.
    CreateChannel {
        /// The incident whose channel it is about.
        incident: IncidentId,
        /// Effects to queue once the channel exists or cannot be created.
        then: Vec<Effect>,
        /// The person who declared the incident and is notified if the channel cannot be created; `None` for other
        /// actors.
        #[serde(default)]
        asker: Option<UserId>,
    },
    /// Invites people to the channel.
    Invite {
        /// The incident whose channel it is about.
        incident: IncidentId,
        /// The people to invite.
        users: Vec<UserId>,
    },
    /// Posts the header message of the channel, or edits it to show the present state.
    Header {
        /// The incident whose channel it is about.
        incident: IncidentId,
    },
    /// Pins the header message.
    Pin {
        /// The incident whose channel it is about.
        incident: IncidentId,
    },
    /// Sets the channel's topic to the present state.
    Topic {
        /// The incident whose channel it is about.
        incident: IncidentId,
    },
    /// Sets the channel's bookmarks.
    Bookmarks {
        /// The incident whose channel it is about.
        incident: IncidentId,
    },
    /// Posts a message in the channel.
    Say {
        /// The incident whose channel it is about.
        incident: IncidentId,
        /// A Slack message with `text` and optionally `blocks`, but without `channel`.
        message: Json,
    },
    /// Posts an ephemeral message in the channel, visible to one person.
    Whisper {
        /// The incident whose channel it is about.
        incident: IncidentId,
        /// The person who sees the message.
        user: UserId,
        /// A Slack message with `text` and optionally `blocks`, but without `channel`.
        message: Json,
    },
    /// Notifies one audience. The first notification posts a message; later ones edit it and reply in its thread.
    Tell {
        /// The incident that the messages are about.
        incident: IncidentId,
        /// The channel or person to notify.
        to: Audience,
        /// The event to notify them of.
        news: News,
        /// Number of the timeline entry that caused the notification.
        seq: u64,
        /// The severity before the change, if the news is an escalation.
        from: Option<Severity>,
        /// The text that a person wrote about the event; `None` if nobody wrote anything.
        words: Option<String>,
    },
    /// Notifies many audiences in batches, because a transaction takes at most a hundred rows. The content is stored
    /// once.
    Spread {
        /// The incident that the messages are about.
        incident: IncidentId,
        /// The channels and people to notify.
        to: Vec<Audience>,
        /// The event to notify them of.
        news: News,
        /// Number of the timeline entry that caused the notification.
        seq: u64,
        /// The severity before the change, if the news is an escalation.
        from: Option<Severity>,
        /// The text that a person wrote about the event; `None` if nobody wrote anything.
        words: Option<String>,
    },
    /// Edits the messages of many audiences to the present state, in batches.
    SpreadRefresh {
        /// The incident that the messages are about.
        incident: IncidentId,
        /// The channels and people whose messages are edited.
        to: Vec<Audience>,
    },
    /// Sends a direct message to one person.
    Direct {
        /// The person who gets the message.
        user: UserId,
        /// A Slack message with `text` and optionally `blocks`, but without `channel`.
        message: Json,
    },
    /// Edits the message of one audience to the present state without posting a new one.
    Refresh {
        /// The incident that the messages are about.
        incident: IncidentId,
        /// The channel or person whose message is edited.
        to: Audience,
    },
    /// Renames the channel to the incident's present `channel_name`.
    Rename {
        /// The incident whose channel it is about.
        incident: IncidentId,
    },
    /// Archives the incident's channel; does nothing if it is archived or missing.
    Archive {
        /// The incident whose channel it is about.
        incident: IncidentId,
    },
    /// Unarchives the incident's channel. If Slack does not let the app, a person is asked to do it.
    Unarchive {
        /// The incident whose channel it is about.
        incident: IncidentId,
    },
    /// Makes the next call that brings the status page to the state that the incident requires.
    StatusPage {
        /// The incident to publish.
        incident: IncidentId,
    },
}

impl Effect {
    /// The effect's name for logs and lists, one of [`NAMES`].
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

    /// The incident of the effect; `None` for a direct message.
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

    /// The lane of the effect; effects in one lane run in order. An incident's channel is one lane and each audience is
    /// another, so that a failing audience does not block the others.
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

    /// The class, which says what the outbox may do when the outcome of a call is unknown.
    pub fn class(&self) -> Class {
        match self {
            // These check whether the first attempt succeeded before they repeat it.
            Self::CreateChannel { .. }
            | Self::StatusPage { .. }
            | Self::Header { .. }
            | Self::Say { .. }
            | Self::Direct { .. }
            | Self::Tell { .. } => Class::AtLeastOnce,
            _ => Class::Repeatable,
        }
    }

    /// The outbox row of the effect.
    pub fn post(&self) -> Post {
        Post {
            lane: self.lane(),
            target: Target::Effect,
            // Plain data always serializes.
            body: serde_json::to_value(self).unwrap_or_default(),
            class: self.class(),
            purpose: self.name(),
        }
    }

    /// Reads the body of an outbox row; `None` if it is not a valid effect.
    pub fn parse(body: &Json) -> Option<Self> {
        serde_json::from_value(body.clone()).ok()
    }
}

/// Shows the name only, because the fields contain what people wrote.
impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
