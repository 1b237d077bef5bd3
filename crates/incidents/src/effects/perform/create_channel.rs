//! Creates an incident's channel exactly once, even if responses are lost.

use tidegate_pipeline::delivery::{Done, Effect as Turn, Undone};
use tidegate_pipeline::table::{Item, RowKey, Write};
use tidegate_slack::api::conversations::Create;
use tidegate_slack::api::types::channel::Channel;
use tidegate_slack::api::{auth, users};

use super::{is_code, load};
use crate::model::channel_name;
use crate::model::effect::Effect;
use crate::model::incident::{Incident, IncidentId};
use crate::model::rows::{self, Place};

/// Pages of the bot's channels to search in one attempt, 200 channels each, for a channel that an earlier attempt may
/// have created. The next attempt continues where this one stopped.
const MAX_PAGES: usize = 50;

/// Seconds by which Slack's clock and this machine's may differ.
const CLOCK_SKEW: i64 = 60;

/// Creates the channel. If an earlier attempt may have created it, searches for it first.
pub(super) async fn create(
    turn: &Turn<'_>,
    id: &IncidentId,
    then: &[Effect],
) -> Result<Done, Undone> {
    let loaded = load(turn, id).await?;
    if let Place::Made { .. } = loaded.place {
        return Ok(queue(then));
    }
    let incident = loaded.incident;
    let names = [
        incident.channel_name.clone(),
        channel_name::other(&incident.channel_name, id),
    ];
    if let Some(since) = turn.doubt_since {
        let search = Search {
            incident: &incident,
            names: &names,
            since: since.seconds() - CLOCK_SKEW,
        };
        if let Some(found) = find(turn, &search).await? {
            return Ok(created(&incident, &found, then));
        }
    }
    let [first, other] = names.map(|name| Create {
        name,
        is_private: Some(incident.private),
        team_id: None,
    });
    let mut outcome = turn.call(&first).await;
    if matches!(&outcome, Err(undone) if is_code(undone, &["name_taken"])) {
        outcome = turn.call_next(&other).await;
    }
    match outcome {
        Ok(answer) => return Ok(created(&incident, &answer.channel, then)),
        Err(undone) if is_code(&undone, &["name_taken"]) => {}
        Err(undone) => return Err(undone),
    }
    Err(Undone::Park(
        "Slack says that both names for the channel are taken".to_owned(),
    ))
}

/// The properties of a channel that an earlier attempt may have created.
struct Search<'a> {
    incident: &'a Incident,
    names: &'a [String],
    since: i64,
}

/// Searches for the channel that the bot created under one of the names since `search.since`, in seconds since 1970.
/// The cursor is stored after each page, because Slack allows few such calls a minute.
async fn find(turn: &Turn<'_>, search: &Search<'_>) -> Result<Option<Channel>, Undone> {
    let own = turn.call(&auth::Test {}).await?.user_id;
    let place = progress(&search.incident.id);
    let kept = turn.rows.get(&place).await?;
    let mut cursor = kept.and_then(|row| row.text("cursor").map(str::to_owned));
    for _ in 0..MAX_PAGES {
        let request = users::Conversations {
            types: Some(vec![
                "public_channel".to_owned(),
                "private_channel".to_owned(),
            ]),
            exclude_archived: Some(true),
            limit: Some(200),
            cursor: cursor.clone(),
            ..users::Conversations::default()
        };
        let page = match turn.call(&request).await {
            Ok(page) => page,
            Err(undone) if is_code(&undone, &["invalid_cursor"]) => {
                turn.rows.write(Write::delete(place)).await?;
                return Err(Undone::Retry("the search begins again".to_owned()));
            }
            Err(undone) => return Err(undone),
        };
        for channel in page.channels.iter() {
            if matches_search(search, channel)
                && channel.creator == own
                && is_unclaimed(turn, search, channel).await?
            {
                return Ok(Some(channel.clone()));
            }
        }
        let next = page.response_metadata.next_cursor;
        if next.is_empty() {
            turn.rows.write(Write::delete(place)).await?;
            return Ok(None);
        }
        let row = Item::new().with("cursor", next.as_str());
        turn.rows.write(Write::put(place.clone(), row)).await?;
        cursor = Some(next);
    }
    Err(Undone::Wait(turn.clock.now()))
}

fn matches_search(search: &Search<'_>, channel: &Channel) -> bool {
    search.names.contains(&channel.name)
        && channel.created >= search.since
        && channel.is_private == search.incident.private
}

/// Whether no other incident has the channel. Two incidents of the same day and service want the same name.
async fn is_unclaimed(
    turn: &Turn<'_>,
    search: &Search<'_>,
    channel: &Channel,
) -> Result<bool, Undone> {
    let owner = turn.rows.get(&rows::by_channel(&channel.id)).await?;
    let owner = owner.as_ref().and_then(rows::pointed);
    Ok(owner.is_none_or(|owner| owner == search.incident.id))
}

/// The key of the row that stores the search's cursor.
fn progress(id: &IncidentId) -> RowKey {
    rows::row(id, &["search"])
}

fn created(incident: &Incident, channel: &Channel, then: &[Effect]) -> Done {
    let id = &incident.id;
    // People can join a private channel by invitation only.
    let place = Item::new()
        .with("channel", channel.id.as_str())
        .with("private", incident.private);
    let pointer = Write::put(rows::by_channel(&channel.id), rows::pointer(id))
        .when("attribute_not_exists(#pk) OR #incident = :id")
        .value(":id", id.as_str());
    Done {
        writes: vec![
            Write::put(rows::place(id), place),
            pointer,
            Write::delete(progress(id)),
        ],
        ..queue(then)
    }
}

fn queue(then: &[Effect]) -> Done {
    Done {
        posts: then.iter().map(Effect::post).collect(),
        ..Done::default()
    }
}
