//! Kudos: `/kudos @somebody` thanks a person in the channel.
//!
//! A click on the message's button and a clap on any message of theirs count as well. A day after the last thanks the channel is
//! told how many there were; the home tab and the API say how many a person has.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value as Json, json};
use tidegate_api::{
    Access, Api, ApiResult, ApiSpec, Call, DomainApi, OfTenant, Routes, Scope, reply,
};
use tidegate_outcome::Refusal;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::{Done, Effect, Undone};
use tidegate_pipeline::dispatch::command_answer;
use tidegate_pipeline::domain::{
    CommandSpec, Context, Domain, DomainSpec, HomeContext, JobQueue, JobSpec,
};
use tidegate_pipeline::ledger::{Decision, JobError};
use tidegate_pipeline::outbox::{Class, Lane, Post, Target};
use tidegate_pipeline::table::{RowKey, Rows, TableError, Write};
use tidegate_pipeline::timers::{Fired, Timer, arm, disarm};
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::api::reactions::Add;
use tidegate_slack::blocks::{actions, button, message, section};
use tidegate_slack::command::SlashCommand;
use tidegate_slack::event::Envelope;
use tidegate_slack::grammar::Words;
use tidegate_slack::ids::{ChannelId, UserId};
use tidegate_slack::interaction::Interaction;
use utoipa::ToSchema;
use utoipa_axum::routes;

const COMMAND: &str = "/kudos";
const BUTTON: &str = "kudos.add";
const RECAP: &str = "kudos.recap";
const CLAP: &str = "kudos.clap";

/// The events, commands, buttons and rows that the domain owns.
pub static SPEC: DomainSpec = DomainSpec {
    events: &["reaction_added"],
    commands: &[CommandSpec {
        command: COMMAND,
        description: "Thank somebody",
        usage_hint: "@somebody",
    }],
    interactions: &[BUTTON],
    jobs: &[JobSpec {
        kind: RECAP,
        queue: JobQueue::Commands,
        longest: Duration::from_secs(5),
        needs_token: false,
    }],
    effects: &[CLAP],
    required_scopes: &["chat:write", "commands", "reactions:read"],
    optional_scopes: &["reactions:write"],
    rows: &["kudos", "kudos_channel"],
    has_home: true,
    ..DomainSpec::named("kudos")
};

/// The domain; it holds no state of its own.
pub struct Kudos;

/// The row that counts a person's kudos.
fn person(user: &UserId) -> RowKey {
    RowKey::new(&["kudos", user.as_str()], &["count"])
}

/// The write that adds one to it. It has no condition, so it never makes a decision stale.
fn add_one(user: &UserId) -> Write<RowKey> {
    Write::update(person(user), "ADD #n :one").value(":one", 1i64)
}

/// How many kudos a person has.
async fn count(rows: &Rows, user: &UserId) -> Result<i64, TableError> {
    let row = rows.get(&person(user)).await?;
    Ok(row.and_then(|row| row.number("n")).unwrap_or(0))
}

#[async_trait]
impl Domain for Kudos {
    fn spec(&self) -> &'static DomainSpec {
        &SPEC
    }

    async fn command(
        &self,
        context: Context<'_>,
        command: &SlashCommand,
    ) -> Result<Decision, JobError> {
        let user = match Words::new(&command.text).user() {
            Ok(user) => user,
            Err(why) => {
                return Ok(Decision {
                    posts: vec![command_answer(command, &why)?],
                    ..Decision::default()
                });
            }
        };
        Ok(Decision {
            writes: vec![
                add_one(&user),
                add_to_recap(&command.channel),
                recap_later(&command.channel, context.now()),
            ],
            posts: vec![thanks(&command.channel, &command.user, &user)],
            ..Decision::default()
        })
    }

    async fn event(
        &self,
        _context: Context<'_>,
        envelope: &Envelope,
    ) -> Result<Decision, JobError> {
        let clapped = clapped_for(envelope);
        Ok(Decision {
            writes: clapped.iter().map(add_one).collect(),
            ..Decision::default()
        })
    }

    async fn interaction(
        &self,
        _context: Context<'_>,
        interaction: &Interaction<'_>,
    ) -> Result<Decision, JobError> {
        let Some(user) = interaction.actions().find_map(|click| click.value()) else {
            return Ok(Decision::default());
        };
        let place = interaction.channel().zip(interaction.message_ts());
        let clap = place.map(|(channel, ts)| Post {
            lane: Lane::named(&["kudos", channel.as_str()]),
            target: Target::Effect,
            body: json!({"channel": channel.as_str(), "ts": ts.as_str()}),
            class: Class::Repeatable,
            purpose: CLAP,
        });
        Ok(Decision {
            writes: vec![add_one(&user.into())],
            posts: clap.into_iter().collect(),
            ..Decision::default()
        })
    }

    async fn job(&self, context: Context<'_>) -> Result<Decision, JobError> {
        let fired: Fired = serde_json::from_slice(&context.job.body)
            .map_err(|e| JobError::Fail(format!("the timer cannot be read: {e}")))?;
        let channel = fired.payload["channel"].as_str().unwrap_or_default();
        let channel = ChannelId::from(channel);
        let timer = context.rows.get(&recap_timer(&channel)).await?;
        let timer = timer.as_ref().and_then(Timer::parse);
        if timer.is_none_or(|timer| timer.generation != fired.generation) {
            return Ok(Decision::default());
        }
        let row = context.rows.get(&recap_count(&channel)).await?;
        let n = row.and_then(|row| row.number("n")).unwrap_or(0);
        Ok(Decision {
            writes: vec![
                disarm(recap_timer(&channel))
                    .when("#gen = :gen")
                    .value(":gen", fired.generation),
                Write::delete(recap_count(&channel))
                    .when("#n = :n")
                    .value(":n", n),
            ],
            posts: vec![say(&channel, &json!({"text": format!("Kudos here: {n}")}))],
            ..Decision::default()
        })
    }

    async fn perform(&self, effect: Effect<'_>) -> Result<Done, Undone> {
        let text = |name: &str| effect.body[name].as_str().unwrap_or_default();
        let clap = Add {
            channel: text("channel").into(),
            timestamp: text("ts").into(),
            name: "clap".to_owned(),
        };
        match effect.call(&clap).await {
            Ok(_) => Ok(Done::default()),
            Err(Undone::Refused(Refusal::Rejected(SlackRejection::Permanent(code))))
                if code == "already_reacted" =>
            {
                Ok(Done::default())
            }
            Err(undone) => Err(undone),
        }
    }

    async fn home(&self, context: HomeContext<'_>) -> Result<Vec<Json>, Undone> {
        let n = count(context.rows, context.user).await?;
        Ok(vec![section(&format!("You have *{n}* kudos."))])
    }
}

