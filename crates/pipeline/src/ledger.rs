//! The ledger: what became of each event, and the claim that makes it happen once.
//!
//! The conditional put of the ledger row stands in the same transaction as the effects. There is no other claim:
//! nothing to expire, nothing to release, and no moment at which an event is taken but not done. A second row under
//! the event's natural key catches the same event coming under another event id.

mod attempts;
mod claim;
mod decision;
mod entry;
mod events;
mod notes;
mod shares;

use std::time::Duration;

use tidegate_slack::redaction;

pub use self::claim::Claim;
pub use self::decision::{Decision, JobError};
pub use self::entry::{Entry, EventState};
pub use self::events::{EventCommitted, Part};
pub use self::shares::{Share, ShareId, ShareState};

use crate::archive::{self, Address, Label};
use crate::audit::Trail;
use crate::clock::{Clock, Timestamp};
use crate::job::Job;
use crate::outbox::{self, Lane};
use crate::table::{
    Due, Item, MAX_TRANSACTION_BYTES, MAX_TRANSACTION_WRITES, Range, RowKey, Rows, TableError,
    Write,
};

/// The outcome of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// Done now, by this call; wake these lanes.
    Done(Vec<Lane>),
    /// The event had been done before. Nothing was changed. The lanes are those that the earlier call meant to
    /// wake; it may have died between its commit and the wake-up.
    Duplicate(Vec<Lane>),
    /// A condition of the decision's writes does not hold: load the state again and decide anew.
    Stale,
}

/// One delivery of a job, as the worker hands it to a domain.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The job to do.
    pub job: &'a Job,
    /// The label of the job, as the handler told it from the body.
    pub label: &'a Label,
    /// The id of the queue's message, the same for each time that it is received.
    pub message: &'a str,
    /// How often the message has been received, this time included.
    pub attempt: u32,
}

/// The ledger of one tenant.
pub struct Ledger<'a> {
    /// The rows of the tenant that the jobs belong to.
    pub rows: Rows,
    /// The clock that dates rows.
    pub clock: &'a dyn Clock,
    /// How long claims and outcomes are kept. Slack's last delayed retry comes after 24 hours.
    pub keep: Duration,
}

/// Characters of a reason that are kept.
const MOST_OF_A_REASON: usize = 500;

/// Free, expired but not yet swept, or parked: parked events have had no effect and may be tried again.
const CLAIMABLE: &str = "attribute_not_exists(#pk) OR #expires_at < :now OR #state = :parked";

