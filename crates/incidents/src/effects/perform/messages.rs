//! Effects that post or edit messages: in the incident's channel, in other channels, and to people.

use serde_json::Value as Json;
use tidegate_pipeline::delivery::{Done, Effect as Turn, Undone};
use tidegate_pipeline::table::Write;
use tidegate_slack::api::chat::PostEphemeral;
use tidegate_slack::api::pins;
use tidegate_slack::ids::UserId;

use super::posting::{
    blocks_of, edit, load_message, message_row, open_direct_message, post, text_of,
};
use super::{in_channel, is_code, load, record_channel_loss};
use crate::decide::routing;
use crate::model::effect::Effect;
use crate::model::incident::{Incident, IncidentId};
use crate::model::news::{Audience, News};
use crate::model::role::RoleName;
use crate::model::rows::Place;
use crate::model::severity::Severity;
use crate::model::{notification, rows};
use crate::render;
use crate::render::announcement::Because;
use crate::service::Incidents;

/// Posts the header message of the channel, or edits it.
pub(super) async fn header(
    turn: &Turn<'_>,
    incidents: &Incidents,
    id: &IncidentId,
) -> Result<Done, Undone> {
    let Some((incident, channel)) = in_channel(turn, id).await? else {
        return Ok(Done::default());
    };
    let settings = incidents.settings(turn.rows).await?.settings;
    let own: Vec<RoleName> = settings
        .roles
        .keys()
        .filter_map(|name| RoleName::parse(name))
        .collect();
    let own: Vec<RoleName> = own
        .into_iter()
        .filter(|role| matches!(role, RoleName::Custom(_)))
        .collect();
    let message = render::header::message_of(&incident, &own);
    let key = rows::message(id, "header", "");
    let put = match load_message(turn, &key).await? {
        Some(stored) => edit(turn, &stored, &message).await,
        None => match post(turn, &channel, None, &message).await {
            Ok(ts) => Ok((Some(ts.clone()), Some(message_row(&channel, &ts, &message)))),
            Err(undone) => Err(undone),
        },
    };
    match put {
        Ok((ts, row)) => Ok(Done {
            ts,
            writes: row.map(|row| Write::put(key, row)).into_iter().collect(),
            ..Done::default()
        }),
        Err(undone) => record_channel_loss(id, undone),
    }
}

/// Pins the header message, if it was posted.
pub(super) async fn pin(turn: &Turn<'_>, id: &IncidentId) -> Result<Done, Undone> {
    let Some(stored) = load_message(turn, &rows::message(id, "header", "")).await? else {
        return Ok(Done::default());
    };
    let request = pins::Add {
        channel: stored.channel,
        timestamp: stored.ts,
    };
    match turn.call(&request).await {
        Ok(_) => Ok(Done::default()),
        Err(undone) if is_code(&undone, &["already_pinned", "message_not_found"]) => {
            Ok(Done::default())
        }
        Err(undone) => record_channel_loss(id, undone),
    }
}

/// Posts a message in the channel.
pub(super) async fn say(turn: &Turn<'_>, id: &IncidentId, message: &Json) -> Result<Done, Undone> {
    let Some((_, channel)) = in_channel(turn, id).await? else {
        return Ok(Done::default());
    };
    match post(turn, &channel, None, message).await {
        Ok(ts) => Ok(Done {
            ts: Some(ts),
            ..Done::default()
        }),
        Err(undone) => record_channel_loss(id, undone),
    }
}

/// Posts an ephemeral message, visible to one person.
pub(super) async fn whisper(
    turn: &Turn<'_>,
    id: &IncidentId,
    user: &UserId,
    message: &Json,
) -> Result<Done, Undone> {
    let Some((_, channel)) = in_channel(turn, id).await? else {
        return Ok(Done::default());
    };
    let request = PostEphemeral {
        channel,
        user: user.clone(),
        text: text_of(message),
        blocks: blocks_of(message),
        thread_ts: None,
    };
    match turn.call(&request).await {
        Ok(_) => Ok(Done::default()),
        // A person who has left the channel needs no message.
        Err(undone) if is_code(&undone, &["user_not_in_channel"]) => Ok(Done::default()),
        Err(undone) => record_channel_loss(id, undone),
    }
}