/// The message that thanks somebody, with its button.
fn thanks(channel: &ChannelId, from: &UserId, to: &UserId) -> Post {
    let text = format!("<@{from}> thanks <@{to}>.");
    let mut blocks = vec![section(&text)];
    blocks.extend(actions([button("Me too", BUTTON, to.as_str())]));
    say(channel, &message(&text, blocks))
}

/// A post to a channel.
fn say(channel: &ChannelId, message: &Json) -> Post {
    let mut body = message.clone();
    body["channel"] = channel.as_str().into();
    Post {
        lane: Lane::channel(channel),
        target: Target::Channel,
        body,
        class: Class::AtMostOnce,
        purpose: "kudos.say",
    }
}

/// Who is clapped for: the author of the message, unless it is their own clap or ours.
fn clapped_for(envelope: &Envelope) -> Option<UserId> {
    let event = envelope.event()?;
    let author = event.item_user()?;
    let counts = event.reaction() == Some("clap") && event.user() != Some(author);
    (counts && !envelope.is_own()).then(|| author.into())
}

fn recap_timer(channel: &ChannelId) -> RowKey {
    RowKey::new(&["kudos_channel", channel.as_str()], &["timer"])
}

fn recap_count(channel: &ChannelId) -> RowKey {
    RowKey::new(&["kudos_channel", channel.as_str()], &["count"])
}

fn add_to_recap(channel: &ChannelId) -> Write<RowKey> {
    Write::update(recap_count(channel), "ADD #n :one").value(":one", 1i64)
}

/// Sets the timer anew: the moment is its generation, so a job of an earlier one does nothing.
fn recap_later(channel: &ChannelId, now: Timestamp) -> Write<RowKey> {
    let payload = json!({"channel": channel.as_str()});
    let due = now.plus(Duration::from_hours(24));
    arm(recap_timer(channel), RECAP, &payload, now.millis(), due)
}

/// See how many kudos people have.
const KUDOS_READ: Scope = Scope::named("kudos:read");

/// What kudos add to the API.
pub static API: ApiSpec = ApiSpec {
    routes: || Routes::default().at(&Access::TenantOrOperator(KUDOS_READ), routes!(show)),
    scopes: &[KUDOS_READ],
    member_scopes: &[KUDOS_READ],
};

impl DomainApi for Kudos {
    fn api(&self) -> &'static ApiSpec {
        &API
    }
}

/// The kudos of a person.
#[derive(Serialize, ToSchema)]
struct KudosOf {
    ok: bool,
    user: String,
    kudos: i64,
}

/// Show how many kudos a person has
#[utoipa::path(
    get,
    path = "/v1/kudos/{user}",
    tag = "kudos",
    params(("user" = String, Path, description = "The person's id"), OfTenant),
    responses((status = 200, body = KudosOf))
)]
async fn show(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let tenant = call.tenant()?;
    let rows = api.table.rows(&call, &tenant)?;
    let user = UserId::from(call.path("user"));
    let found = KudosOf {
        ok: true,
        kudos: count(&rows, &user).await?,
        user: user.to_string(),
    };
    Ok(reply::json(StatusCode::OK, &found))
}