impl Ledger<'_> {
    /// Commits one domain's decision with its claim and its note in the audit trail, in one transaction.
    pub async fn commit(
        &self,
        trail: Trail<'_>,
        claim: &Claim,
        domain: &str,
        decision: &Decision,
    ) -> Result<Committed, JobError> {
        let now = self.clock.now();
        let entry = self.entry(claim, EventState::Done, now);
        let entry = entry.with("posts", count(&decision.posts));
        let mut writes = vec![Self::claim_row(ledger_key(&claim.id), entry, now)];
        writes.extend(effects_of(&claim.id, domain, decision, now));
        let decided = [(claim.id.clone(), decision)];
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
            Err(TableError::Unknown(_)) if self.is(&claim.id, EventState::Done).await => {
                Ok(Committed::Duplicate(lanes))
            }
            Err(e) => Err(e.into()),
        }
    }

    /// Sets an event aside for a person, unless it is done already.
    pub async fn park(&self, claim: &Claim, reason: &str) -> Result<(), JobError> {
        self.finish(claim, EventState::Parked, Some(reason)).await
    }

    /// The outcome of an event; `None` while it is under way.
    pub async fn entry_of(&self, id: &str) -> Result<Option<Entry>, TableError> {
        let now = self.clock.now().seconds();
        let item = self.rows.get(&ledger_key(id)).await?;
        Ok(item
            .filter(|i| i.number("expires_at").is_none_or(|at| at >= now))
            .as_ref()
            .and_then(Entry::parse))
    }

    /// The posts that an event caused and that have left the outbox.
    pub async fn posts_of(&self, id: &str) -> Result<Vec<outbox::Settled>, TableError> {
        let page = self
            .rows
            .query(&["post", id], Range::All, false, 100, None)
            .await?;
        Ok(page
            .rows
            .iter()
            .filter_map(|(key, item)| outbox::Settled::parse(key, item))
            .collect())
    }

    /// Removes the request that came with this delivery if the event's first one is archived elsewhere: recorded
    /// requests tell a time long ago, so that each sending has a place of its own.
    pub async fn keep_one_copy(&self, delivery: Delivery<'_>) -> Result<(), JobError> {
        let (job, label) = (delivery.job, delivery.label);
        let first = self.entry_of(&job.id).await?;
        if first.is_some_and(|entry| entry.address != Address::of(job, label)) {
            let removed = archive::remove(&self.rows, job, label).await;
            removed.map_err(|e| JobError::Retry(e.to_string()))?;
        }
        Ok(())
    }

    async fn finish(
        &self,
        claim: &Claim,
        state: EventState,
        reason: Option<&str>,
    ) -> Result<(), JobError> {
        let now = self.clock.now();
        let mut item = self
            .entry(claim, state, now)
            .with_some("reason", reason.map(brief));
        if state == EventState::Parked {
            item = item
                .with("due", Due::ParkedEvent.partition(&claim.id))
                .with("due_at", now.millis());
        }
        let write = Self::claim_row(ledger_key(&claim.id), item, now);
        match self.rows.write(write).await {
            Ok(_) | Err(TableError::Condition) => Ok(()),
            Err(TableError::Unknown(_)) if self.is(&claim.id, state).await => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// Whether only the answer of a write was lost. Known at once it costs no receive, the last of which would make
    /// a dead letter of an event that has its end.
    async fn is(&self, id: &str, state: EventState) -> bool {
        matches!(self.entry_of(id).await, Ok(Some(entry)) if entry.state == state)
    }

    fn claim_row(key: RowKey, item: Item, now: Timestamp) -> Write<RowKey> {
        Write::put(key, item)
            .when(CLAIMABLE)
            .value(":now", now.seconds())
            .value(":parked", EventState::Parked.as_str())
    }

    fn expiring(&self, now: Timestamp) -> Item {
        Item::new().with("expires_at", now.plus(self.keep).seconds())
    }

    fn entry(&self, claim: &Claim, state: EventState, now: Timestamp) -> Item {
        self.expiring(now)
            .with("state", state.as_str())
            .with("name", claim.name.as_str())
            .with("attempts", claim.attempt)
            .with("finished_at", now.millis())
            .with("second", claim.at.seconds())
    }
}

/// The writes that a domain's decision comes to. The ids of its posts come from the event and the domain, so that they are the
/// same in the event's commit and in a share's.
fn effects_of(
    event_id: &str,
    domain: &str,
    decision: &Decision,
    now: Timestamp,
) -> Vec<Write<RowKey>> {
    let posts = decision.posts.iter().enumerate();
    let posts = posts.map(|(n, post)| outbox::insert(event_id, domain, n, post, now));
    decision.writes.iter().cloned().chain(posts).collect()
}

fn lanes_of(decision: &Decision) -> Vec<Lane> {
    decision
        .posts
        .iter()
        .map(|post| post.lane.clone())
        .collect()
}

fn count<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}

/// Refuses what no transaction of the table takes, with the reason.
fn check_size(writes: &[Write<RowKey>], notes: &[Write<RowKey>]) -> Result<(), String> {
    let count = writes.len() + notes.len();
    if count > MAX_TRANSACTION_WRITES {
        return Err(format!("{count} writes are too many for one transaction"));
    }
    let sizes = writes.iter().chain(notes).map(Write::bytes);
    if sizes.sum::<usize>() > MAX_TRANSACTION_BYTES {
        return Err("the writes are too large for one transaction".to_owned());
    }
    Ok(())
}

/// A reason as far as a row keeps it: without secrets, because operators read it, and not too long. A domain may say any amount.
fn brief(reason: &str) -> String {
    let reason = redaction::line(reason);
    reason.chars().take(MOST_OF_A_REASON).collect()
}

fn ledger_key(id: &str) -> RowKey {
    RowKey::new(&["ledger", id], &["event"])
}

/// The event id behind a ledger row's key, for lists of the due index.
pub fn event_id_of(key: &RowKey) -> Option<String> {
    key.partition_parts().into_iter().nth(1)
}

fn natural_key(parts: &[String]) -> RowKey {
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    RowKey::new(&[&["natural"], parts.as_slice()].concat(), &["event"])
}
