//! Events in Slack that concern an incident: messages that are marked, edited and deleted, people who enter a channel,
//! channels that are archived, the home tab.
//!
//! An event of another channel costs one read at most.

mod channel;
mod messages;

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::ledger::Decision;
use tidegate_pipeline::people::PersonKind;
use tidegate_pipeline::table::{Rows, TableError};
use tidegate_slack::event::Envelope;
use tidegate_slack::ids::{ChannelId, TenantId, Ts, UserId};

use crate::decide::marks::Marker;
use crate::effects::person;
use crate::model::actor::Actor;
use crate::model::incident::Incident;
use crate::model::permissions::{self, Action};
use crate::model::rows::{self, Loaded};
use crate::model::settings::Settings;
use crate::model::timeline::Source;
use crate::service::Incidents;

/// What an event comes to.
struct Context<'a> {
    incidents: &'a Incidents,
    rows: &'a Rows,
    tenant: &'a TenantId,
    now: Timestamp,
}

/// The events that concern incidents.
#[derive(Debug, PartialEq, Eq)]
enum Heard<'a> {
    /// A message was marked, or a mark removed.
    Marked {
        source: Source,
        marker: MarkedBy<'a>,
        on: bool,
        ts: Ts,
        by: UserId,
    },
    /// A message was edited.
    Edited { source: Source, ts: Ts },
    /// A message was deleted.
    Deleted { source: Source },
    /// A person entered a channel.
    Joined { channel: ChannelId, user: UserId },
    /// A channel was archived, or unarchived if `is` is false.
    Archived { channel: ChannelId, is: bool },
    /// A channel was deleted.
    ChannelDeleted { channel: ChannelId },
    /// A channel was renamed.
    Renamed { channel: ChannelId, name: &'a str },
}

/// How a message was marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MarkedBy<'a> {
    Pin,
    Emoji(&'a str),
}

/// Decides about an event; `None` if it concerns no incident. The writes carry the conditions under which they hold: if one fails,
/// the caller decides again.
pub async fn on_event(
    incidents: &Incidents,
    rows: &Rows,
    tenant: &TenantId,
    envelope: &Envelope,
    now: Timestamp,
) -> Result<Option<Decision>, TableError> {
    let Some(heard) = hear(envelope) else {
        return Ok(None);
    };
    let context = Context {
        incidents,
        rows,
        tenant,
        now,
    };
    let event = envelope.event();
    match heard {
        Heard::Marked {
            source,
            marker,
            on,
            ts,
            by,
        } => {
            let mark = messages::Mark {
                source: &source,
                marker,
                on,
                ts: &ts,
                by: &by,
            };
            messages::marked(&context, &mark, event).await
        }
        Heard::Edited { source, ts } => {
            let message = event.and_then(|event| event.message());
            let text = message.and_then(|message| message.text());
            messages::edited(&context, &source, &ts, text.unwrap_or_default()).await
        }
        Heard::Deleted { source } => messages::deleted(&context, &source).await,
        Heard::Joined { channel, user } => {
            let team = event.and_then(|event| event.team());
            channel::joined(&context, &channel, &user, team).await
        }
        Heard::Archived { channel, is } => channel::archived(&context, &channel, is).await,
        Heard::ChannelDeleted { channel } => channel::deleted(&context, &channel).await,
        Heard::Renamed { channel, name } => channel::renamed(&context, &channel, name).await,
    }
}

