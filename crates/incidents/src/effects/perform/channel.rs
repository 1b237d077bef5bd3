//! Effects on an incident's channel: invitations, topic, bookmarks, name and archiving.

use tidegate_outcome::Refusal;
use tidegate_pipeline::delivery::{Done, Effect as Turn, Undone};
use tidegate_pipeline::table::Write;
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::api::bookmarks as links;
use tidegate_slack::api::conversations::{Archive, Invite, Rename, SetTopic, Unarchive};
use tidegate_slack::ids::{ChannelId, UserId};

use super::{in_channel, is_code, load, record_channel_loss};
use crate::decide::context::words_only;
use crate::decide::relations;
use crate::model::effect::Effect;
use crate::model::incident::{Incident, IncidentId};
use crate::model::rows::{self, Loaded, Place};
use crate::model::settings::Settings;
use crate::model::{channel_name, publication};
use crate::render;
use crate::service::Incidents;

/// Invites people in one call. If Slack rejects the whole list because of one person, each is invited separately, so
/// that the others still join.
pub(super) async fn invite(
    turn: &Turn<'_>,
    id: &IncidentId,
    users: &[UserId],
) -> Result<Done, Undone> {
    let Some((_, channel)) = in_channel(turn, id).await? else {
        return Ok(Done::default());
    };
    let all: Vec<&str> = users.iter().map(UserId::as_str).collect();
    match call_invite(turn, &channel, &all.join(",")).await {
        Ok(()) => return Ok(Done::default()),
        Err(undone) if all.len() > 1 && concerns_person(&undone) => {}
        // Nobody else is affected, and the incident still lists the person as a participant.
        Err(undone) if concerns_person(&undone) => return Ok(Done::default()),
        Err(undone) => return record_channel_loss(id, undone),
    }
    // Each invitation is an effect of its own, because Slack limits how many calls can be made at once.
    let alone = |user: &UserId| Effect::Invite {
        incident: id.clone(),
        users: vec![user.clone()],
    };
    Ok(Done {
        posts: users.iter().map(|user| alone(user).post()).collect(),
        ..Done::default()
    })
}

async fn call_invite(turn: &Turn<'_>, channel: &ChannelId, users: &str) -> Result<(), Undone> {
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

/// Whether a rejection concerns one of the people and not the channel.
fn concerns_person(undone: &Undone) -> bool {
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

/// Sets the channel's topic to the present state.
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
        Err(undone) => record_channel_loss(id, undone),
    }
}

/// Adds the bookmarks that the channel lacks, and leaves the others alone.
pub(super) async fn bookmarks(
    turn: &Turn<'_>,
    incidents: &Incidents,
    id: &IncidentId,
) -> Result<Done, Undone> {
    let Some((incident, channel)) = in_channel(turn, id).await? else {
        return Ok(Done::default());
    };
    let settings = incidents.settings(turn.rows).await?.settings;
    let page = incidents.public_page(turn.tenant, &settings);
    let mut wanted = link_bookmarks(&incident, &settings, page.as_deref());
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
        Err(undone) => return record_channel_loss(id, undone),
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
            return record_channel_loss(id, undone);
        }
    }
    Ok(Done::default())
}

/// Title and address of each bookmark: the status page and the runbook of each service.
fn link_bookmarks(
    incident: &Incident,
    settings: &Settings,
    page: Option<&str>,
) -> Vec<(String, String)> {
    let page = page.filter(|_| publication::concerns(incident));
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

/// Renames the channel to the incident's `channel_name`, or to [`channel_name::other`] if that is taken.
pub(super) async fn rename(turn: &Turn<'_>, id: &IncidentId) -> Result<Done, Undone> {
    let Some((incident, channel)) = in_channel(turn, id).await? else {
        return Ok(Done::default());
    };
    let other = channel_name::other(&incident.channel_name, id);
    let [first, other] = [incident.channel_name, other].map(|name| Rename {
        channel: channel.clone(),
        name,
    });
    let mut outcome = turn.call(&first).await;
    if matches!(&outcome, Err(undone) if is_code(undone, &["name_taken"])) {
        outcome = turn.call_next(&other).await;
    }
    match outcome {
        Ok(_) => return Ok(Done::default()),
        Err(undone) if is_code(&undone, &["name_taken"]) => {}
        Err(undone) => return record_channel_loss(id, undone),
    }
    Err(Undone::Park(
        "Slack says that both names for the channel are taken".to_owned(),
    ))
}

/// Archives the channel, and records that it is archived. An archived channel is left as it is.
pub(super) async fn archive(turn: &Turn<'_>, id: &IncidentId) -> Result<Done, Undone> {
    let Some((_, channel)) = in_channel(turn, id).await? else {
        return Ok(Done::default());
    };
    match turn.call(&Archive { channel }).await {
        Ok(_) => Ok(archived(id, true)),
        Err(undone) if is_code(&undone, &["already_archived"]) => Ok(archived(id, true)),
        Err(undone) => record_channel_loss(id, undone),
    }
}

/// Unarchives the channel. Slack forbids it for a bot that lost its membership when the channel was archived; in that
/// case a person is asked to do it.
pub(super) async fn unarchive(turn: &Turn<'_>, id: &IncidentId) -> Result<Done, Undone> {
    let Loaded { incident, place } = load(turn, id).await?;
    let Place::Made {
        channel,
        archived: true,
    } = place
    else {
        return Ok(Done::default());
    };
    let request = Unarchive {
        channel: channel.clone(),
    };
    match turn.call(&request).await {
        Ok(_) => Ok(archived(id, false)),
        Err(undone) if is_code(&undone, &["not_archived"]) => Ok(archived(id, false)),
        Err(Undone::Refused(Refusal::Rejected(
            SlackRejection::Permanent(_) | SlackRejection::MissingScope { .. },
        ))) => Ok(ask_to_unarchive(&incident, &channel)),
        Err(undone) => Err(undone),
    }
}

/// Asks the commander, or the reporter if there is no commander, to unarchive the channel. An event then reports that
/// the channel is available again.
fn ask_to_unarchive(incident: &Incident, channel: &ChannelId) -> Done {
    let words = format!(
        "*{}* was reopened, and Slack lets no app take its channel <#{channel}> out of the archive. Please do so, and \
         invite the app to it: `/invite` in the channel.",
        incident.name()
    );
    let whom = incident.commander().or(incident.reporter.person());
    let ask = whom.map(|user| Effect::Direct {
        user: user.clone(),
        message: words_only(&words),
    });
    Done {
        posts: ask.iter().map(Effect::post).collect(),
        ..Done::default()
    }
}

fn archived(id: &IncidentId, is: bool) -> Done {
    let note = Write::update(rows::place(id), "SET #archived = :is").value(":is", is);
    Done {
        writes: vec![note],
        ..Done::default()
    }
}
