//! Performs an incident's effects, when their turn in the outbox comes. What each of them says is rendered from the
//! incident as it stands then.

mod channel;
mod kept;
mod make;
mod messages;
mod spreading;

use serde_json::Value as Json;
use tidegate_outcome::Refusal;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::{Done, Effect as Turn, Undone};
use tidegate_pipeline::table::{Item, Write};
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::ids::{ChannelId, UserId};
use tidegate_slack::mrkdwn::escape;

use crate::decide::case::words_only;
use crate::model::effect::Effect;
use crate::model::incident::{Incident, IncidentId};
use crate::model::notification;
use crate::model::rows::{self, Loaded, Place};
use crate::service::Incidents;

/// Performs an effect.
pub async fn perform(incidents: &Incidents, turn: Turn<'_>) -> Result<Done, Undone> {
    let Some(effect) = Effect::parse(turn.body) else {
        return Err(Undone::Park("it cannot be read".to_owned()));
    };
    match &effect {
        Effect::CreateChannel { incident, then, .. } => make::create(&turn, incident, then).await,
        Effect::Invite { incident, users } => channel::invite(&turn, incident, users).await,
        Effect::Topic { incident } => channel::topic(&turn, incident).await,
        Effect::Bookmarks { incident } => channel::bookmarks(&turn, incidents, incident).await,
        Effect::Rename { incident } => channel::rename(&turn, incident).await,
        Effect::Archive { incident } => channel::archive(&turn, incident).await,
        Effect::Unarchive { incident } => channel::unarchive(&turn, incident).await,
        Effect::Header { incident } => messages::header(&turn, incidents, incident).await,
        Effect::Pin { incident } => messages::pin(&turn, incident).await,
        Effect::Say { incident, message } => messages::say(&turn, incident, message).await,
        Effect::Whisper {
            incident,
            user,
            message,
        } => messages::whisper(&turn, incident, user, message).await,
        Effect::Tell { .. } => messages::tell(&turn, &effect).await,
        Effect::Direct { user, message } => messages::direct_message(&turn, user, message).await,
        Effect::Spread { .. } | Effect::SpreadRefresh { .. } => {
            Ok(spreading::spread(effect, turn.clock.now()))
        }
        Effect::Refresh { incident, to } => messages::refresh(&turn, incident, to).await,
        Effect::StatusPage { incident } => follow(incidents, &turn, incident).await,
    }
}

/// What else to write when an effect is parked for `reason`.
pub fn given_up(body: &Json, reason: &str, now: Timestamp) -> Done {
    let Some(effect) = Effect::parse(body) else {
        return Done::default();
    };
    match effect {
        Effect::CreateChannel {
            incident,
            then,
            asker,
        } => no_channel(&incident, &then, asker, reason),
        _ => Done {
            writes: notification::given_up(body, reason, now)
                .into_iter()
                .collect(),
            ..Done::default()
        },
    }
}

/// Whether an effect needs the workspace's Slack token.
pub fn needs_token(name: &str) -> bool {
    name != "incident.status_page"
}

/// Brings the status page a step nearer to the incident.
async fn follow(
    incidents: &Incidents,
    turn: &Turn<'_>,
    incident: &IncidentId,
) -> Result<Done, Undone> {
    let settings = incidents.settings(turn.rows).await?.settings;
    let link = incidents.public_page(turn.tenant, &settings);
    incidents.pages.sync(turn, &settings, link, incident).await
}

/// What follows when the channel cannot be made: the others are told all the same, and whoever declared learns why.
fn no_channel(incident: &IncidentId, then: &[Effect], asker: Option<UserId>, reason: &str) -> Done {
    let words = format!(
        "Slack did not make the channel of the incident that you declared: {}. The incident is recorded and everybody else is told of it; `/incident list mine` shows it. Ask whoever manages the apps of this workspace to mend that.",
        escape(reason)
    );
    let told = asker.map(|user| Effect::Direct {
        user,
        message: words_only(&words),
    });
    Done {
        writes: vec![Write::put(
            rows::place(incident),
            Item::new().with("gone", reason),
        )],
        posts: then.iter().chain(&told).map(Effect::post).collect(),
        ..Done::default()
    }
}

/// The incident that an effect is for.
async fn load(turn: &Turn<'_>, id: &IncidentId) -> Result<Loaded, Undone> {
    let loaded = rows::load(turn.rows, id).await?;
    loaded.ok_or_else(|| Undone::Park("the incident is not there".to_owned()))
}

/// The incident and its channel, if messages can go there.
async fn in_channel(
    turn: &Turn<'_>,
    id: &IncidentId,
) -> Result<Option<(Incident, ChannelId)>, Undone> {
    let Loaded { incident, place } = load(turn, id).await?;
    match place {
        Place::Pending => Err(Undone::Park("its channel has not been made".to_owned())),
        Place::Made {
            channel,
            archived: false,
        } => Ok(Some((incident, channel))),
        Place::Made { .. } | Place::Gone { .. } => Ok(None),
    }
}

/// What to make of a refusal in the incident's channel: if the channel is gone or archived, that is noted, and the rest
/// of what should happen there is left out.
fn noted(id: &IncidentId, undone: Undone) -> Result<Done, Undone> {
    let Undone::Refused(Refusal::Rejected(SlackRejection::Permanent(code))) = &undone else {
        return Err(undone);
    };
    let note = match code.as_str() {
        "channel_not_found" => {
            Write::update(rows::place(id), "SET #gone = :gone").value(":gone", code.as_str())
        }
        // Whoever takes it out of the archive, or the bot in again, is heard.
        "is_archived" | "not_in_channel" => {
            Write::update(rows::place(id), "SET #archived = :yes").value(":yes", true)
        }
        _ => return Err(undone),
    };
    Ok(Done {
        writes: vec![note],
        ..Done::default()
    })
}

/// Whether Slack refused with one of those codes.
fn is_code(undone: &Undone, codes: &[&str]) -> bool {
    matches!(undone, Undone::Refused(Refusal::Rejected(SlackRejection::Permanent(code))) if codes.contains(&code.as_str()))
}
