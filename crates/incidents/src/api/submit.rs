//! Submits a change in the same way as a command in Slack: the decision is written and claimed in one transaction. A
//! call with an idempotency key is claimed by that key, so that it is done once however often it is sent.

use std::time::Duration;

use http::StatusCode;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::ledger::{self, Committed, EventState, Ledger};
use tidegate_pipeline::outbox::Lane;
use tidegate_pipeline::worker::wake;

use super::call_context::{CallContext, undone};
use crate::decide::limits;
use crate::decide::request::{ReplyTo, Request, RequestKind, Subject};
use crate::model::incident::IncidentId;
use crate::model::rows;
use crate::requests::handle::{self, RequestContext, Settled};
use crate::service::{Incidents, NAME};
use tidegate_api::ApiError;
use tidegate_api::idempotency::{Claim, KEPT};

/// Most attempts to commit a change; each begins with a new decision, because the rows changed meanwhile. All declarations of a
/// workspace count up one row, so as many calls at once as a key may make have to come through.
const TRIES: u32 = 24;

/// The result of a change.
pub(super) struct ChangeResult {
    /// Whether it had been made before, under the same idempotency key.
    pub(super) repeated: bool,
    /// The incident that was changed or declared; `None` if nothing changed.
    pub(super) incident: Option<IncidentId>,
    /// The words about the change for the caller, in plain text.
    pub(super) message: Option<String>,
}

/// Decides about a change, commits it, and wakes the senders of its Slack messages.
pub(super) async fn submit(
    context: &CallContext<'_>,
    claim: &Claim,
    kind: RequestKind,
    subject: Option<&IncidentId>,
) -> Result<ChangeResult, ApiError> {
    let ledger = Ledger {
        rows: context.rows.clone(),
        clock: &*context.api.clock,
        // A repeat is recognized for a week at least, however long requests are kept.
        keep: context.api.keep.max(KEPT),
    };
    if claim.is_keyed && is_done(&ledger, claim).await? {
        return Ok(done_before());
    }
    let subject = subject.cloned();
    let request = Request {
        kind,
        subject: subject.map_or(Subject::Nothing, Subject::Incident),
        actor: context.actor.clone(),
        team: None,
        admin_key: context.admin,
        trigger: None,
        view: None,
        reply_to: ReplyTo::Caller,
    };
    commit(context, &ledger, claim, &request).await
}

/// Decides and commits. If the rows changed meanwhile, decides anew on the new rows.
async fn commit(
    context: &CallContext<'_>,
    ledger: &Ledger<'_>,
    claim: &Claim,
    request: &Request,
) -> Result<ChangeResult, ApiError> {
    let incidents = context.api.domain::<Incidents>()?;
    let claim_id = claim.id();
    let request_context = RequestContext {
        tenant: &context.tenant,
        rows: &context.rows,
        cause: &claim_id,
        clock: ledger.clock,
    };
    let call = ledger::Claim::call(
        claim_id.clone(),
        context.tenant.clone(),
        context.now,
        "api.incident",
    );
    for attempt in 0..TRIES {
        pause_before(attempt, &claim_id, ledger.clock).await;
        let settled = handle::decide_on(incidents, request_context, request).await;
        let mut settled = settled.map_err(undone)?;
        // If nothing changes, nothing is claimed: the key can be used again.
        let Some(id) = &settled.incident else {
            // The same call may have done it meanwhile, which is then the reason why this one finds nothing to do.
            if claim.is_keyed && is_done(ledger, claim).await? {
                return Ok(done_before());
            }
            return result(settled, false);
        };
        if request.kind.declares() {
            let until = context.now.plus(context.api.keep.max(KEPT));
            let pointer = rows::put_request(&claim_id, id, until);
            settled.decision.writes.push(pointer);
        }
        let committed = ledger.commit(context.trail()?, &call, NAME, &settled.decision);
        let (lanes, repeated) = match committed.await.map_err(undone)? {
            Committed::Done(lanes) => (lanes, false),
            Committed::Duplicate(lanes) => (lanes, true),
            Committed::Stale => continue,
        };
        wake_all(context, &lanes).await;
        return result(settled, repeated);
    }
    let message =
        "others change incidents of this workspace all the time; send the call again in a second";
    let status = StatusCode::SERVICE_UNAVAILABLE;
    Err(ApiError::refused(status, "busy", message).with_wait(Some(Duration::from_secs(1))))
}

/// Waits before another attempt, longer each time and each call for another while: calls that meet must not meet again.
async fn pause_before(attempt: u32, claim: &str, clock: &dyn Clock) {
    let longest = u64::from(attempt.min(10)) * 20;
    let spread = claim.bytes().fold(u64::from(attempt), |sum, b| {
        sum.wrapping_mul(31).wrapping_add(b.into())
    });
    if let Some(millis) = spread.checked_rem(longest) {
        clock.sleep(Duration::from_millis(millis)).await;
    }
}

/// The result of a change that the same call has made before.
fn done_before() -> ChangeResult {
    ChangeResult {
        repeated: true,
        incident: None,
        message: None,
    }
}

async fn is_done(ledger: &Ledger<'_>, claim: &Claim) -> Result<bool, ApiError> {
    let entry = ledger.entry_of(&claim.id()).await?;
    Ok(entry.is_some_and(|entry| entry.state == EventState::Done))
}

/// The answer to the caller. A repeated call gets neither words nor a refusal, because the change was made before.
fn result(settled: Settled, repeated: bool) -> Result<ChangeResult, ApiError> {
    let message = match settled.answer {
        Some(Err(refused)) if !repeated => {
            let (code, message) = (refused.code, refused.text.plain());
            let status = if code == limits::CODE {
                StatusCode::TOO_MANY_REQUESTS
            } else {
                StatusCode::CONFLICT
            };
            return Err(ApiError::refused(status, code, message).with_wait(refused.wait));
        }
        Some(Ok(reply)) if !repeated => reply.plain(),
        _ => None,
    };
    Ok(ChangeResult {
        repeated,
        incident: settled.incident,
        message,
    })
}

/// The posts are in the table already; if a wake-up is lost, the sweep finds them.
async fn wake_all(context: &CallContext<'_>, lanes: &[Lane]) {
    let (queue, clock) = (&*context.api.wake_ups, &*context.api.clock);
    for lane in lanes {
        if let Err(e) = wake(queue, &context.tenant, lane, 0, clock).await {
            tracing::warn!(error = %e, lane = lane.as_str(), "wake-up not sent");
        }
    }
}
