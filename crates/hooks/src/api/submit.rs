//! The context of every call about hooks, and the commit of a change: rows, effects and audit note in one transaction.

use tidegate_api::{Api, ApiError, Call, idempotency};
use tidegate_pipeline::audit::AuditNote;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::documents::Versioned;
use tidegate_pipeline::ledger::{Claim, Committed, Decision, JobError, Ledger};
use tidegate_pipeline::table::Rows;
use tidegate_pipeline::worker::wake;
use tidegate_slack::ids::TenantId;

use crate::model::delivery::{Delivery, DeliveryId};
use crate::model::hook::HookId;
use crate::model::stored::{Stored, load, load_delivery};
use crate::service::{Hooks, NAME};

/// A call, the workspace that it is about, and that workspace's rows.
pub(super) struct CallContext<'a> {
    pub(super) api: &'a Api,
    pub(super) call: &'a Call,
    pub(super) tenant: TenantId,
    pub(super) rows: Rows,
    pub(super) now: Timestamp,
}

impl<'a> CallContext<'a> {
    /// The context of a call.
    pub(super) fn enter(api: &'a Api, call: &'a Call) -> Result<Self, ApiError> {
        let tenant = call.tenant()?;
        Ok(Self {
            rows: api.table.rows(call, &tenant)?,
            now: api.clock.now(),
            api,
            call,
            tenant,
        })
    }

    /// Returns the service behind these calls.
    pub(super) fn hooks(&self) -> Result<&'a Hooks, ApiError> {
        self.api.domain::<Hooks>()
    }

    /// The hook that the path names.
    pub(super) async fn hook(&self) -> Result<Stored, ApiError> {
        let gone = || {
            ApiError::not_found("no hook with that id; `GET /v1/hooks` lists those that there are")
        };
        let id = HookId::parse(self.call.path("id")).ok_or_else(gone)?;
        load(&self.rows, &id).await?.ok_or_else(gone)
    }

    /// The delivery of a hook that the path names.
    pub(super) async fn delivery(&self, hook: &HookId) -> Result<Versioned<Delivery>, ApiError> {
        let gone = || {
            let words = "no delivery with that id; `GET /v1/hooks/{id}/deliveries` lists those that are kept";
            ApiError::not_found(words)
        };
        let id = DeliveryId::parse(self.call.path("delivery")).ok_or_else(gone)?;
        load_delivery(&self.rows, hook, &id).await?.ok_or_else(gone)
    }

    /// A note for the audit trail.
    pub(super) fn note(&self, action: &'static str, detail: String) -> AuditNote {
        AuditNote {
            actor: self.call.actor(),
            action,
            detail,
        }
    }

    /// The claim of the call: the same for every time that it is sent with the same idempotency key.
    pub(super) fn claim(&self) -> idempotency::Claim {
        let head = &self.call.head;
        idempotency::Claim::of(self.call, &format!("{} {}", head.method, head.uri.path()))
    }

    /// Commits a change and wakes the lanes of its effects. Nothing is done for a call that was made before.
    pub(super) async fn commit(&self, decision: &Decision) -> Result<Made, ApiError> {
        self.commit_as(&self.claim(), decision).await
    }

    /// As [`CallContext::commit`], under a claim that names more than the path.
    pub(super) async fn commit_as(
        &self,
        claim: &idempotency::Claim,
        decision: &Decision,
    ) -> Result<Made, ApiError> {
        let ledger = Ledger {
            rows: self.rows.clone(),
            clock: &*self.api.clock,
            keep: self.api.keep,
        };
        let claim = Claim::call(claim.id(), self.tenant.clone(), self.now, "api.hooks");
        let trail = self.api.trail(self.call, &self.tenant)?;
        let committed = ledger.commit(trail, &claim, NAME, decision).await;
        let (lanes, made) = match committed.map_err(undone)? {
            Committed::Done(lanes) => (lanes, Made::Now),
            Committed::Duplicate(lanes) => (lanes, Made::Before),
            Committed::Stale => {
                return Err(ApiError::conflict(
                    "it has changed meanwhile: look at it again, and repeat the call if it still fits",
                ));
            }
        };
        for lane in lanes {
            // The effects are in the table already. If a wake-up is lost, the sweep finds them.
            let (queue, clock) = (&*self.api.wake_ups, &*self.api.clock);
            if let Err(e) = wake(queue, &self.tenant, &lane, 0, clock).await {
                tracing::warn!(error = %e, lane = lane.as_str(), "wake-up not sent");
            }
        }
        Ok(made)
    }
}

/// When a change was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// By this call.
    Now,
    /// By an earlier call with the same idempotency key.
    Before,
}

impl Made {
    /// Fails for a call that was made before and whose answer showed what is shown once.
    pub(super) fn must_be_now(self, words: &str) -> Result<(), ApiError> {
        match self {
            Self::Now => Ok(()),
            Self::Before => Err(ApiError::conflict(format!(
                "a call with this idempotency key was made before, and its answer {words}"
            ))),
        }
    }
}

/// Fails for a hook that is disabled, for what needs its receiver.
pub(super) fn must_be_enabled(stored: &Stored) -> Result<(), ApiError> {
    match &stored.hook.disabled {
        None => Ok(()),
        Some(_) => Err(ApiError::conflict(
            "the hook is disabled, and nothing is sent to it: enable it first",
        )),
    }
}

fn undone(e: JobError) -> ApiError {
    match e {
        JobError::Erased => ApiError::not_found("the workspace has been erased"),
        e => ApiError::Internal(e.to_string()),
    }
}
