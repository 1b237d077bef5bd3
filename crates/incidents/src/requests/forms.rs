//! Draws modals, and opens them with the asker's trigger. A trigger lives three seconds; when it is over, the asker
//! gets a button that brings a fresh one.

use serde_json::Value as Json;
use tidegate_outcome::{Outcome, Refusal};
use tidegate_pipeline::ledger::JobError;
use tidegate_pipeline::table::Rows;
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::api::views::{Open, Update};
use tidegate_slack::ids::{ChannelId, TenantId};

use crate::decide::context::{DecisionContext, RequestError, ended, words_only};
use crate::decide::declaration;
use crate::decide::people;
use crate::decide::request::Request;
use crate::model::form::{Declaration, Form};
use crate::model::incident::Incident;
use crate::model::permissions::{self, Action};
use crate::model::rows;
use crate::render::expired_form::{self, OpenForm};
use crate::render::modals::{self, Metadata};
use crate::service::Incidents;

/// Most open incidents that a form offers, the worst first.
const MAX_OFFERED: usize = 50;

/// Draws a form, if the asker may send it.
pub async fn draw(
    rows: &Rows,
    context: &DecisionContext<'_>,
    form: &Form,
) -> Result<Json, FormError> {
    let channel = context.subject.and_then(|loaded| loaded.place.channel());
    Ok(match form {
        Form::Declare(declaration) => declare_form(context, declaration)?,
        Form::Update => {
            let incident = open(context.may(Action::Update)?)?;
            let pace = context.settings.timers.update(incident.severity);
            let minutes = pace.and_then(|pace| u32::try_from(pace.as_secs() / 60).ok());
            modals::update::modal(incident, channel, minutes)
        }
        Form::Severity => {
            let incident = context.may(Action::ChangeSeverity)?;
            people::goes_on(incident)?;
            modals::severity::modal(incident, channel, incident.severity)
        }
        Form::Resolve => modals::resolve::modal(open(context.may(Action::Resolve)?)?, channel),
        Form::AddToTimeline(source, text) => {
            let open = offered(rows, context, Action::AddToTimeline).await?;
            let metadata = remembered(context, source.channel.clone(), Some(source.clone()));
            modals::timeline::modal(&open, text, &metadata).ok_or_else(no_open)?
        }
        Form::MakeTask(source, text) => {
            let open = offered(rows, context, Action::Task).await?;
            let metadata = remembered(context, source.channel.clone(), Some(source.clone()));
            modals::task::modal(&open, text, context.actor.person(), &metadata)
                .ok_or_else(no_open)?
        }
    })
}

/// Refuses the form of an incident that has ended: its button was an old one.
fn open(incident: &Incident) -> Result<&Incident, RequestError> {
    if incident.status.is_open() {
        return Ok(incident);
    }
    Err(ended(incident))
}

/// The answer to a person in a workspace where Slack lets the app open no form, now or later.
const NO_FORMS: &str = "Slack does not let Tidegate open forms in this workspace. Ask the people who manage its apps to install \
     Tidegate again. Until then, type what the form would ask for: `/incident help` shows how.";

/// The reason why there is no form.
pub enum FormError {
    /// The asker may not use the form, or cannot; holds words for them.
    Refused(RequestError),
    /// The table could not be read or written.
    Job(JobError),
}

impl From<RequestError> for FormError {
    fn from(refused: RequestError) -> Self {
        Self::Refused(refused)
    }
}

fn no_open() -> FormError {
    FormError::Refused(RequestError::new(
        "no_open_incident",
        "There is no open incident that you take part in. `/incident list` shows what is open; join one with its button.",
    ))
}

fn remembered(
    context: &DecisionContext<'_>,
    channel: ChannelId,
    source: Option<crate::model::timeline::Source>,
) -> Metadata {
    Metadata {
        incident: context.subject.map(|loaded| loaded.incident.id.clone()),
        channel: Some(channel),
        source,
    }
}

