//! Handles what is asked of incidents: loads the case, has it decided, and commits state, timeline, outbox and the claim of
//! the request in one transaction. If the rows changed meanwhile, it is decided anew on what they say then.

use serde_json::{Value as Json, json};
use tidegate_pipeline::audit;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::ledger::{Committed, Decision, Delivery, JobError, Ledger};
use tidegate_pipeline::outbox::{Lane, Post};
use tidegate_pipeline::people::{Person, PersonKind};
use tidegate_pipeline::timers::Fired;
use tidegate_slack::command::SlashCommand;
use tidegate_slack::event::Envelope;
use tidegate_slack::interaction::Interaction;

mod settle;

use tidegate_slack::mrkdwn::escape;

use self::settle::{answer, settle};
use super::dispatch::decide;
use super::{events, interaction};
use crate::command::{self, IncidentRef};
use crate::decide::ask::{AnswerTo, Ask, Asked, Subject};
use crate::decide::case::{Case, Refused};
use crate::domain::Incidents;
use crate::effects::person;
use crate::model::actor::Actor;
use crate::model::incident::IncidentId;
use crate::model::rows::{self, Loaded};
use crate::model::settings::store;
use crate::model::timers::Wake;

/// The command's name in Slack.
pub const COMMAND: &str = "/incident";

/// Kind of the jobs that calls of the API are. They are on no queue: the caller waits.
pub const API_JOB: &str = "api.incident";

/// Times a decision is made anew because its rows changed meanwhile.
const TRIES: usize = 8;

/// What came of something asked.
pub struct Ran {
    /// Lanes to wake.
    pub lanes: Vec<Lane>,
    /// The answer, if the caller waits for it, and whether it is a refusal.
    pub answer: Option<Result<Json, Refused>>,
    /// The incident that was changed or declared.
    pub incident: Option<IncidentId>,
    /// It had been done before, under the same claim: the answer and the incident are those of another attempt, and
    /// nothing came of them.
    pub repeated: bool,
}

/// Handles `/incident …`.
pub async fn command(
    incidents: &Incidents,
    delivery: Delivery<'_>,
    ledger: &Ledger<'_>,
    typed: &SlashCommand,
) -> Result<Vec<Lane>, JobError> {
    let answer_to = AnswerTo::Url(typed.response_url.clone());
    let asked = match command::parse(&typed.text) {
        Ok(command) => Asked {
            ask: Ask::Command(command),
            subject: Subject::Channel(typed.channel.clone()),
            actor: Actor::Person(typed.user.clone()),
            team: None,
            admin_key: false,
            trigger: Some(typed.trigger_id.clone()),
            view: None,
            answer_to,
        },
        Err(usage) => {
            let words = escape(&usage.to_string());
            let posts = answer(&answer_to, &json!({"text": words}));
            return commit_alone(delivery, ledger, posts).await;
        }
    };
    Ok(run(incidents, delivery, ledger, &asked).await?.lanes)
}

/// Handles a click, a shortcut or a form. `None` if it is none of ours.
pub async fn interaction(
    incidents: &Incidents,
    delivery: Delivery<'_>,
    ledger: &Ledger<'_>,
    payload: &Interaction<'_>,
) -> Result<Option<Vec<Lane>>, JobError> {
    match interaction::read(payload) {
        Some(asked) => Ok(Some(run(incidents, delivery, ledger, &asked).await?.lanes)),
        None => Ok(None),
    }
}

/// Handles a timer that went off.
pub async fn timer(
    incidents: &Incidents,
    delivery: Delivery<'_>,
    ledger: &Ledger<'_>,
) -> Result<Vec<Lane>, JobError> {
    let damaged = |e: serde_json::Error| JobError::Fail(format!("the timer cannot be read: {e}"));
    let fired: Fired = serde_json::from_slice(&delivery.job.body).map_err(damaged)?;
    let wake: Wake = serde_json::from_value(fired.payload).map_err(damaged)?;
    let asked = Asked {
        ask: Ask::Fire(wake.kind),
        subject: Subject::Incident(wake.incident),
        actor: Actor::Tidegate,
        team: None,
        admin_key: false,
        trigger: None,
        view: None,
        answer_to: AnswerTo::Caller,
    };
    Ok(run(incidents, delivery, ledger, &asked).await?.lanes)
}

/// Handles what Slack tells of messages, pins, people and channels. `None` if no incident is concerned.
pub async fn event(
    incidents: &Incidents,
    delivery: Delivery<'_>,
    ledger: &Ledger<'_>,
    envelope: &Envelope,
) -> Result<Option<Decision>, JobError> {
    let (rows, tenant) = (&ledger.rows, &delivery.job.tenant);
    Ok(events::on_event(incidents, rows, tenant, envelope, ledger.clock.now()).await?)
}

