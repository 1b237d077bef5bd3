//! Replays an event, or its shares that are not done.

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_pipeline::job::{Job, kind};
use tidegate_pipeline::ledger::{Entry, EventState, Share, ShareState};
use tidegate_pipeline::queue::Outgoing;
use tidegate_slack::ids::TenantId;

use super::Operator;
use super::found::Found;
use crate::ApiError;

impl Operator<'_> {
    pub(super) async fn replay_event(&self) -> Result<Value, ApiError> {
        let id = self.call.path("id");
        let domain = self.call.query.get("domain");
        let (tenant, entry, archived) = self.find(id).await?;
        let found = self.with_shares(&tenant, id, entry).await?;
        let is_decided = matches!(
            found.entry,
            Some(Entry {
                state: EventState::Done | EventState::Duplicate,
                ..
            })
        );
        let jobs = match domain {
            _ if is_decided => self.jobs_of_shares(&tenant, &found, domain)?,
            None => vec![archived.job],
            Some(_) => {
                return Err(ApiError::conflict(
                    "the event has not been decided yet, so no domain has a share of it: replay it as a whole",
                ));
            }
        };
        if jobs.is_empty() {
            let done = match domain {
                Some(domain) => format!("the share of {domain}"),
                None => "the event".to_owned(),
            };
            return Ok(json!({
                "ok": true, "event_id": id, "tenant": tenant, "replayed": false,
                "message": format!("{done} is done; replaying it would change nothing"),
            }));
        }
        // A second replay has no second effect, because the ledger's claim prevents it.
        for job in jobs {
            self.queue_again(&tenant, &job).await?;
        }
        tracing::info!(event_id = id, tenant = %tenant, domain, "event.replayed");
        Ok(json!({
            "ok": true, "event_id": id, "tenant": tenant, "replayed": true,
            "message": "queued again; `tidegate events show` tells what comes of it",
        }))
    }

    /// Returns the jobs of the shares that are not done: all of them, or only those of `domain`.
    fn jobs_of_shares(
        &self,
        tenant: &TenantId,
        found: &Found,
        domain: Option<&str>,
    ) -> Result<Vec<Job>, ApiError> {
        let named = |share: &&Share| domain.is_none_or(|domain| domain == share.domain);
        let shares: Vec<&Share> = found.shares.iter().filter(named).collect();
        if domain.is_some() && shares.is_empty() {
            return Err(ApiError::not_found(
                "that domain has no share of that event; `tidegate events show` lists those that there are",
            ));
        }
        let ledger = self.ledger(tenant);
        let open = shares
            .into_iter()
            .filter(|share| share.state != ShareState::Done);
        let job = |share: &Share| ledger.job_of_share(share, tenant);
        let jobs: Result<Vec<Job>, _> = open.map(job).collect();
        jobs.map_err(|e| ApiError::Internal(e.to_string()))
    }

    async fn queue_again(&self, tenant: &TenantId, job: &Job) -> Result<(), ApiError> {
        let body = job
            .encode()
            .map_err(|e| ApiError::Internal(e.to_string()))?;
        let message = Outgoing {
            group: tenant.as_str().to_owned(),
            body,
            delay: Duration::ZERO,
        };
        let queue = match job.kind.as_str() {
            kind::SLACK_EVENT | kind::SHARE => self.api.events.get(),
            _ => self.api.commands.get(),
        };
        Ok(queue.send(message).await?)
    }
}