fn declare_form(context: &DecisionContext<'_>, known: &Declaration) -> Result<Json, RequestError> {
    context.may_at_all(Action::Declare)?;
    let settings = context.settings;
    let known = declaration::from_template(known.clone(), settings)
        .map_err(|words| RequestError::new("no_such_template", words))?;
    let services: Vec<(String, String)> = settings
        .services
        .iter()
        .map(|(slug, service)| {
            (
                slug.clone(),
                service.name.clone().unwrap_or_else(|| slug.clone()),
            )
        })
        .collect();
    let templates: Vec<(String, String)> = settings
        .templates
        .iter()
        .map(|(name, template)| (name.clone(), template.title.clone()))
        .collect();
    let options: Vec<&str> = [
        ("private", known.private),
        ("drill", known.drill),
        ("triage", known.triage),
    ]
    .into_iter()
    .filter_map(|(name, is)| is.then_some(name))
    .collect();
    Ok(modals::declare::modal(&modals::declare::Declare {
        services: &services,
        templates: &templates,
        template: known.template.as_deref(),
        title: &known.title,
        severity: known.severity.unwrap_or_default(),
        chosen: &known.services,
        commander: known
            .commander
            .clone()
            .or_else(|| context.actor.person().cloned()),
        options: &options,
        description: known.description.as_deref().unwrap_or_default(),
        metadata: Metadata {
            incident: None,
            channel: known.source.as_ref().map(|source| source.channel.clone()),
            source: known.source.clone(),
        },
    }))
}

/// The open incidents that the asker may do this to.
async fn offered(
    rows: &Rows,
    context: &DecisionContext<'_>,
    action: Action,
) -> Result<Vec<Incident>, FormError> {
    let job = |e| FormError::Job(JobError::from(e));
    let ids = rows::listed(rows, &["incidents_open"], false, MAX_OFFERED)
        .await
        .map_err(job)?;
    let mut offered = Vec::new();
    for id in ids {
        let loaded = rows::unless_damaged(&id, rows::load_alone(rows, &id).await);
        let Some(incident) = loaded.map_err(job)? else {
            continue;
        };
        let standing = context.standing_in(Some(&incident));
        if permissions::allow(&standing, action, Some(&incident), &context.rules()).is_ok() {
            offered.push(incident);
        }
    }
    Ok(offered)
}

/// Shows a form: opens it, or redraws the modal that the request came from. If it could not be opened, returns a message that says
/// so, with a button for another try.
pub async fn show(
    incidents: &Incidents,
    tenant: &TenantId,
    request: &Request,
    view: Json,
    form: &Form,
    incident: Option<&Incident>,
) -> Option<Json> {
    let again = || {
        let form = OpenForm {
            form: form.clone(),
            incident: incident.map(|incident| incident.id.clone()),
        };
        Some(expired_form::message_of(&form))
    };
    let Ok(token) = incidents.tokens.token(tenant).await else {
        return again();
    };
    let outcome = match (&request.view, &request.trigger) {
        (Some(open), _) => {
            let request = Update {
                view_id: Some(open.id.clone()),
                hash: open.hash.clone(),
                external_id: None,
                view,
            };
            // A person who goes on typing meanwhile keeps what they have.
            let _ = incidents.slack.perform(&token, &request).await;
            return None;
        }
        (None, Some(trigger)) => {
            let request = Open {
                trigger_id: trigger.clone(),
                view,
            };
            incidents.slack.perform(&token, &request).await
        }
        (None, None) => return again(),
    };
    match outcome {
        // Nobody knows whether it is open. A button beside an open form does no harm, and neither does one too few.
        Outcome::Done(_) | Outcome::Ambiguous(_) => None,
        // An earlier attempt of the same request opened it.
        Outcome::Refused(Refusal::Rejected(SlackRejection::Permanent(code)))
            if code == "exchanged_trigger_id" =>
        {
            None
        }
        Outcome::Refused(why) => {
            tracing::warn!(error = %why, "incident.form: not opened");
            match why {
                Refusal::Rejected(why) if why.token_code().is_some() => Some(words_only(NO_FORMS)),
                _ => again(),
            }
        }
    }
}
