//! Shares: what is left of an event for a domain that failed when the others were done.
//!
//! The event's transaction puts a share row in place of the domain's writes, so a domain acts in the event's commit or in its
//! share, never in both. The row is claim, ledger entry and timer in one: while the share waits, the sweep sends its job, whose
//! id is `<event>/<domain>`; the transaction that does the share, or parks it, takes the timer away.

mod row;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidegate_slack::ids::TenantId;

pub use self::row::{Share, ShareState};
use super::{
    Claim, Committed, Decision, Delivery, EventState, Ledger, brief, check_size, count, effects_of,
    lanes_of, notes,
};
use crate::audit::Trail;
use crate::clock::Timestamp;
use crate::job::{Job, kind};
use crate::ledger::JobError;
use crate::table::{Due, Item, Range, RowKey, TableError, Write};
use crate::timers::{self, Fired};

/// Most shares of one event: as many as there can be domains.
const MOST: usize = 100;

/// The longest time that an attempt at a share is under way. A worker has less for one record.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(30);

/// Generation of the job of a share that a person replays. The jobs that a share is left with, and that the sweep sends, have
/// the first.
const REPLAY: i64 = 2;

/// The identity of a share, as its job holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareId {
    /// The id of the event.
    pub event: String,
    /// The name of the domain.
    pub domain: String,
}

impl ShareId {
    /// Reads the identity from a job. `None` if the job is not for a share.
    pub fn of(job: &Job) -> Option<Self> {
        let fired: Fired = serde_json::from_slice(&job.body).ok()?;
        (job.kind == kind::SHARE).then_some(())?;
        serde_json::from_value(fired.payload).ok()
    }

    /// Whether a person sent that job of a share. Only such a job opens a share that is parked.
    pub(crate) fn is_replay(job: &Job) -> bool {
        let fired: Result<Fired, _> = serde_json::from_slice(&job.body);
        fired.is_ok_and(|fired| fired.generation == REPLAY)
    }

    fn key(&self) -> RowKey {
        RowKey::new(&["ledger", &self.event], &["share", &self.domain])
    }

    /// The id of its job, and of its row in the audit trail.
    pub(crate) fn job_id(&self) -> String {
        format!("{}/{}", self.event, self.domain)
    }
}

/// A share waits, and no other message's attempt at it is under way. The same message comes back when its worker died or failed.
const UNHELD: &str = "#state = :waiting AND (attribute_not_exists(#busy_until) OR #busy_until < :now OR #busy_by = :message)";

/// A share may be done once, also after it was parked.
const OPEN: &str = "#state = :waiting OR #state = :parked";

