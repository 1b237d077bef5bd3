//! What to do with a verified request, decided from its body alone.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};
use tidegate_pipeline::job::kind;
use tidegate_slack::command::{self, Form};
use tidegate_slack::event::Peek;
use tidegate_slack::ids::TenantId;
use tidegate_slack::interaction::Interaction;

use super::{Endpoint, limits};
use crate::reply;

const DOWN: &str = "Tidegate could not take this just now, and nothing has happened. Please try again in a minute.";

/// What to do with a verified request.
#[derive(Debug)]
pub enum Decision {
    /// Answer in the response; nothing is queued.
    Answer(Answer),
    /// Queue it.
    Queue(Queued),
}

/// A request for the workers.
#[derive(Debug)]
pub struct Queued {
    /// Kind of the job.
    pub kind: &'static str,
    /// Slack's event id, if it has one.
    pub id: Option<String>,
    /// Whose it is.
    pub tenant: TenantId,
    /// The answer if the queue does not take it.
    pub when_queue_is_down: Answer,
}

/// An answer to Slack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 200 and nothing else.
    Ok,
    /// `url_verification`: the challenge, in plain text.
    Challenge(String),
    /// Errors at the fields of a modal, which stays open.
    FieldErrors(Vec<(String, String)>),
    /// `block_suggestion`: no options. Tidegate's menus are static, so nobody should ask.
    NoOptions,
    /// The queue is down and Slack will send the event again.
    TryAgain,
    /// The queue is down and Slack will not send this again: tell the person.
    Sorry,
}

impl Answer {
    /// As an HTTP response.
    pub fn response(&self) -> Response<Bytes> {
        match self {
            Self::Ok => reply::empty(StatusCode::OK),
            Self::Challenge(challenge) => reply::text(StatusCode::OK, challenge.clone()),
            Self::FieldErrors(_) | Self::NoOptions => {
                reply::json(StatusCode::OK, &self.payload().unwrap_or_default())
            }
            Self::TryAgain => reply::text(
                StatusCode::SERVICE_UNAVAILABLE,
                "the queue is unavailable\n",
            ),
            Self::Sorry => reply::text(StatusCode::OK, DOWN),
        }
    }

    /// As the payload of a Socket Mode acknowledgement, if there is more to say than that it has arrived.
    pub fn payload(&self) -> Option<Value> {
        match self {
            Self::FieldErrors(errors) => {
                let errors: serde_json::Map<_, _> = errors
                    .iter()
                    .map(|(block, error)| (block.clone(), error.as_str().into()))
                    .collect();
                Some(json!({"response_action": "errors", "errors": errors}))
            }
            Self::NoOptions => Some(json!({"options": []})),
            // Plain text does over HTTP; in an acknowledgement Slack wants it as a message.
            Self::Sorry => Some(json!({"response_type": "ephemeral", "text": DOWN})),
            Self::Ok | Self::Challenge(_) | Self::TryAgain => None,
        }
    }

    /// For metrics.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Challenge(_) => "challenge",
            Self::FieldErrors(_) => "field_errors",
            Self::NoOptions => "no_options",
            Self::TryAgain | Self::Sorry => "queue_unavailable",
        }
    }
}

/// Decides about a verified request.
pub fn decide(endpoint: Endpoint, is_form: bool, body: &[u8]) -> Decision {
    let form = (is_form || endpoint != Endpoint::Events).then(|| Form::parse(body));
    if form.as_ref().is_some_and(Form::is_ssl_check) {
        return Decision::Answer(Answer::Ok);
    }
    match (endpoint, form) {
        (Endpoint::Commands, Some(form)) => queue(
            kind::SLACK_COMMAND,
            None,
            command::tenant(&form),
            Answer::Sorry,
        ),
        (Endpoint::Interactions, Some(form)) => {
            decide_interaction(form.get("payload").unwrap_or_default())
        }
        _ => decide_event(body),
    }
}

fn decide_event(body: &[u8]) -> Decision {
    // What cannot be read is queued all the same: the worker keeps it and sets it aside.
    let Ok(peek) = Peek::parse(body) else {
        return queue(kind::SLACK_EVENT, None, None, Answer::TryAgain);
    };
    if let (Some("url_verification"), Some(challenge)) = (peek.kind.as_deref(), &peek.challenge) {
        return Decision::Answer(Answer::Challenge(challenge.clone().into_owned()));
    }
    let id = peek
        .event_id
        .as_deref()
        .filter(|id| !id.is_empty())
        .map(str::to_owned);
    queue(kind::SLACK_EVENT, id, peek.tenant(), Answer::TryAgain)
}

fn decide_interaction(payload: &str) -> Decision {
    let Ok(interaction) = Interaction::parse(payload) else {
        return queue(kind::SLACK_INTERACTION, None, None, Answer::Sorry);
    };
    match (interaction.kind.as_deref(), &interaction.view) {
        (Some("block_suggestion"), _) => return Decision::Answer(Answer::NoOptions),
        (Some("view_submission"), Some(view)) => {
            let errors = limits::check(view);
            if !errors.is_empty() {
                return Decision::Answer(Answer::FieldErrors(errors));
            }
        }
        _ => {}
    }
    // A modal shows an answer only as an error at a field; without one, Slack shows its own.
    let field = interaction
        .view
        .as_ref()
        .and_then(|view| view.first_block());
    let down = match (interaction.kind.as_deref(), field) {
        (Some("view_submission"), Some(block)) => {
            Answer::FieldErrors(vec![(block.to_owned(), DOWN.to_owned())])
        }
        _ => Answer::Sorry,
    };
    queue(kind::SLACK_INTERACTION, None, interaction.tenant(), down)
}

fn queue(
    kind: &'static str,
    id: Option<String>,
    tenant: Option<TenantId>,
    when_queue_is_down: Answer,
) -> Decision {
    let tenant = tenant.unwrap_or_else(TenantId::unreadable);
    Decision::Queue(Queued {
        kind,
        id,
        tenant,
        when_queue_is_down,
    })
}
