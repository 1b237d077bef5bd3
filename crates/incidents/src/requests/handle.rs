//! Handles requests to incidents: reads the request, loads the rows for the decision, decides, and turns the verdict into writes
//! and posts, which are committed with the request's claim. If the rows changed meanwhile, it is called again.

use serde_json::json;
use tidegate_pipeline::clock::{Clock, Timestamp};
use tidegate_pipeline::domain::Context;
use tidegate_pipeline::ledger::{Decision, JobError};
use tidegate_pipeline::people::{Person, PersonKind};
use tidegate_pipeline::table::Rows;
use tidegate_pipeline::timers::Fired;
use tidegate_slack::command::SlashCommand;
use tidegate_slack::ids::TenantId;
use tidegate_slack::interaction::Interaction;

mod settle;

use tidegate_slack::mrkdwn::escape;

pub use self::settle::Settled;
use self::settle::{answer, settle};
use super::dispatch::decide;
use super::interaction;
use crate::command::{self, IncidentRef};
use crate::decide::context::DecisionContext;
use crate::decide::limits;
use crate::decide::request::{ReplyTo, Request, RequestKind, Subject};
use crate::effects::person;
use crate::model::actor::Actor;
use crate::model::rows::{self, Loaded};
use crate::model::settings::store;
use crate::model::timers::Wake;
use crate::service::Incidents;

/// The command's name in Slack.
pub const COMMAND: &str = "/incident";

/// Where a request came from, for the decision about it.
#[derive(Clone, Copy)]
pub struct RequestContext<'a> {
    /// The workspace that the request came from.
    pub tenant: &'a TenantId,
    /// The rows of that workspace.
    pub rows: &'a Rows,
    /// Names the request: the same for every attempt.
    pub cause: &'a str,
    /// The clock that gives the time of the decision.
    pub clock: &'a dyn Clock,
}

impl<'a> From<Context<'a>> for RequestContext<'a> {
    fn from(context: Context<'a>) -> Self {
        Self {
            tenant: &context.job.tenant,
            rows: context.rows,
            cause: &context.job.id,
            clock: context.clock,
        }
    }
}

/// Decides about `/incident …`.
pub async fn command(
    incidents: &Incidents,
    context: Context<'_>,
    typed: &SlashCommand,
) -> Result<Decision, JobError> {
    let reply_to = ReplyTo::Url(typed.response_url.clone());
    let request = match command::parse(&typed.text) {
        Ok(command) => Request {
            kind: RequestKind::Command(command),
            subject: Subject::Channel(typed.channel.clone()),
            actor: Actor::Person(typed.user.clone()),
            team: None,
            admin_key: false,
            trigger: Some(typed.trigger_id.clone()),
            view: None,
            reply_to,
        },
        Err(usage) => {
            let words = escape(&usage.to_string());
            return Ok(Decision {
                posts: answer(&reply_to, &json!({"text": words})),
                ..Decision::default()
            });
        }
    };
    Ok(decide_on(incidents, context.into(), &request)
        .await?
        .decision)
}

/// Decides about a click, a shortcut or a form. An interaction that requests nothing gets an empty decision.
pub async fn interaction(
    incidents: &Incidents,
    context: Context<'_>,
    payload: &Interaction<'_>,
) -> Result<Decision, JobError> {
    match interaction::read(payload) {
        Some(request) => Ok(decide_on(incidents, context.into(), &request)
            .await?
            .decision),
        None => Ok(Decision::default()),
    }
}

/// Decides about a timer that went off.
pub async fn timer(incidents: &Incidents, context: Context<'_>) -> Result<Decision, JobError> {
    let damaged = |e: serde_json::Error| JobError::Fail(format!("the timer cannot be read: {e}"));
    let fired: Fired = serde_json::from_slice(&context.job.body).map_err(damaged)?;
    let wake: Wake = serde_json::from_value(fired.payload).map_err(damaged)?;
    let request = Request {
        kind: RequestKind::Fire(wake.kind),
        subject: Subject::Incident(wake.incident),
        actor: Actor::Tidegate,
        team: None,
        admin_key: false,
        trigger: None,
        view: None,
        reply_to: ReplyTo::Caller,
    };
    Ok(decide_on(incidents, context.into(), &request)
        .await?
        .decision)
}

/// Decides about a request, on the rows as they stand.
pub async fn decide_on(
    incidents: &Incidents,
    context: RequestContext<'_>,
    request: &Request,
) -> Result<Settled, JobError> {
    let RequestContext {
        tenant,
        rows,
        cause,
        clock,
    } = context;
    let person = match request.actor.person() {
        Some(user) => {
            let team = request.team.as_deref();
            person::look_up(incidents, tenant, rows, user, team, clock.now()).await?
        }
        None => Person {
            kind: PersonKind::Member,
            zone: None,
            is_admin: false,
            is_deactivated: false,
        },
    };
    let settings = incidents.settings(rows).await?;
    let read = Read::load(rows, request).await?;
    let now = clock.now();
    let mut context = read.context(request, &settings, person, cause, now);
    if let Some(budget) = limits::budget(&request.kind, &request.actor) {
        context.offer = Some(budget.offer(rows, now).await?);
    }
    let verdict = decide(incidents, rows, &context, &request.kind).await?;
    settle(incidents, tenant, rows, request, &context, verdict).await
}

/// The rows that a decision needs.
struct Read {
    subject: Option<Loaded>,
    other: Option<Loaded>,
    count: u32,
}

impl Read {
    async fn load(rows: &Rows, request: &Request) -> Result<Self, JobError> {
        let subject = match request.kind.named() {
            Some(named) => load_named(rows, named).await?,
            None => match &request.subject {
                Subject::Channel(channel) => {
                    rows::load_pointed(rows, &rows::by_channel(channel)).await?
                }
                Subject::Incident(id) => rows::load(rows, id).await?,
                Subject::Number(number) => {
                    rows::load_pointed(rows, &rows::by_number(*number)).await?
                }
                Subject::Nothing => None,
            },
        };
        let other = match request.kind.other() {
            Some(named) => load_named(rows, named).await?,
            None => None,
        };
        let count = if request.kind.declares() {
            rows::count(rows).await?
        } else {
            0
        };
        Ok(Self {
            subject,
            other,
            count,
        })
    }

    fn context<'a>(
        &'a self,
        request: &Request,
        settings: &'a store::Loaded,
        person: Person,
        cause: &'a str,
        now: Timestamp,
    ) -> DecisionContext<'a> {
        DecisionContext {
            settings: &settings.settings,
            settings_version: settings.version,
            actor: request.actor.clone(),
            kind: person.kind,
            zone: person.zone,
            admin_key: request.admin_key,
            subject: self.subject.as_ref(),
            other: self.other.as_ref(),
            cause,
            now,
            count: self.count,
            offer: None,
        }
    }
}

async fn load_named(rows: &Rows, named: &IncidentRef) -> Result<Option<Loaded>, JobError> {
    let pointer = match named {
        IncidentRef::Number(number) => rows::by_number(*number),
        IncidentRef::Channel(channel) => rows::by_channel(channel),
    };
    Ok(rows::load_pointed(rows, &pointer).await?)
}
