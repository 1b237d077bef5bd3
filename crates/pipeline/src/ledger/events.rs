//! The commit of an event: what all domains have decided, and a share for each that failed, with the event's claim.

use super::{
    Claim, Decision, EventState, Ledger, ShareId, check_size, count, effects_of, lanes_of,
    ledger_key, natural_key, notes,
};
use crate::audit::Trail;
use crate::job::Job;
use crate::ledger::JobError;
use crate::outbox::Lane;
use crate::table::{Item, TableError};

/// One domain's part in the commit of an event.
#[derive(Debug, Clone)]
pub struct Part {
    /// The name of the domain.
    pub domain: &'static str,
    /// The domain's decision, or the reason why it failed.
    pub decided: Result<Decision, String>,
}

impl Part {
    /// Its decision, with the id that the note of it has in the audit trail: the same as if it were done in a share.
    fn noted(&self, event: &str) -> Option<notes::Noted<'_>> {
        let id = ShareId {
            event: event.to_owned(),
            domain: self.domain.to_owned(),
        };
        Some((id.job_id(), self.decided.as_ref().ok()?))
    }
}

/// How the commit of an event ended.
#[derive(Debug)]
pub enum EventCommitted {
    /// Done now, by this call: wake these lanes, and send these jobs of shares.
    Done(Vec<Lane>, Vec<Job>),
    /// The event had been done before under this id. The lanes are those that the earlier call meant to wake.
    Repeated(Vec<Lane>),
    /// The same event had been done under another id.
    SameEvent,
    /// Conditions of these parts' writes do not hold.
    Stale(Vec<usize>),
    /// The table takes no such transaction, and does not say which write is to blame.
    Rejected(String),
}

impl Ledger<'_> {
    /// Writes the claim, each domain's part or its share, and the notes of the parts in the audit trail, in one transaction.
    pub async fn commit_event(
        &self,
        trail: Trail<'_>,
        claim: &Claim,
        natural: Option<&[String]>,
        parts: &[Part],
    ) -> Result<EventCommitted, JobError> {
        let now = self.clock.now();
        let entry = self.entry(claim, EventState::Done, now);
        let entry = counted(entry, parts);
        let mut writes = vec![Self::claim_row(ledger_key(&claim.id), entry, now)];
        if let Some(parts) = natural {
            let row = self.expiring(now).with("event_id", claim.id.as_str());
            writes.push(Self::claim_row(natural_key(parts), row, now));
        }
        let claims = writes.len();
        let mut owners = Vec::new();
        let mut jobs = Vec::new();
        for (n, part) in parts.iter().enumerate() {
            match &part.decided {
                Ok(decision) => writes.extend(effects_of(&claim.id, part.domain, decision, now)),
                Err(reason) => {
                    let (write, job) = self.share(claim, part.domain, reason, now)?;
                    writes.push(write);
                    jobs.push(job);
                }
            }
            owners.resize(writes.len() - claims, n);
        }
        let decided: Vec<_> = parts.iter().filter_map(|p| p.noted(&claim.id)).collect();
        let notes = notes::puts(trail, now, &decided).await?;
        if let Err(why) = check_size(&writes, &notes) {
            return Ok(EventCommitted::Rejected(why));
        }
        let lanes = decided.iter().flat_map(|(_, decision)| lanes_of(decision));
        let lanes = lanes.collect();
        match self.rows.transact_with_system(writes, notes).await {
            Ok(()) => {
                notes::log(&decided);
                Ok(EventCommitted::Done(lanes, jobs))
            }
            Err(TableError::Cancelled(failed)) if failed.first() == Some(&true) => {
                Ok(EventCommitted::Repeated(lanes))
            }
            Err(TableError::Cancelled(failed)) if claims == 2 && failed.get(1) == Some(&true) => {
                self.finish(claim, EventState::Duplicate, None).await?;
                Ok(EventCommitted::SameEvent)
            }
            Err(TableError::Cancelled(failed)) => {
                Ok(stale(failed.into_iter().skip(claims), owners))
            }
            Err(TableError::Invalid(why)) => Ok(EventCommitted::Rejected(why)),
            Err(TableError::Unknown(_)) if self.is(&claim.id, EventState::Done).await => {
                Ok(EventCommitted::Repeated(lanes))
            }
            Err(e) => Err(e.into()),
        }
    }
}

/// The row of an event with the numbers of its posts and shares.
fn counted(entry: Item, parts: &[Part]) -> Item {
    let decisions = parts.iter().filter_map(|part| part.decided.as_ref().ok());
    let posts: i64 = decisions.map(|decision| count(&decision.posts)).sum();
    let shares = parts.iter().filter(|part| part.decided.is_err()).count();
    entry
        .with("posts", posts)
        .with_some("shares", i64::try_from(shares).ok().filter(|n| *n > 0))
}

/// The parts that own the writes whose conditions failed.
fn stale(failed: impl Iterator<Item = bool>, owners: Vec<usize>) -> EventCommitted {
    let failed = failed.zip(owners);
    let mut stale: Vec<usize> = failed.filter(|(f, _)| *f).map(|(_, n)| n).collect();
    stale.dedup();
    if stale.is_empty() {
        let why = "the table does not say which condition failed".to_owned();
        return EventCommitted::Rejected(why);
    }
    EventCommitted::Stale(stale)
}