/// Reads an event; `None` if it does not concern incidents. The bot's own actions are known already: it pins the header, and
/// archives channels.
fn hear(envelope: &Envelope) -> Option<Heard<'_>> {
    let event = envelope.event()?;
    let channel = || event.channel().map(ChannelId::from);
    let user = || event.user().map(UserId::from);
    let own = envelope.is_own();
    match event.kind() {
        // The bot is in the channel again, so messages to it go on.
        "member_joined_channel" if own => Some(Heard::Archived {
            channel: channel()?,
            is: false,
        }),
        _ if own && event.kind() != "message" => None,
        "message" => heard_message(envelope),
        kind @ ("reaction_added" | "reaction_removed" | "pin_added" | "pin_removed") => {
            let marker = if kind.starts_with("pin") {
                MarkedBy::Pin
            } else {
                MarkedBy::Emoji(event.reaction()?)
            };
            Some(Heard::Marked {
                source: Source {
                    channel: channel()?,
                    ts: event.item_ts()?.into(),
                },
                marker,
                on: kind.ends_with("added"),
                ts: event.event_ts()?.into(),
                by: user()?,
            })
        }
        "member_joined_channel" => Some(Heard::Joined {
            channel: channel()?,
            user: user()?,
        }),
        kind @ ("channel_archive" | "group_archive" | "channel_unarchive" | "group_unarchive") => {
            Some(Heard::Archived {
                channel: channel()?,
                is: kind.ends_with("_archive"),
            })
        }
        "channel_deleted" | "group_deleted" => Some(Heard::ChannelDeleted {
            channel: channel()?,
        }),
        "channel_rename" | "group_rename" => Some(Heard::Renamed {
            channel: channel()?,
            name: event.channel_name()?,
        }),
        _ => None,
    }
}

fn heard_message(envelope: &Envelope) -> Option<Heard<'_>> {
    let event = envelope.event()?;
    let channel = ChannelId::from(event.channel()?);
    match event.subtype() {
        Some("message_deleted") => {
            let ts = event.deleted_ts()?.into();
            let source = Source { channel, ts };
            Some(Heard::Deleted { source })
        }
        Some("message_changed") => {
            let message = event.message()?;
            let ts = message.ts()?.into();
            let source = Source { channel, ts };
            // Slack deletes the root of a thread by changing it into a tombstone.
            if message.subtype() == Some("tombstone") {
                return Some(Heard::Deleted { source });
            }
            let ts = event.event_ts().or(event.ts())?.into();
            Some(Heard::Edited { source, ts })
        }
        _ => None,
    }
}

impl<'a> MarkedBy<'a> {
    /// The mark as one by that person.
    fn marker(self, by: &'a UserId) -> Marker<'a> {
        match self {
            Self::Pin => Marker::Pin,
            Self::Emoji(emoji) => Marker::Reaction {
                emoji: base(emoji),
                by,
            },
        }
    }

    /// Whether the settings put messages with such a mark on the timeline.
    fn counts(self, settings: &Settings) -> bool {
        match self {
            Self::Pin => true,
            Self::Emoji(emoji) => settings.reactions.iter().any(|name| name == base(emoji)),
        }
    }
}

/// An emoji's name without its skin tone.
fn base(emoji: &str) -> &str {
    emoji.split_once("::").map_or(emoji, |(base, _)| base)
}

impl Context<'_> {
    /// The incident whose channel it is.
    async fn incident_of(&self, channel: &ChannelId) -> Result<Option<Loaded>, TableError> {
        rows::load_pointed(self.rows, &rows::by_channel(channel)).await
    }

    /// The kind of account of a person; `None` if it is not known here, where Slack may not be asked.
    async fn kind(
        &self,
        user: &UserId,
        team: Option<&str>,
    ) -> Result<Option<PersonKind>, TableError> {
        let person = person::known(self.incidents, self.tenant, self.rows, user, team, self.now);
        Ok(person.await?.map(|person| person.kind))
    }
}

/// Whether somebody in an incident's channel may do that: if they may see the incident, being in its channel counts as taking part,
/// as far as the account allows. Being in the channel lets nobody see a private incident.
fn permitted(
    incident: &Incident,
    user: &UserId,
    kind: PersonKind,
    action: Action,
    settings: &Settings,
) -> bool {
    let rules = permissions::Rules {
        policy: settings.policy,
        admins: &settings.admins,
        guests: &settings.guests,
        approval: &settings.approval,
    };
    let actor = Actor::Person(user.clone());
    let standing = |of: &Incident| permissions::standing(&actor, Some(of), kind, &rules);
    if kind == PersonKind::Bot || !permissions::can_see(&standing(incident), incident) {
        return false;
    }
    let mut there = incident.clone();
    there.participants.insert(user.clone());
    permissions::allow(&standing(&there), action, Some(&there), &rules).is_ok()
}

#[cfg(test)]
mod tests;
