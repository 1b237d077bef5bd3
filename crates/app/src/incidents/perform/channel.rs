//! The incident's channel: made once, filled, named, put away.

use tidegate_pipeline::delivery::{Done, Effect as Turn, Undone};
use tidegate_pipeline::table::{Item, Write};
use tidegate_slack::api::conversations::{Archive, Create, Invite, Rename, SetTopic, Unarchive};
use tidegate_slack::api::types::channel::Channel;
use tidegate_slack::api::{auth, bookmarks as links, users};
use tidegate_slack::ids::{ChannelId, UserId};

use super::{in_channel, is_code, load, noted};
use crate::incidents::channel_name;
use crate::incidents::desk::Desk;
use crate::incidents::effect::Effect;
use crate::incidents::incident::{Incident, IncidentId};
use crate::incidents::rows::{self, Place};
use crate::incidents::settings::Settings;
use crate::incidents::{public, relations, render};

/// Pages of the bot's own channels that are searched for one that was perhaps made; 200 each.
const MAX_PAGES: usize = 50;

/// Seconds by which Slack's clock and ours may differ.
const CLOCKS_DIFFER: i64 = 60;

/// Makes the channel. When an earlier attempt may have made it, it is looked for first: there are never two.
pub(super) async fn create(
    turn: &Turn<'_>,
    id: &IncidentId,
    then: &[Effect],
) -> Result<Done, Undone> {
    let loaded = load(turn, id).await?;
    if let Place::Made { .. } = loaded.place {
        return Ok(told(then));
    }
    let incident = loaded.incident;
    let names = [
        incident.channel_name.clone(),
        channel_name::other(&incident.channel_name, id),
    ];
    if let Some(since) = turn.doubt_since
        && let Some(found) = find(turn, &names, since.seconds() - CLOCKS_DIFFER).await?
    {
        return Ok(made(id, &found, then));
    }
    for name in names {
        let request = Create {
            name,
            is_private: Some(incident.private),
            team_id: None,
        };
        match turn.call(&request).await {
            Ok(answer) => return Ok(made(id, &answer.channel, then)),
            Err(undone) if is_code(&undone, &["name_taken"]) => {}
            Err(undone) => return Err(undone),
        }
    }
    Err(Undone::Park(
        "Slack says that both names for the channel are taken".to_owned(),
    ))
}

/// A channel that the bot made since, under one of these names.
async fn find(turn: &Turn<'_>, names: &[String], since: i64) -> Result<Option<Channel>, Undone> {
    let own = turn.call(&auth::Test {}).await?.user_id;
    let mut cursor = None;
    for _ in 0..MAX_PAGES {
        let request = users::Conversations {
            types: Some(vec![
                "public_channel".to_owned(),
                "private_channel".to_owned(),
            ]),
            exclude_archived: Some(true),
            limit: Some(200),
            cursor: cursor.take(),
            ..users::Conversations::default()
        };
        let page = turn.call(&request).await?;
        let ours = |channel: &&Channel| {
            names.contains(&channel.name) && channel.creator == own && channel.created >= since
        };
        if let Some(found) = page.channels.iter().find(ours) {
            return Ok(Some(found.clone()));
        }
        cursor = Some(page.response_metadata.next_cursor).filter(|next| !next.is_empty());
        if cursor.is_none() {
            return Ok(None);
        }
    }
    Err(Undone::Park(
        "the bot is in too many channels to look for the one that it may have made".to_owned(),
    ))
}

fn made(id: &IncidentId, channel: &Channel, then: &[Effect]) -> Done {
    let place = Item::new()
        .with("channel", channel.id.as_str())
        .with("name", channel.name.as_str());
    Done {
        writes: vec![
            Write::put(rows::place(id), place),
            Write::put(rows::by_channel(&channel.id), rows::pointer(id)),
        ],
        ..told(then)
    }
}

fn told(then: &[Effect]) -> Done {
    Done {
        posts: then.iter().map(Effect::post).collect(),
        ..Done::default()
    }
}

/// Brings people in, all at once, and one by one if Slack refuses the whole list: one who cannot come keeps no other out.
pub(super) async fn invite(
    turn: &Turn<'_>,
    id: &IncidentId,
    users: &[UserId],
) -> Result<Done, Undone> {
    let Some((_, channel)) = in_channel(turn, id).await? else {
        return Ok(Done::default());
    };
    let all: Vec<&str> = users.iter().map(UserId::as_str).collect();
    match invite_some(turn, &channel, &all.join(",")).await {
        Ok(()) => return Ok(Done::default()),
        Err(undone) if all.len() > 1 && is_personal(&undone) => {}
        // Nobody else is kept out by it, and the timeline has them as a participant anyway.
        Err(undone) if is_personal(&undone) => return Ok(Done::default()),
        Err(undone) => return noted(id, undone),
    }
    for user in all {
        match invite_some(turn, &channel, user).await {
            Ok(()) => {}
            Err(undone) if is_personal(&undone) => {
                tracing::warn!(user, "incident.invite: this person cannot be invited");
            }
            Err(undone) => return noted(id, undone),
        }
    }
    Ok(Done::default())
}

async fn invite_some(turn: &Turn<'_>, channel: &ChannelId, users: &str) -> Result<(), Undone> {
    let request = Invite {
        channel: channel.clone(),
        users: users.to_owned(),
        force: Some(true),
    };
    match turn.call(&request).await {
        Ok(_) => Ok(()),
        Err(undone) if is_code(&undone, &["already_in_channel", "cant_invite_self"]) => Ok(()),
        Err(undone) => Err(undone),
    }
}

