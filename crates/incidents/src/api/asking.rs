//! Asks for a change as a command in Slack does: decided, written and claimed in one transaction. A call with an
//! idempotency key is claimed by that key, so that it is done once however often it is sent.

use http::StatusCode;
use tidegate_pipeline::ledger::{self, Committed, EventState, JobError, Ledger};
use tidegate_pipeline::outbox::Lane;
use tidegate_pipeline::table::hash_text;
use tidegate_pipeline::worker::wake;

use super::fields::Fields;
use super::room::{Room, undone};
use crate::decide::ask::{AnswerTo, Ask, Asked, Subject};
use crate::model::incident::IncidentId;
use crate::model::rows;
use crate::requests::handle::{self, RequestContext, Settled};
use crate::service::{Incidents, NAME};
use tidegate_api::{ApiError, Call, Caller};

/// Longest idempotency key, in characters.
const MAX_KEY: usize = 200;

/// Times a decision is made anew because its rows changed meanwhile.
const TRIES: usize = 8;

/// What came of asking.
pub(super) struct Came {
    /// It had been done before, under the same idempotency key.
    pub(super) repeated: bool,
    /// The incident that was changed or declared; `None` if nothing changed.
    pub(super) incident: Option<IncidentId>,
    /// What the caller is told of it.
    pub(super) message: Option<String>,
}

/// One call's claim: the same for every time that it is sent with the same key.
pub(super) struct Claim {
    id: String,
    /// Whether it may have been made before.
    keyed: bool,
}

impl Claim {
    /// The claim of a call, by its header `Idempotency-Key` or its field `key`. `what` is what the key is good for.
    pub(super) fn of(call: &Call, fields: &mut Fields, what: &str) -> Self {
        let field = fields.text("key", MAX_KEY);
        let header = call.head.headers.get("idempotency-key");
        let header = header.map(|value| value.to_str().map(str::trim).unwrap_or_default());
        if header.is_some_and(|key| key.is_empty() || key.len() > MAX_KEY) {
            fields.wrong("Idempotency-Key", "takes 1 to 200 plain characters");
        }
        if let (Some(header), Some(field)) = (header, &field)
            && header != field
        {
            fields.wrong("key", "and the header `Idempotency-Key` differ");
        }
        let key = header.map(str::to_owned).or(field);
        let credential = match &call.caller {
            Caller::Member(member) => member.credential.as_str(),
            _ => "operator",
        };
        let named = match &key {
            Some(key) => ["key", credential, what, key],
            None => ["call", credential, what, &call.request_id],
        };
        let name = serde_json::json!(named).to_string();
        Self {
            id: format!("api.{}", &hash_text(name.as_bytes())[..32]),
            keyed: key.is_some(),
        }
    }

    /// The name under which the ledger has it.
    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

/// Asks for it, and has Slack told of what came of it.
pub(super) async fn ask(
    room: &Room<'_>,
    claim: &Claim,
    ask: Ask,
    subject: Option<&IncidentId>,
) -> Result<Came, ApiError> {
    let ledger = Ledger {
        rows: room.rows.clone(),
        clock: &*room.api.clock,
        keep: room.api.keep,
    };
    if claim.keyed && is_done(&ledger, claim).await? {
        return Ok(Came {
            repeated: true,
            incident: None,
            message: None,
        });
    }
    let subject = subject.cloned();
    let asked = Asked {
        ask,
        subject: subject.map_or(Subject::Nothing, Subject::Incident),
        actor: room.actor.clone(),
        team: None,
        admin_key: room.admin,
        trigger: None,
        view: None,
        answer_to: AnswerTo::Caller,
    };
    commit(room, &ledger, claim, &asked).await
}

/// Decides and commits; if the rows changed meanwhile, decides anew on what they say then.
async fn commit(
    room: &Room<'_>,
    ledger: &Ledger<'_>,
    claim: &Claim,
    asked: &Asked,
) -> Result<Came, ApiError> {
    let incidents = room.api.domain::<Incidents>()?;
    let context = RequestContext {
        tenant: &room.tenant,
        rows: &room.rows,
        cause: &claim.id,
        clock: ledger.clock,
    };
    let call = ledger::Claim::call(
        claim.id.clone(),
        room.tenant.clone(),
        room.now,
        "api.incident",
    );
    for _ in 0..TRIES {
        let settled = handle::decide_on(incidents, context, asked).await;
        let mut settled = settled.map_err(undone)?;
        // Where nothing changes there is nothing to claim: the key is good for another attempt.
        let Some(id) = &settled.incident else {
            return came(settled, false);
        };
        if asked.ask.declares() {
            let until = room.now.plus(room.api.keep);
            let pointer = rows::put_request(&claim.id, id, until);
            settled.decision.writes.push(pointer);
        }
        let committed = ledger.commit(&call, NAME, &settled.decision).await;
        let (lanes, repeated) = match committed.map_err(undone)? {
            Committed::Done(lanes) => (lanes, false),
            Committed::Duplicate(lanes) => (lanes, true),
            Committed::Stale => continue,
        };
        wake_all(room, &lanes).await;
        return came(settled, repeated);
    }
    Err(undone(JobError::Retry(
        "the incident keeps changing".to_owned(),
    )))
}

async fn is_done(ledger: &Ledger<'_>, claim: &Claim) -> Result<bool, ApiError> {
    let entry = ledger.entry_of(&claim.id).await?;
    Ok(entry.is_some_and(|entry| entry.state == EventState::Done))
}

/// What the caller is told. A refusal of what had been done before is none.
fn came(settled: Settled, repeated: bool) -> Result<Came, ApiError> {
    let message = match settled.answer {
        Some(Err(refused)) if !repeated => {
            let (code, message) = (refused.code, refused.text.plain());
            return Err(ApiError::Request(StatusCode::CONFLICT, code, message));
        }
        Some(Ok(reply)) if !repeated => reply.plain(),
        _ => None,
    };
    Ok(Came {
        repeated,
        incident: settled.incident,
        message,
    })
}

/// What is to be told lies in the table; if a wake-up is lost, the sweep finds it.
async fn wake_all(room: &Room<'_>, lanes: &[Lane]) {
    let (queue, clock) = (&*room.api.wake_ups, &*room.api.clock);
    for lane in lanes {
        if let Err(e) = wake(queue, &room.tenant, lane, 0, clock).await {
            tracing::warn!(error = %e, lane = lane.as_str(), "wake-up not sent");
        }
    }
}