/// Notifies an audience. The first notification posts a message; later ones edit it and reply in its thread.
pub(super) async fn tell(turn: &Turn<'_>, effect: &Effect) -> Result<Done, Undone> {
    let Effect::Tell {
        incident: id,
        to,
        news,
        from,
        words,
        ..
    } = effect
    else {
        return Err(Undone::Park("it tells nobody".to_owned()));
    };
    let loaded = load(turn, id).await?;
    let (incident, place) = (&loaded.incident, &loaded.place);
    let key = rows::message(id, "announcement", to.as_str());
    if !to.may_know(incident) {
        return redact(turn, effect, id, to).await;
    }
    let root = root(incident, place, to, *news);
    let mut writes = Vec::new();
    let ts = if let Some(stored) = load_message(turn, &key).await? {
        let (_, row) = edit(turn, &stored, &root).await?;
        writes.extend(row.map(|row| Write::put(key, row)));
        let words = words.as_deref().unwrap_or_default();
        let news = to_rendered(*news, *from, words);
        let said = render::announcement::update(incident, news, place.channel());
        post(turn, &stored.channel, Some(&stored.ts), &said).await?
    } else {
        let channel = match to {
            Audience::Channel(channel) => channel.clone(),
            Audience::Person(user) => open_direct_message(turn, user).await?,
        };
        let ts = post(turn, &channel, None, &root).await?;
        writes.push(Write::put(key, message_row(&channel, &ts, &root)));
        ts
    };
    writes.extend(notification::ended(
        effect,
        Ok(&ts),
        turn.attempts,
        turn.clock.now(),
    ));
    Ok(Done {
        ts: Some(ts),
        writes,
        ..Done::default()
    })
}

/// Handles an incident that became private while the notification waited: records the notification as failed and
/// redacts the earlier message.
async fn redact(
    turn: &Turn<'_>,
    effect: &Effect,
    id: &IncidentId,
    to: &Audience,
) -> Result<Done, Undone> {
    let mut done = refresh(turn, id, to).await?;
    let why = Err("the incident is private now");
    done.writes.extend(notification::ended(
        effect,
        why,
        turn.attempts,
        turn.clock.now(),
    ));
    Ok(done)
}

/// Edits the message of an audience to the present state, if it has one.
pub(super) async fn refresh(
    turn: &Turn<'_>,
    id: &IncidentId,
    to: &Audience,
) -> Result<Done, Undone> {
    let key = rows::message(id, "announcement", to.as_str());
    let Some(stored) = load_message(turn, &key).await? else {
        return Ok(Done::default());
    };
    let loaded = load(turn, id).await?;
    let message = root(&loaded.incident, &loaded.place, to, News::Updated);
    let (_, row) = edit(turn, &stored, &message).await?;
    Ok(Done {
        writes: row.map(|row| Write::put(key, row)).into_iter().collect(),
        ..Done::default()
    })
}

/// Sends a direct message to one person.
pub(super) async fn direct_message(
    turn: &Turn<'_>,
    user: &UserId,
    message: &Json,
) -> Result<Done, Undone> {
    let channel = open_direct_message(turn, user).await?;
    let ts = post(turn, &channel, None, message).await?;
    Ok(Done {
        ts: Some(ts),
        ..Done::default()
    })
}

/// The message of an audience, which later notifications edit.
fn root(incident: &Incident, place: &Place, to: &Audience, news: News) -> Json {
    if !to.may_know(incident) {
        return render::announcement::withheld(incident);
    }
    let room = place.channel();
    match to {
        Audience::Channel(_) => render::announcement::root(incident, room),
        Audience::Person(user) => {
            let heard = |news| routing::has_heard(incident, news, to);
            let only_called =
                heard(News::Paged) && !heard(News::Declared) && !heard(News::Escalated);
            let because = if news == News::Paged || only_called {
                Because::Paged
            } else if incident.watchers.contains(user) {
                Because::Watcher
            } else {
                Because::Severity
            };
            render::announcement::direct_message(incident, room, because)
        }
    }
}

/// Converts the news to its form in the announcement's thread.
fn to_rendered(news: News, from: Option<Severity>, words: &str) -> render::announcement::News<'_> {
    use render::announcement::News as Rendered;
    match (news, from) {
        (News::Escalated, Some(from)) => Rendered::Severity {
            from,
            reason: Some(words).filter(|words| !words.is_empty()),
        },
        (News::Resolved, _) => Rendered::Resolved(words),
        (News::Reopened, _) => Rendered::Reopened(words),
        (News::Withdrawn, _) => Rendered::Canceled(words),
        (News::Declared | News::Escalated | News::Updated | News::Paged, _) => {
            Rendered::Update(words)
        }
    }
}