impl Ledger<'_> {
    /// The row of a new share, and its job.
    pub(super) fn share(
        &self,
        claim: &Claim,
        domain: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<(Write<RowKey>, Job), JobError> {
        let id = ShareId {
            event: claim.id.clone(),
            domain: domain.to_owned(),
        };
        let row = self
            .entry(claim, EventState::Done, now)
            .with("state", ShareState::Waiting.as_str())
            .with("attempts", 0i64)
            .with("reason", brief(reason));
        let row = armed(row, &id, now)?;
        let key = id.key();
        let job = timers::job_of(&row, &key, &claim.tenant, now)
            .ok_or_else(|| JobError::Fail("the job of a share cannot be made".to_owned()))?;
        Ok((Write::put(key, row), job))
    }

    /// Begins an attempt at a share, and counts it. `None` if there is nothing to do: the share is done, waits for a person, is
    /// gone, or another worker is at it. A person's replay begins an attempt at a parked share whoever else is at it.
    pub async fn begin_share(
        &self,
        id: &ShareId,
        delivery: Delivery<'_>,
    ) -> Result<Option<Share>, TableError> {
        let key = id.key();
        let now = self.clock.now();
        let begin = Write::update(
            key.clone(),
            "SET #busy_until = :until, #busy_by = :message ADD #attempts :one",
        );
        let begin = begin
            .value(":until", now.plus(ATTEMPT_LIMIT).millis())
            .value(":message", delivery.message)
            .value(":one", 1i64)
            .value(":now", now.millis())
            .value(":waiting", ShareState::Waiting.as_str());
        let begin = if ShareId::is_replay(delivery.job) {
            // Nothing else would bring a parked share back. A waiting one comes back by itself, also if the worker at it died.
            begin
                .when(&format!("({UNHELD}) OR #state = :parked"))
                .value(":parked", ShareState::Parked.as_str())
        } else {
            begin.when(UNHELD)
        };
        match self.rows.write(begin).await {
            Ok(row) => Ok(row.and_then(|row| self.unexpired(&key, &row))),
            Err(TableError::Condition) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Notes that an attempt at a share ended in order, and why it failed.
    pub async fn note_failure(&self, id: &ShareId, reason: &str) -> Result<(), TableError> {
        let note = Write::update(
            id.key(),
            "SET #reason = :reason REMOVE #busy_until, #busy_by ADD #failures :one",
        );
        let note = note.value(":reason", brief(reason)).value(":one", 1i64);
        match self.rows.write(open(note)).await {
            Ok(_) | Err(TableError::Condition) => Ok(()),
            Err(e) => Err(e),
        }
    }

    /// Commits a share with its claim and its note in the audit trail, in one transaction. A share that is done, or gone, is a
    /// duplicate.
    pub async fn commit_share(
        &self,
        trail: Trail<'_>,
        id: &ShareId,
        share: &Share,
        decision: &Decision,
    ) -> Result<Committed, JobError> {
        let now = self.clock.now();
        let row = share.ended(ShareState::Done, now);
        let row = row.with("posts", count(&decision.posts));
        let mut writes = vec![open(Write::put(id.key(), row))];
        writes.extend(effects_of(&id.event, &id.domain, decision, now));
        let decided = [(id.job_id(), decision)];
        let notes = notes::puts(trail, now, &decided).await?;
        check_size(&writes, &notes).map_err(JobError::Fail)?;
        let lanes = lanes_of(decision);
        match self.rows.transact_with_system(writes, notes).await {
            Ok(()) => {
                notes::log(&decided);
                Ok(Committed::Done(lanes))
            }
            Err(TableError::Cancelled(failed)) if failed.first() == Some(&true) => {
                Ok(Committed::Duplicate(lanes))
            }
            Err(TableError::Cancelled(_)) => Ok(Committed::Stale),
            Err(TableError::Unknown(_)) if self.is_share(id, ShareState::Done).await => {
                Ok(Committed::Duplicate(lanes))
            }
            Err(e) => Err(e.into()),
        }
    }

    /// Sets a job aside for a person, unless it is done already: an event, or the share that the job is for.
    pub async fn park_job(&self, delivery: Delivery<'_>, reason: &str) -> Result<(), JobError> {
        let Some(id) = ShareId::of(delivery.job) else {
            return self.park(&Claim::of(delivery), reason).await;
        };
        let Some(share) = self.share_of(&id).await? else {
            return Ok(());
        };
        let now = self.clock.now();
        let row = share
            .ended(ShareState::Parked, now)
            .with("reason", brief(reason))
            .with("due", Due::ParkedEvent.partition(&id.job_id()))
            .with("due_at", now.millis());
        match self.rows.write(open(Write::put(id.key(), row))).await {
            Ok(_) | Err(TableError::Condition) => Ok(()),
            Err(TableError::Unknown(_)) if self.is_share(&id, ShareState::Parked).await => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// The shares of an event, by domain.
    pub async fn shares_of(&self, event: &str) -> Result<Vec<Share>, TableError> {
        let (partition, range) = (["ledger", event], Range::Under(&["share"]));
        let page = self.rows.query(&partition, range, false, MOST, None);
        let rows = page.await?.rows;
        Ok(rows
            .iter()
            .filter_map(|(key, row)| Share::parse(key, row))
            .collect())
    }

    /// A share; `None` if there is none, or none any more.
    pub async fn share_of(&self, id: &ShareId) -> Result<Option<Share>, TableError> {
        let key = id.key();
        let row = self.rows.get(&key).await?;
        Ok(row.and_then(|row| self.unexpired(&key, &row)))
    }

    fn unexpired(&self, key: &RowKey, row: &Item) -> Option<Share> {
        let now = self.clock.now().seconds();
        Share::parse(key, row).filter(|share| share.expires_at >= now)
    }

    /// The job of a share that is not done, to be queued again by a person.
    pub fn job_of_share(&self, share: &Share, tenant: &TenantId) -> Result<Job, JobError> {
        let id = ShareId {
            event: share.event.clone(),
            domain: share.domain.clone(),
        };
        let now = self.clock.now();
        let row = armed(Item::new(), &id, now)?.with("gen", REPLAY);
        timers::job_of(&row, &id.key(), tenant, now)
            .ok_or_else(|| JobError::Fail("the job of a share cannot be made".to_owned()))
    }

    async fn is_share(&self, id: &ShareId, state: ShareState) -> bool {
        matches!(self.share_of(id).await, Ok(Some(share)) if share.state == state)
    }
}

/// The row with the timer that has the share's job sent.
fn armed(row: Item, id: &ShareId, now: Timestamp) -> Result<Item, JobError> {
    let payload = serde_json::to_value(id).map_err(|e| JobError::Fail(e.to_string()))?;
    Ok(timers::armed(row, kind::SHARE, &payload, &id.job_id(), now))
}

fn open(write: Write<RowKey>) -> Write<RowKey> {
    write
        .when(OPEN)
        .value(":waiting", ShareState::Waiting.as_str())
        .value(":parked", ShareState::Parked.as_str())
}
