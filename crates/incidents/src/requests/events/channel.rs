//! Events of an incident's channel: a person enters, or the channel is archived, unarchived, deleted or renamed.

use tidegate_pipeline::ledger::Decision;
use tidegate_pipeline::people::PersonKind;
use tidegate_pipeline::table::{TableError, Write};
use tidegate_slack::ids::{ChannelId, UserId};

use super::{Context, permitted};
use crate::decide::change::Change;
use crate::decide::people::MAX_PARTICIPANTS;
use crate::decide::speak::show;
use crate::model::actor::Actor;
use crate::model::effect::Effect;
use crate::model::incident::{Incident, IncidentId};
use crate::model::permissions::Action;
use crate::model::role::RoleName;
use crate::model::rows::{self, Loaded, Place};
use crate::model::settings::Settings;
use crate::model::timeline::EntryKind;
use crate::render::welcome;

/// Most cards of roles that a person who enters is shown: they wait in the incident's lane with everything else.
const MAX_CARDS: usize = 4;

/// What follows when a person enters an incident's channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coming {
    /// Nothing: the person may not see the incident, or the account may not join.
    Nothing,
    /// The person is shown how things stand.
    Welcome,
    /// The person becomes a participant, and is shown how things stand.
    TakesPart,
}

/// What follows when a person enters an incident's channel. An incident that everyone may see gets no participant from that: a rush
/// into the channel would rewrite the incident for each person. A private incident gets one if its channel is private, because
/// somebody let the person in; anybody can enter a channel that is open to all. `kind` is `None` for a person about whom nothing is
/// known yet: they may be a guest. A person who enters when the incident has no room for another participant is welcomed all the
/// same.
pub(super) fn coming(
    incident: &Incident,
    user: &UserId,
    kind: Option<PersonKind>,
    is_channel_private: bool,
    settings: &Settings,
) -> Coming {
    let part = incident.takes_part(user);
    if incident.private && !part && !is_channel_private {
        return Coming::Nothing;
    }
    let Some(kind) = kind else {
        return Coming::Welcome;
    };
    let mut there = incident.clone();
    there.participants.insert(user.clone());
    if !permitted(&there, user, kind, Action::Join, settings) {
        return Coming::Nothing;
    }
    let room = incident.participants.len() < MAX_PARTICIPANTS;
    if incident.private && !part && room {
        Coming::TakesPart
    } else {
        Coming::Welcome
    }
}

/// Decides what follows from a person's joining a channel; `None` if the channel has no incident or nothing follows.
pub(super) async fn joined(
    context: &Context<'_>,
    channel: &ChannelId,
    user: &UserId,
    team: Option<&str>,
) -> Result<Option<Decision>, TableError> {
    let Some(loaded) = context.incident_of(channel).await? else {
        return Ok(None);
    };
    let incident = &loaded.incident;
    let is_channel_private = incident.private
        && !incident.takes_part(user)
        && has_private_channel(context, &incident.id).await?;
    let kind = context.kind(user, team).await?;
    let settings = context.incidents.settings(context.rows).await?.settings;
    let coming = coming(incident, user, kind, is_channel_private, &settings);
    if coming == Coming::Nothing {
        return Ok(None);
    }
    let welcome = welcome(incident, user, &settings);
    if coming == Coming::Welcome {
        return Ok(Some(Decision {
            posts: welcome.iter().map(Effect::post).collect(),
            ..Decision::default()
        }));
    }
    let mut change = Change::of(incident, &Actor::Person(user.clone()), context.now);
    change.incident.participants.insert(user.clone());
    for effect in welcome {
        change.effect(&effect);
    }
    Ok(Some(change.finish(&settings.timers)))
}

/// Whether an incident's channel is private in Slack. A channel about which that is not known counts as open to all.
async fn has_private_channel(context: &Context<'_>, id: &IncidentId) -> Result<bool, TableError> {
    let place = context.rows.get(&rows::place(id)).await?;
    Ok(place.is_some_and(|place| place.flag("private")))
}

/// The messages that show the person how things stand, and the card of each role that they hold.
fn welcome(incident: &Incident, user: &UserId, settings: &Settings) -> Vec<Effect> {
    let own = settings
        .roles
        .keys()
        .filter_map(|name| RoleName::parse(name));
    let own: Vec<_> = own
        .filter(|role| matches!(role, RoleName::Custom(_)))
        .collect();
    let held = incident.roles.iter().filter(|held| held.user == *user);
    let cards = held.take(MAX_CARDS).map(|held| {
        let own = settings.roles.get(held.role.as_str());
        welcome::role_card(incident, &held.role, own.map(String::as_str))
    });
    let mut messages = vec![welcome::message_of(incident, user, &own)];
    messages.extend(cards);
    let whisper = |message| Effect::Whisper {
        incident: incident.id.clone(),
        user: user.clone(),
        message,
    };
    messages.into_iter().map(whisper).collect()
}

/// Decides about a channel that was archived or unarchived; `None` if it has no incident or nothing changes.
pub(super) async fn archived(
    context: &Context<'_>,
    channel: &ChannelId,
    is: bool,
) -> Result<Option<Decision>, TableError> {
    let Some(Loaded { incident, place }) = context.incident_of(channel).await? else {
        return Ok(None);
    };
    match place {
        Place::Made { archived, .. } if archived != is => {}
        _ => return Ok(None),
    }
    let write = Write::update(rows::place(&incident.id), "SET #archived = :is").value(":is", is);
    let words = if is {
        "The channel was archived in Slack."
    } else {
        "The channel was taken out of the archive in Slack."
    };
    noticed(context, &incident, write, words, !is)
        .await
        .map(Some)
}

/// Decides about the deletion of a channel; `None` if it has no incident.
pub(super) async fn deleted(
    context: &Context<'_>,
    channel: &ChannelId,
) -> Result<Option<Decision>, TableError> {
    let Some(Loaded { incident, place }) = context.incident_of(channel).await? else {
        return Ok(None);
    };
    if !matches!(place, Place::Made { .. }) {
        return Ok(None);
    }
    let write = Write::update(rows::place(&incident.id), "SET #gone = :gone")
        .value(":gone", "channel_deleted");
    let words = "The channel was deleted in Slack.";
    noticed(context, &incident, write, words, false)
        .await
        .map(Some)
}

async fn noticed(
    context: &Context<'_>,
    incident: &Incident,
    write: Write<tidegate_pipeline::table::RowKey>,
    words: &str,
    is_back: bool,
) -> Result<Decision, TableError> {
    let settings = context.incidents.settings(context.rows).await?.settings;
    let mut change = Change::of(incident, &Actor::Tidegate, context.now);
    change.note(EntryKind::Notice, words);
    change.write(write);
    if is_back {
        show(&mut change);
    }
    Ok(change.finish(&settings.timers))
}

/// Decides about a new name of a channel; `None` if it has no incident.
pub(super) async fn renamed(
    context: &Context<'_>,
    channel: &ChannelId,
    name: &str,
) -> Result<Option<Decision>, TableError> {
    let pointer = context.rows.get(&rows::by_channel(channel)).await?;
    let Some(id) = pointer.as_ref().and_then(rows::pointed) else {
        return Ok(None);
    };
    let write = Write::update(rows::place(&id), "SET #name = :name")
        .value(":name", name)
        .when("attribute_exists(#pk)");
    Ok(Some(Decision {
        writes: vec![write],
        ..Decision::default()
    }))
}
