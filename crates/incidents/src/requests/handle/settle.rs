//! From a verdict to the transaction that it becomes, with the answer to the asker.

use serde_json::{Value as Json, json};
use tidegate_pipeline::audit::{self, AuditNote};
use tidegate_pipeline::ledger::{Decision, JobError};
use tidegate_pipeline::outbox::{Class, Lane, Post, Target};
use tidegate_pipeline::table::Rows;
use tidegate_slack::ids::TenantId;

use crate::decide::context::{DecisionContext, Reply, RequestError, Verdict, words_only};
use crate::decide::limits;
use crate::decide::request::{ReplyTo, Request};
use crate::model::actor::Actor;
use crate::model::effect::Effect;
use crate::model::incident::IncidentId;
use crate::model::settings::store;
use crate::render::kept_form;
use crate::requests::forms::{self, FormError};
use crate::service::Incidents;

/// A verdict on its way into the table.
pub struct Settled {
    /// The writes and posts to commit in one transaction.
    pub decision: Decision,
    /// The answer to the asker; `None` if they get none.
    pub answer: Option<Result<Reply, RequestError>>,
    /// The incident that it changes; `None` if it changes none.
    pub incident: Option<IncidentId>,
}

/// Turns a verdict into a decision to commit. If the verdict is a form, shows it.
pub(super) async fn settle(
    incidents: &Incidents,
    tenant: &TenantId,
    rows: &Rows,
    request: &Request,
    context: &DecisionContext<'_>,
    verdict: Result<Verdict, RequestError>,
) -> Result<Settled, JobError> {
    let (mut decision, told, incident) = match verdict {
        Ok(Verdict::Change(change, told)) => {
            let id = change.incident.id.clone();
            (
                change.finish(&context.settings.timers),
                told.map(Ok),
                Some(id),
            )
        }
        Ok(Verdict::Settings(settings, message)) => {
            let write = store::store(&settings, context.settings_version);
            let decision = Decision {
                writes: vec![write],
                audit: Some(AuditNote {
                    actor: auditor(&request.actor),
                    action: "incidents.settings",
                    detail: "changed".to_owned(),
                }),
                ..Decision::default()
            };
            (decision, Some(Ok(message)), None)
        }
        Ok(Verdict::Answer(message)) => (Decision::default(), Some(Ok(message)), None),
        Ok(Verdict::Form(form)) => {
            let told = match forms::draw(rows, context, &form).await {
                Ok(view) => {
                    let incident = context.subject.map(|loaded| &loaded.incident);
                    forms::show(incidents, tenant, request, view, &form, incident)
                        .await
                        .map(|message| Ok(Reply::Message(message)))
                }
                Err(FormError::Refused(refused)) => Some(Err(refused)),
                Err(FormError::Job(e)) => return Err(e),
            };
            (Decision::default(), told, None)
        }
        Err(refused) => (Decision::default(), Some(Err(refused)), None),
    };
    if let Some(told) = &told {
        let message = match told {
            Ok(reply) => reply.message(),
            Err(refused) => refusal(request, refused),
        };
        decision.posts.extend(answer(&request.reply_to, &message));
    }
    Ok(Settled {
        decision,
        answer: told,
        incident,
    })
}

/// The message of a refusal. What was typed comes along if the asker is to send it again later.
fn refusal(request: &Request, refused: &RequestError) -> Json {
    match limits::form_again(&request.kind, refused) {
        Some(form) => kept_form::message_of(&refused.text, form),
        None => words_only(&refused.text.mrkdwn()),
    }
}

/// The user or key that changed the settings, as the audit trail names them. The note does not hold the settings themselves.
fn auditor(actor: &Actor) -> audit::Actor {
    match actor {
        Actor::Person(user) => audit::Actor::Person(user.clone()),
        Actor::App(key) => audit::Actor::Key(key.clone()),
        Actor::Operator => audit::Actor::Operator,
        Actor::Tidegate => audit::Actor::System,
    }
}

/// The post that answers the asker, seen by nobody else.
pub(super) fn answer(to: &ReplyTo, message: &Json) -> Vec<Post> {
    match to {
        ReplyTo::Url(url) => {
            let mut body = message.clone();
            body["response_type"] = json!("ephemeral");
            body["replace_original"] = json!(false);
            vec![Post {
                lane: Lane::response_url(url),
                target: Target::ResponseUrl(url.clone()),
                body,
                class: Class::AtMostOnce,
                purpose: "incident_answer",
            }]
        }
        ReplyTo::Person(user) => {
            vec![
                Effect::Direct {
                    user: user.clone(),
                    message: message.clone(),
                }
                .post(),
            ]
        }
        ReplyTo::Caller => Vec::new(),
    }
}