/// Whether a refusal is about one of the people, and not about the channel.
fn is_personal(undone: &Undone) -> bool {
    is_code(
        undone,
        &[
            "cant_invite",
            "user_not_found",
            "no_user",
            "user_is_restricted",
            "user_is_ultra_restricted",
            "ura_max_channels",
            "user_disabled",
            "user_team_not_in_channel",
            "already_in_channel",
            "cant_invite_self",
            "users_list_not_supplied",
            "restricted_action",
        ],
    )
}

/// Sets the topic to the present state.
pub(super) async fn topic(turn: &Turn<'_>, id: &IncidentId) -> Result<Done, Undone> {
    let Some((incident, channel)) = in_channel(turn, id).await? else {
        return Ok(Done::default());
    };
    let request = SetTopic {
        channel,
        topic: render::topic::topic(&incident),
    };
    match turn.call(&request).await {
        Ok(_) => Ok(Done::default()),
        Err(undone) => noted(id, undone),
    }
}

/// Sets the bookmarks that the incident should have and has not; others are left alone.
pub(super) async fn bookmarks(
    turn: &Turn<'_>,
    desk: &Desk,
    id: &IncidentId,
) -> Result<Done, Undone> {
    let Some((incident, channel)) = in_channel(turn, id).await? else {
        return Ok(Done::default());
    };
    let settings = desk.settings(turn.rows).await?.settings;
    let page = desk.public_page(turn.tenant, &settings);
    let mut wanted = wanted_bookmarks(&incident, &settings, page.as_deref());
    let links = relations::load(turn.rows, id).await?;
    wanted.extend(links.iter().filter_map(relations::bookmark));
    if wanted.is_empty() {
        return Ok(Done::default());
    }
    let listed = turn
        .call(&links::ListBookmarks {
            channel_id: channel.clone(),
        })
        .await;
    let there = match listed {
        Ok(there) => there.bookmarks.0,
        Err(undone) => return noted(id, undone),
    };
    for (title, link) in wanted {
        let same =
            |b: &links::Bookmark| b.title == title && b.link.as_deref() == Some(link.as_str());
        if there.iter().any(same) {
            continue;
        }
        let request = links::Add {
            channel_id: channel.clone(),
            title,
            kind: "link".to_owned(),
            link: Some(link),
            emoji: None,
        };
        if let Err(undone) = turn.call(&request).await {
            return noted(id, undone);
        }
    }
    Ok(Done::default())
}

/// The links that people look for: the status page, and what to do about each service.
fn wanted_bookmarks(
    incident: &Incident,
    settings: &Settings,
    page: Option<&str>,
) -> Vec<(String, String)> {
    let page = page.filter(|_| public::concerns(incident));
    let mut wanted: Vec<_> = page
        .iter()
        .map(|page| ("Status page".to_owned(), (*page).to_owned()))
        .collect();
    for slug in &incident.services {
        let service = settings.services.get(slug);
        let runbook = service.and_then(|service| service.runbook.clone());
        wanted.extend(runbook.map(|runbook| (format!("Runbook: {slug}"), runbook)));
    }
    wanted
}

/// Gives the channel the name that the incident has for it now.
pub(super) async fn rename(turn: &Turn<'_>, id: &IncidentId) -> Result<Done, Undone> {
    let Some((incident, channel)) = in_channel(turn, id).await? else {
        return Ok(Done::default());
    };
    let other = channel_name::other(&incident.channel_name, id);
    for name in [incident.channel_name, other] {
        match turn
            .call(&Rename {
                channel: channel.clone(),
                name,
            })
            .await
        {
            Ok(answer) => {
                let name = Write::update(rows::place(id), "SET #name = :name")
                    .value(":name", answer.channel.name);
                return Ok(Done {
                    writes: vec![name],
                    ..Done::default()
                });
            }
            Err(undone) if is_code(&undone, &["name_taken"]) => {}
            Err(undone) => return noted(id, undone),
        }
    }
    Err(Undone::Park(
        "Slack says that both names for the channel are taken".to_owned(),
    ))
}

/// Puts the channel away.
pub(super) async fn archive(turn: &Turn<'_>, id: &IncidentId) -> Result<Done, Undone> {
    let Some((_, channel)) = in_channel(turn, id).await? else {
        return Ok(Done::default());
    };
    match turn.call(&Archive { channel }).await {
        Ok(_) => Ok(archived(id, true)),
        Err(undone) if is_code(&undone, &["already_archived"]) => Ok(archived(id, true)),
        Err(undone) => noted(id, undone),
    }
}

/// Takes the channel out again.
pub(super) async fn unarchive(turn: &Turn<'_>, id: &IncidentId) -> Result<Done, Undone> {
    let Place::Made {
        channel,
        archived: true,
    } = load(turn, id).await?.place
    else {
        return Ok(Done::default());
    };
    match turn.call(&Unarchive { channel }).await {
        Ok(_) => Ok(archived(id, false)),
        Err(undone) if is_code(&undone, &["not_archived"]) => Ok(archived(id, false)),
        Err(undone) => noted(id, undone),
    }
}

fn archived(id: &IncidentId, is: bool) -> Done {
    let note = Write::update(rows::place(id), "SET #archived = :is").value(":is", is);
    Done {
        writes: vec![note],
        ..Done::default()
    }
}
