//! From a verdict to the transaction that it becomes, with the answer to whoever asked.

use serde_json::{Value as Json, json};
use tidegate_pipeline::ledger::{Decision, JobError, Ledger};
use tidegate_pipeline::outbox::{Class, Lane, Post, Target};
use tidegate_slack::ids::TenantId;

use crate::decide::ask::{AnswerTo, Asked};
use crate::decide::case::{Case, Refused, Verdict};
use crate::domain::Incidents;
use crate::model::effect::Effect;
use crate::model::incident::IncidentId;
use crate::model::settings::store;
use crate::requests::forms::{self, FormError};

/// A verdict on its way into the table.
pub(super) struct Settled {
    /// What to commit.
    pub(super) decision: Decision,
    /// What whoever asked is told.
    pub(super) answer: Option<Result<Json, Refused>>,
    /// The incident that it changes.
    pub(super) incident: Option<IncidentId>,
    /// Whether it changes the settings.
    pub(super) configured: bool,
}

/// Turns a verdict into what to commit; a form is shown on the way.
pub(super) async fn settle(
    incidents: &Incidents,
    tenant: &TenantId,
    ledger: &Ledger<'_>,
    asked: &Asked,
    case: &Case<'_>,
    verdict: Result<Verdict, Refused>,
) -> Result<Settled, JobError> {
    let configured = matches!(verdict, Ok(Verdict::Settings(..)));
    let (mut decision, told, incident) = match verdict {
        Ok(Verdict::Change(change, told)) => {
            let id = change.incident.id.clone();
            (change.finish(&case.settings.timers), told.map(Ok), Some(id))
        }
        Ok(Verdict::Settings(settings, message)) => {
            let write = store::store(&settings, case.settings_version);
            let decision = Decision {
                writes: vec![write],
                ..Decision::default()
            };
            (decision, Some(Ok(message)), None)
        }
        Ok(Verdict::Answer(message)) => (Decision::default(), Some(Ok(message)), None),
        Ok(Verdict::Form(form)) => {
            let told = match forms::draw(&ledger.rows, case, &form).await {
                Ok(view) => {
                    let incident = case.subject.map(|loaded| &loaded.incident);
                    forms::show(incidents, tenant, asked, view, &form, incident)
                        .await
                        .map(Ok)
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
            Ok(message) => message.clone(),
            Err(refused) => json!({"text": refused.0}),
        };
        decision.posts.extend(answer(&asked.answer_to, &message));
    }
    Ok(Settled {
        decision,
        answer: told,
        incident,
        configured,
    })
}

/// The post that answers whoever asked, seen by nobody else.
pub(super) fn answer(to: &AnswerTo, message: &Json) -> Vec<Post> {
    match to {
        AnswerTo::Url(url) => {
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
        AnswerTo::Person(user) => {
            vec![
                Effect::Direct {
                    user: user.clone(),
                    message: message.clone(),
                }
                .post(),
            ]
        }
        AnswerTo::Caller => Vec::new(),
    }
}