/// Does what is asked, once.
pub async fn run(
    incidents: &Incidents,
    delivery: Delivery<'_>,
    ledger: &Ledger<'_>,
    asked: &Asked,
) -> Result<Ran, JobError> {
    let tenant = &delivery.job.tenant;
    let person = match asked.actor.person() {
        Some(user) => {
            let (rows, team, now) = (&ledger.rows, asked.team.as_deref(), ledger.clock.now());
            person::look_up(incidents, tenant, rows, user, team, now).await?
        }
        None => Person {
            kind: PersonKind::Member,
            zone: None,
        },
    };
    for _ in 0..TRIES {
        let settings = incidents.settings(&ledger.rows).await?;
        let read = Read::load(ledger, asked).await?;
        let case = read.case(asked, &settings, person, &delivery.job.id, ledger.clock);
        let verdict = decide(incidents, &ledger.rows, &case, &asked.ask).await?;
        let mut settled = settle(incidents, tenant, ledger, asked, &case, verdict).await?;
        if delivery.job.kind == API_JOB {
            match &settled.incident {
                // Where nothing changes there is nothing to claim: the key is good for another attempt.
                None => {
                    return Ok(Ran {
                        lanes: Vec::new(),
                        answer: settled.answer,
                        incident: None,
                        repeated: false,
                    });
                }
                Some(id) if asked.ask.declares() => {
                    let pointer = rows::put_request(&delivery.job.id, id, ledger);
                    settled.decision.writes.push(pointer);
                }
                Some(_) => {}
            }
        }
        let committed = ledger.commit(delivery, settled.decision).await?;
        let repeated = matches!(committed, Committed::Duplicate(_));
        match committed {
            Committed::Done(lanes) | Committed::Duplicate(lanes) => {
                if settled.configured {
                    audit(incidents, delivery, &asked.actor).await?;
                }
                return Ok(Ran {
                    lanes,
                    answer: settled.answer,
                    incident: settled.incident,
                    repeated,
                });
            }
            Committed::Stale => {}
        }
    }
    Err(JobError::Retry("the incident keeps changing".to_owned()))
}

/// The rows that a case looks at.
struct Read {
    subject: Option<Loaded>,
    other: Option<Loaded>,
    count: u32,
}

impl Read {
    async fn load(ledger: &Ledger<'_>, asked: &Asked) -> Result<Self, JobError> {
        let rows = &ledger.rows;
        let subject = match asked.ask.named() {
            Some(named) => load_named(rows, named).await?,
            None => match &asked.subject {
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
        let other = match asked.ask.other() {
            Some(named) => load_named(rows, named).await?,
            None => None,
        };
        let count = if asked.ask.declares() {
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

    fn case<'a>(
        &'a self,
        asked: &Asked,
        settings: &'a store::Loaded,
        person: Person,
        cause: &'a str,
        clock: &dyn Clock,
    ) -> Case<'a> {
        Case {
            settings: &settings.settings,
            settings_version: settings.version,
            actor: asked.actor.clone(),
            kind: person.kind,
            zone: person.zone,
            admin_key: asked.admin_key,
            subject: self.subject.as_ref(),
            other: self.other.as_ref(),
            cause,
            now: clock.now(),
            count: self.count,
        }
    }
}

async fn load_named(
    rows: &tidegate_pipeline::table::Rows,
    named: &IncidentRef,
) -> Result<Option<Loaded>, JobError> {
    let pointer = match named {
        IncidentRef::Number(number) => rows::by_number(*number),
        IncidentRef::Channel(channel) => rows::by_channel(channel),
    };
    Ok(rows::load_pointed(rows, &pointer).await?)
}

/// Notes that somebody changed the settings. What they say is not noted.
async fn audit(
    incidents: &Incidents,
    delivery: Delivery<'_>,
    actor: &Actor,
) -> Result<(), JobError> {
    let who = match actor {
        Actor::Person(user) => audit::Actor::Person(user.clone()),
        Actor::App(key) => audit::Actor::Key(key.clone()),
        Actor::Operator => audit::Actor::Operator,
        Actor::Tidegate => audit::Actor::System,
    };
    let job = delivery.job;
    let once = (job.id.as_str(), job.signed_at);
    let noted =
        incidents
            .audit
            .record_once(once, &job.tenant, &who, "incidents.settings", "changed");
    noted.await.map_err(|e| JobError::Retry(e.to_string()))
}

async fn commit_alone(
    delivery: Delivery<'_>,
    ledger: &Ledger<'_>,
    posts: Vec<Post>,
) -> Result<Vec<Lane>, JobError> {
    let decision = Decision {
        posts,
        ..Decision::default()
    };
    match ledger.commit(delivery, decision).await? {
        Committed::Done(lanes) | Committed::Duplicate(lanes) => Ok(lanes),
        Committed::Stale => Err(JobError::Retry("the rows changed meanwhile".to_owned())),
    }
}
