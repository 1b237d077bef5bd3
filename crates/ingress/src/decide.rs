//! Decides from the body of a verified request alone whether to answer or to queue it.

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

/// The decision about a verified request.
#[derive(Debug)]
pub enum Decision {
    /// Answer at once. Nothing is queued.
    Acknowledge(Acknowledgement),
    /// Put the request on a queue for the workers.
    Queue(Queued),
}

/// A request for the workers.
#[derive(Debug)]
pub struct Queued {
    /// The job kind, such as `slack.event`.
    pub kind: &'static str,
    /// Slack's event id. `None` for commands and interactions, which have none.
    pub id: Option<String>,
    /// The workspace that the request comes from.
    pub tenant: TenantId,
    /// The acknowledgement to send if the queue does not accept the job.
    pub when_queue_is_down: Acknowledgement,
}

/// The acknowledgement that Slack gets for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acknowledgement {
    /// Status 200 with an empty body.
    Ok,
    /// The challenge of `url_verification`, in plain text.
    Challenge(String),
    /// Error texts by block id for a modal, which stays open.
    FieldErrors(Vec<(String, String)>),
    /// An empty list of options for `block_suggestion`. Tidegate's menus are static, so Slack should never ask.
    NoOptions,
    /// The queue is down. Status 503 makes Slack send the event again.
    TryAgain,
    /// The queue is down and Slack will not send the request again, so the person gets an apology.
    Apology,
}

impl Acknowledgement {
    /// Returns the HTTP response.
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
            Self::Apology => reply::text(StatusCode::OK, DOWN),
        }
    }

    /// Returns the payload of a Socket Mode acknowledgement. `None` if a bare acknowledgement is enough.
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
            // Plain text is enough over HTTP. In Socket Mode, Slack expects a message.
            Self::Apology => Some(json!({"response_type": "ephemeral", "text": DOWN})),
            Self::Ok | Self::Challenge(_) | Self::TryAgain => None,
        }
    }

    /// Returns the value of the metric label `outcome`.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Challenge(_) => "challenge",
            Self::FieldErrors(_) => "field_errors",
            Self::NoOptions => "no_options",
            Self::TryAgain | Self::Apology => "queue_unavailable",
        }
    }
}

/// Decides what to do with a verified request. `is_form` says whether its content type is a form.
pub fn decide(endpoint: Endpoint, is_form: bool, body: &[u8]) -> Decision {
    let form = (is_form || endpoint != Endpoint::Events).then(|| Form::parse(body));
    if form.as_ref().is_some_and(Form::is_ssl_check) {
        return Decision::Acknowledge(Acknowledgement::Ok);
    }
    match (endpoint, form) {
        (Endpoint::Commands, Some(form)) => queue(
            kind::SLACK_COMMAND,
            None,
            command::tenant(&form),
            Acknowledgement::Apology,
        ),
        (Endpoint::Interactions, Some(form)) => {
            decide_interaction(form.get("payload").unwrap_or_default())
        }
        _ => decide_event(body),
    }
}

fn decide_event(body: &[u8]) -> Decision {
    // A body that cannot be parsed is queued too: the worker archives and parks it.
    let Ok(peek) = Peek::parse(body) else {
        return queue(kind::SLACK_EVENT, None, None, Acknowledgement::TryAgain);
    };
    if let (Some("url_verification"), Some(challenge)) = (peek.kind.as_deref(), &peek.challenge) {
        return Decision::Acknowledge(Acknowledgement::Challenge(challenge.clone().into_owned()));
    }
    let id = peek
        .event_id
        .as_deref()
        .filter(|id| !id.is_empty())
        .map(str::to_owned);
    queue(
        kind::SLACK_EVENT,
        id,
        peek.tenant(),
        Acknowledgement::TryAgain,
    )
}

fn decide_interaction(payload: &str) -> Decision {
    let Ok(interaction) = Interaction::parse(payload) else {
        return queue(
            kind::SLACK_INTERACTION,
            None,
            None,
            Acknowledgement::Apology,
        );
    };
    match (interaction.kind.as_deref(), &interaction.view) {
        (Some("block_suggestion"), _) => return Decision::Acknowledge(Acknowledgement::NoOptions),
        (Some("view_submission"), Some(view)) => {
            let errors = limits::check(view);
            if !errors.is_empty() {
                return Decision::Acknowledge(Acknowledgement::FieldErrors(errors));
            }
        }
        _ => {}
    }
    // A modal shows a text only as an error at a field. Without a field, Slack shows its own error.
    let field = interaction
        .view
        .as_ref()
        .and_then(|view| view.first_block());
    let down = match (interaction.kind.as_deref(), field) {
        (Some("view_submission"), Some(block)) => {
            Acknowledgement::FieldErrors(vec![(block.to_owned(), DOWN.to_owned())])
        }
        _ => Acknowledgement::Apology,
    };
    queue(kind::SLACK_INTERACTION, None, interaction.tenant(), down)
}

fn queue(
    kind: &'static str,
    id: Option<String>,
    tenant: Option<TenantId>,
    when_queue_is_down: Acknowledgement,
) -> Decision {
    let tenant = tenant.unwrap_or_else(TenantId::unreadable);
    Decision::Queue(Queued {
        kind,
        id,
        tenant,
        when_queue_is_down,
    })
}
