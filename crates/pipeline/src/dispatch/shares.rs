//! Shares: a domain that failed on an event is asked again, by itself, until its share is done or set aside for a person.

use metrics::counter;
use tidegate_slack::event::Envelope;

use super::deciding::{context, guarded};
use super::{Dispatcher, TRIES, fail};
use crate::archive::{self, Archived, Label};
use crate::domain::Domain;
use crate::job::Job;
use crate::ledger::{Committed, Decision, Delivery, JobError, Ledger, Share, ShareId, ShareState};
use crate::worker::FollowUp;

/// Receives of one job after which a share is left to the sweep, which sends the next. The queue would make a dead letter of the
/// job soon after, and the share is in the table.
const RECEIVES: u32 = 4;

/// Attempts after which a share is parked: about six jobs, the last of them some minutes after the first.
const MOST_ATTEMPTS: i64 = 24;

/// Attempts without a trace after which a share is parked: each may have taken a worker with it.
const MOST_DEATHS: i64 = 4;

impl Dispatcher {
    /// Does one domain's share of an event, from the event's archived request.
    pub(super) async fn share(
        &self,
        delivery: Delivery<'_>,
        ledger: &Ledger<'_>,
    ) -> Result<FollowUp, JobError> {
        let id = ShareId::of(delivery.job).ok_or_else(|| fail(&"the share cannot be read"))?;
        let Some(domain) = self.domain_of(&id) else {
            return switched_off(&id, delivery.job, ledger).await;
        };
        // If the worker that did it died before it woke the lanes, the sweep does.
        let Some(share) = ledger.begin_share(&id, delivery).await? else {
            return Ok(FollowUp::default());
        };
        if share.is_waiting()
            && let Some(why) = exhausted(&share)
        {
            return Err(JobError::Fail(why));
        }
        match self
            .attempt_share(delivery, ledger, domain, (&id, &share))
            .await
        {
            Ok(decision) => {
                let lanes = decision.posts.into_iter().map(|post| post.lane);
                Ok(lanes.collect::<Vec<_>>().into())
            }
            Err(JobError::Retry(why)) => {
                ledger.note_failure(&id, &why).await?;
                match delivery.attempt {
                    ..RECEIVES => Err(JobError::Retry(why)),
                    _ if share.is_waiting() => {
                        tracing::warn!(why, "share.left_to_the_sweep");
                        Ok(FollowUp::default())
                    }
                    _ => Err(JobError::Fail(why)),
                }
            }
            Err(e) => Err(e),
        }
    }

    async fn attempt_share(
        &self,
        delivery: Delivery<'_>,
        ledger: &Ledger<'_>,
        domain: &dyn Domain,
        (id, share): (&ShareId, &Share),
    ) -> Result<Decision, JobError> {
        let asked = asked_again(delivery, ledger, domain, (id, share)).await?;
        for overtaken in 0..TRIES {
            let decision = asked.decide(delivery, ledger, overtaken).await?;
            let trail = self.audit.of(&delivery.job.tenant);
            match ledger.commit_share(trail, id, share, &decision).await? {
                Committed::Done(_) => {
                    let domain = asked.domain.spec().name;
                    counter!("tidegate_shares_total", "domain" => domain, "outcome" => "done")
                        .increment(1);
                    return Ok(decision);
                }
                Committed::Duplicate(_) => return Ok(decision),
                Committed::Stale => {}
            }
        }
        Err(JobError::Retry("the rows keep changing".to_owned()))
    }

    fn domain_of(&self, id: &ShareId) -> Option<&dyn Domain> {
        let mut domains = self.domains.iter().map(|domain| &**domain);
        domains.find(|domain| domain.spec().name == id.domain)
    }
}

/// Leaves the share of a domain that is switched off as it is: the sweep goes on sending its job, and it is done once the domain is
/// on again. Only the replay of a parked share fails, because nothing sends its job again.
async fn switched_off(id: &ShareId, job: &Job, ledger: &Ledger<'_>) -> Result<FollowUp, JobError> {
    let share = ledger.share_of(id).await?;
    if ShareId::is_replay(job) && share.is_some_and(|share| share.state == ShareState::Parked) {
        return Err(fail(&format!(
            "the domain {} is switched off: switch it on (TIDEGATE_DOMAINS), then replay",
            id.domain
        )));
    }
    tracing::warn!(domain = id.domain, "share.left_alone: its domain is off");
    Ok(FollowUp::default())
}

/// The domain of a share, and what it is asked about.
async fn asked_again<'a>(
    delivery: Delivery<'_>,
    ledger: &Ledger<'_>,
    domain: &'a dyn Domain,
    (id, share): (&ShareId, &Share),
) -> Result<Asked<'a>, JobError> {
    let (rows, tenant) = (&ledger.rows, &delivery.job.tenant);
    let archived = archive::read(rows, tenant, &share.address, &id.event).await;
    let archived = archived.map_err(|e| match e {
        archive::ArchiveError::Table(e) => e.into(),
        e @ archive::ArchiveError::Damaged(_) => fail(&e),
    })?;
    let archived = archived.ok_or_else(|| fail(&"its request is no longer archived"))?;
    let envelope = Envelope::parse(&archived.job.body).map_err(|e| fail(&e))?;
    Ok(Asked {
        domain,
        archived,
        envelope,
    })
}

/// A domain and the event that it is asked about again.
struct Asked<'a> {
    domain: &'a dyn Domain,
    archived: Archived,
    envelope: Envelope,
}

impl Asked<'_> {
    async fn decide(
        &self,
        delivery: Delivery<'_>,
        ledger: &Ledger<'_>,
        overtaken: usize,
    ) -> Result<Decision, JobError> {
        let label = Label {
            name: self.archived.name.clone(),
            dispatched_at: None,
        };
        let original = Delivery {
            job: &self.archived.job,
            label: &label,
            ..delivery
        };
        let context = context(original, ledger, overtaken);
        guarded(self.domain.event(context, &self.envelope)).await
    }
}

/// Why a share is not tried any more, if it is not.
fn exhausted(share: &Share) -> Option<String> {
    let deaths = share.attempts - 1 - share.failures;
    if deaths >= MOST_DEATHS {
        return Some(format!(
            "{deaths} attempts at it left no trace: their workers died, ran out of time, or could not reach the table"
        ));
    }
    let again = || "it fails again and again".to_owned();
    (share.attempts > MOST_ATTEMPTS).then(|| share.reason.clone().unwrap_or_else(again))
}
