//! Events: every domain that takes part decides by itself, and those that fail are left a share each.

use futures_util::future::join_all;
use metrics::counter;
use tidegate_slack::event::Envelope;
use tidegate_slack::ids::TenantId;

use super::deciding::{context, guarded};
use super::{Dispatcher, PLATFORM, fail, home, label};
use crate::audit::Trail;
use crate::domain::Domain;
use crate::ledger::{Claim, Decision, Delivery, EventCommitted, JobError, Ledger, Part};
use crate::worker::FollowUp;

/// Times that a domain may be overtaken in the event's own commit. Then every domain gets a share, where it can only hold up
/// itself.
const OVERTAKEN: usize = 3;

/// The receive from which on an event is no longer decided as a whole, if two earlier ones left no trace.
const SUSPECT_FROM: u32 = 3;

impl Dispatcher {
    pub(super) async fn event(
        &self,
        delivery: Delivery<'_>,
        ledger: &Ledger<'_>,
        envelope: &Envelope,
    ) -> Result<FollowUp, JobError> {
        // Nobody's data: no domain may guess whose.
        if envelope.kind() == "event_callback" && delivery.job.tenant == TenantId::unreadable() {
            return Err(fail(&"the event names no workspace"));
        }
        let event = Event {
            delivery,
            ledger,
            envelope,
            claim: Claim::of(delivery),
            natural_key: label::natural_key(envelope),
        };
        let trail = self.audit.of(&delivery.job.tenant);
        let domains: Vec<&dyn Domain> = self.taking_part(envelope).collect();
        if delivery.attempt >= SUSPECT_FROM && event.was_abandoned().await? {
            let why = "two attempts at the event left no trace: their workers died, ran out of time, or could not reach the table";
            return self.leave_to_shares(&event, &domains, why).await;
        }
        let mut parts = join_all(domains.iter().map(|domain| event.decide(*domain, 0))).await;
        parts.extend(self.home_part(envelope));
        let mut overtaken = vec![0; parts.len()];
        loop {
            if parts
                .iter()
                .any(|part| matches!(&part.decided, Err(Failed::Erased)))
            {
                return Err(JobError::Erased);
            }
            match event.commit(trail, &parts).await? {
                EventCommitted::Done(lanes, jobs) => {
                    count_shares(&parts);
                    return Ok(FollowUp { lanes, jobs });
                }
                EventCommitted::Repeated(lanes) => {
                    ledger.keep_one_copy(delivery).await?;
                    return Ok(lanes.into());
                }
                EventCommitted::SameEvent => return Ok(FollowUp::default()),
                EventCommitted::Rejected(why) => {
                    return self.leave_to_shares(&event, &domains, &why).await;
                }
                EventCommitted::Stale(stale) => {
                    for n in stale {
                        overtaken[n] += 1;
                        let domain = domains.get(n).filter(|_| overtaken[n] < OVERTAKEN);
                        let Some(domain) = domain else {
                            let why = "the rows keep changing";
                            return self.leave_to_shares(&event, &domains, why).await;
                        };
                        parts[n] = event.decide(*domain, overtaken[n]).await;
                    }
                }
            }
        }
    }

    fn taking_part<'a>(&'a self, envelope: &'a Envelope) -> impl Iterator<Item = &'a dyn Domain> {
        let domains = self.domains.iter().map(|domain| &**domain);
        domains.filter(|domain| domain.spec().takes(envelope))
    }

    /// The home tab is drawn by the pipeline, from the sections of all domains.
    fn home_part(&self, envelope: &Envelope) -> Option<DomainPart> {
        let has_home = self.domains.iter().any(|domain| domain.spec().has_home);
        let post = home::opened(envelope).filter(|_| has_home)?;
        Some(DomainPart {
            domain: PLATFORM,
            decided: Ok(Decision {
                posts: vec![post],
                ..Decision::default()
            }),
        })
    }

    /// Commits the claim and a share for every domain, and nothing else.
    async fn leave_to_shares(
        &self,
        event: &Event<'_>,
        domains: &[&dyn Domain],
        why: &str,
    ) -> Result<FollowUp, JobError> {
        tracing::warn!(why, "event.left_to_shares");
        let trail = self.audit.of(&event.claim.tenant);
        let share = |domain: &&dyn Domain| DomainPart {
            domain: domain.spec().name,
            decided: Err(Failed::Share(why.to_owned())),
        };
        let mut parts: Vec<DomainPart> = domains.iter().map(share).collect();
        parts.extend(self.home_part(event.envelope));
        match event.commit(trail, &parts).await? {
            EventCommitted::Done(lanes, jobs) => {
                count_shares(&parts);
                Ok(FollowUp { lanes, jobs })
            }
            EventCommitted::Repeated(lanes) => {
                event.ledger.keep_one_copy(event.delivery).await?;
                Ok(lanes.into())
            }
            EventCommitted::SameEvent => Ok(FollowUp::default()),
            EventCommitted::Stale(_) => {
                Err(JobError::Retry("the rows changed meanwhile".to_owned()))
            }
            EventCommitted::Rejected(why) => Err(JobError::Fail(why)),
        }
    }
}

/// Counts the shares that were left in a commit.
fn count_shares(parts: &[DomainPart]) {
    for part in parts.iter().filter(|part| part.decided.is_err()) {
        counter!("tidegate_shares_total", "domain" => part.domain, "outcome" => "left")
            .increment(1);
    }
}

/// One event that is being decided.
struct Event<'a> {
    delivery: Delivery<'a>,
    ledger: &'a Ledger<'a>,
    envelope: &'a Envelope,
    claim: Claim,
    natural_key: Option<Vec<String>>,
}

/// One domain's decision, or how it failed.
struct DomainPart {
    domain: &'static str,
    decided: Result<Decision, Failed>,
}

/// What is left when a domain failed.
enum Failed {
    /// It is left a share, with this reason.
    Share(String),
    /// The workspace has been erased: nothing is left for anybody.
    Erased,
}

impl Event<'_> {
    /// Has a domain decide within its own deadline. A panic of the domain counts as its failure.
    async fn decide(&self, domain: &dyn Domain, overtaken: usize) -> DomainPart {
        let name = domain.spec().name;
        let context = context(self.delivery, self.ledger, overtaken);
        let decided = guarded(domain.event(context, self.envelope)).await;
        let decided = decided.map_err(|e| match e {
            JobError::Erased => Failed::Erased,
            JobError::Retry(why) | JobError::Fail(why) => {
                tracing::error!(domain = name, why, "domain.failed");
                Failed::Share(why)
            }
        });
        DomainPart {
            domain: name,
            decided,
        }
    }

    async fn commit(
        &self,
        trail: Trail<'_>,
        parts: &[DomainPart],
    ) -> Result<EventCommitted, JobError> {
        let parts: Vec<Part> = parts
            .iter()
            .map(|part| Part {
                domain: part.domain,
                decided: match &part.decided {
                    Ok(decision) => Ok(decision.clone()),
                    Err(Failed::Share(why)) => Err(why.clone()),
                    Err(Failed::Erased) => Err("the workspace has been erased".to_owned()),
                },
            })
            .collect();
        let natural_key = self.natural_key.as_deref();
        self.ledger
            .commit_event(trail, &self.claim, natural_key, &parts)
            .await
    }

    /// Whether two earlier attempts left no trace: their workers died, ran out of time, or could not write to the table.
    async fn was_abandoned(&self) -> Result<bool, JobError> {
        let retries = self.ledger.retries(self.delivery).await?;
        Ok(i64::from(self.delivery.attempt) - 1 - retries >= 2)
    }
}
