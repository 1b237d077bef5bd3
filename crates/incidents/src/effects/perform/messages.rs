//! What an incident says: in its channel, to other channels, to people.

use serde_json::Value as Json;
use tidegate_pipeline::delivery::{Done, Effect as Turn, Undone};
use tidegate_pipeline::table::Write;
use tidegate_slack::api::chat::PostEphemeral;
use tidegate_slack::api::pins;
use tidegate_slack::ids::UserId;

use super::kept::{blocks_of, direct, edit, keep, kept, post, text_of};
use super::{in_channel, is_code, load, noted};
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

/// Posts the message at the top of the channel, or edits it.
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
    let put = match kept(turn, &key).await? {
        Some(kept) => edit(turn, &kept, &message).await,
        None => match post(turn, &channel, None, &message).await {
            Ok(ts) => Ok((Some(ts.clone()), Some(keep(&channel, &ts, &message)))),
            Err(undone) => Err(undone),
        },
    };
    match put {
        Ok((ts, row)) => Ok(Done {
            ts,
            writes: row.map(|row| Write::put(key, row)).into_iter().collect(),
            ..Done::default()
        }),
        Err(undone) => noted(id, undone),
    }
}

/// Pins that message.
pub(super) async fn pin(turn: &Turn<'_>, id: &IncidentId) -> Result<Done, Undone> {
    let Some(kept) = kept(turn, &rows::message(id, "header", "")).await? else {
        return Ok(Done::default());
    };
    let request = pins::Add {
        channel: kept.channel,
        timestamp: kept.ts,
    };
    match turn.call(&request).await {
        Ok(_) => Ok(Done::default()),
        Err(undone) if is_code(&undone, &["already_pinned", "message_not_found"]) => {
            Ok(Done::default())
        }
        Err(undone) => noted(id, undone),
    }
}

/// Says something in the channel.
pub(super) async fn say(turn: &Turn<'_>, id: &IncidentId, message: &Json) -> Result<Done, Undone> {
    let Some((_, channel)) = in_channel(turn, id).await? else {
        return Ok(Done::default());
    };
    match post(turn, &channel, None, message).await {
        Ok(ts) => Ok(Done {
            ts: Some(ts),
            ..Done::default()
        }),
        Err(undone) => noted(id, undone),
    }
}

/// Shows something in the channel to one person.
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
        // Whoever has left again needs no welcome.
        Err(undone) if is_code(&undone, &["user_not_in_channel"]) => Ok(Done::default()),
        Err(undone) => noted(id, undone),
    }
}

/// Tells an audience: by a message of its own at first; later that one is edited, and the news stands in its thread.
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
        return withhold(turn, effect, id, to).await;
    }
    let root = root(incident, place, to, *news);
    let mut writes = Vec::new();
    let ts = if let Some(kept) = kept(turn, &key).await? {
        let (_, row) = edit(turn, &kept, &root).await?;
        writes.extend(row.map(|row| Write::put(key, row)));
        let words = words.as_deref().unwrap_or_default();
        let news = words_of(*news, *from, words);
        let said = render::announcement::update(incident, news, place.channel());
        post(turn, &kept.channel, Some(&kept.ts), &said).await?
    } else {
        let channel = match to {
            Audience::Channel(channel) => channel.clone(),
            Audience::Person(user) => direct(turn, user).await?,
        };
        let ts = post(turn, &channel, None, &root).await?;
        writes.push(Write::put(key, keep(&channel, &ts, &root)));
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

/// Tells nothing of what became private while the news waited, and blanks what was told before.
async fn withhold(
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

/// Edits what an audience was told to the present state.
pub(super) async fn refresh(
    turn: &Turn<'_>,
    id: &IncidentId,
    to: &Audience,
) -> Result<Done, Undone> {
    let key = rows::message(id, "announcement", to.as_str());
    let Some(kept) = kept(turn, &key).await? else {
        return Ok(Done::default());
    };
    let loaded = load(turn, id).await?;
    let message = root(&loaded.incident, &loaded.place, to, News::Updated);
    let (_, row) = edit(turn, &kept, &message).await?;
    Ok(Done {
        writes: row.map(|row| Write::put(key, row)).into_iter().collect(),
        ..Done::default()
    })
}

/// Tells one person something.
pub(super) async fn direct_message(
    turn: &Turn<'_>,
    user: &UserId,
    message: &Json,
) -> Result<Done, Undone> {
    let channel = direct(turn, user).await?;
    let ts = post(turn, &channel, None, message).await?;
    Ok(Done {
        ts: Some(ts),
        ..Done::default()
    })
}

/// What an audience is told at first, and what stands there ever after.
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

/// The news in the words of the announcement's thread.
fn words_of(news: News, from: Option<Severity>, words: &str) -> render::announcement::News<'_> {
    use render::announcement::News as Told;
    match (news, from) {
        (News::Escalated, Some(from)) => Told::Severity {
            from,
            reason: Some(words).filter(|words| !words.is_empty()),
        },
        (News::Resolved, _) => Told::Resolved(words),
        (News::Reopened, _) => Told::Reopened(words),
        (News::Withdrawn, _) => Told::Canceled(words),
        (News::Declared | News::Escalated | News::Updated | News::Paged, _) => Told::Update(words),
    }
}
