//! Performs the effects of incidents. The content of each message is rendered from the incident's state at that time.

mod channel;
mod create_channel;
mod fan_out;
mod messages;
mod posting;

use serde_json::Value as Json;
use tidegate_outcome::Refusal;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::{Done, Effect as Turn, Undone};
use tidegate_pipeline::table::{Item, Write};
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::ids::{ChannelId, UserId};
use tidegate_slack::mrkdwn::escape;

use crate::decide::context::words_only;
use crate::model::effect::Effect;
use crate::model::incident::{Incident, IncidentId};
use crate::model::notification;
use crate::model::rows::{self, Loaded, Place};
use crate::service::Incidents;

/// Performs one effect. An effect that cannot be parsed is parked.
pub async fn perform(incidents: &Incidents, turn: Turn<'_>) -> Result<Done, Undone> {
    let Some(effect) = Effect::parse(turn.body) else {
        return Err(Undone::Park("it cannot be read".to_owned()));
    };
    match &effect {
        Effect::CreateChannel { incident, then, .. } => {
            create_channel::create(&turn, incident, then).await
        }
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
            Ok(fan_out::fan_out(effect, turn.clock.now()))
        }
        Effect::Refresh { incident, to } => messages::refresh(&turn, incident, to).await,
        Effect::StatusPage { incident } => sync_status_page(incidents, &turn, incident).await,
    }
}

/// The writes and effects that follow when an effect is parked for `reason`.
pub fn given_up(body: &Json, reason: &str, now: Timestamp) -> Done {
    let Some(effect) = Effect::parse(body) else {
        return Done::default();
    };
    match effect {
        Effect::CreateChannel {
            incident,
            then,
            asker,
        } => channel_failed(&incident, &then, asker, reason),
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

/// Makes the next call that brings the status page in line with the incident.
async fn sync_status_page(
    incidents: &Incidents,
    turn: &Turn<'_>,
    incident: &IncidentId,
) -> Result<Done, Undone> {
    let settings = incidents.settings(turn.rows).await?.settings;
    let link = incidents.public_page(turn.tenant, &settings);
    incidents.pages.sync(turn, &settings, link, incident).await
}

/// Handles a channel that cannot be created: the waiting effects are queued without it, and the person who declared the
/// incident gets the reason.
fn channel_failed(
    incident: &IncidentId,
    then: &[Effect],
    asker: Option<UserId>,
    reason: &str,
) -> Done {
    let words = format!(
        "Slack did not make the channel of the incident that you declared: {}. The incident is recorded and everybody else is told \
         of it; `/incident list mine` shows it. Ask the people who manage the apps of this workspace to mend that.",
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

/// Loads the incident of an effect; parks the effect if there is none.
async fn load(turn: &Turn<'_>, id: &IncidentId) -> Result<Loaded, Undone> {
    let loaded = rows::load(turn.rows, id).await?;
    loaded.ok_or_else(|| Undone::Park("the incident is not there".to_owned()))
}

/// The incident and its channel; `None` if the channel is archived or gone.
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

/// Handles a rejected call in the incident's channel. If the channel is archived or gone, that is recorded, and the
/// effect counts as done; any other error is returned.
fn record_channel_loss(id: &IncidentId, undone: Undone) -> Result<Done, Undone> {
    let Undone::Refused(Refusal::Rejected(SlackRejection::Permanent(code))) = &undone else {
        return Err(undone);
    };
    let note = match code.as_str() {
        "channel_not_found" => {
            Write::update(rows::place(id), "SET #gone = :gone").value(":gone", code.as_str())
        }
        // An event reports when the channel is unarchived or the bot is invited again.
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

/// Whether Slack rejected the call with one of `codes`.
fn is_code(undone: &Undone, codes: &[&str]) -> bool {
    matches!(undone, Undone::Refused(Refusal::Rejected(SlackRejection::Permanent(code))) if codes.contains(&code.as_str()))
}
