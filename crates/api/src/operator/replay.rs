//! The route `POST /v1/operator/events/{id}/replay`, which replays an event, or its shares that are not done. A repeat of the call is
//! harmless, because the ledger's claim prevents a second effect.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tidegate_pipeline::job::{Job, kind};
use tidegate_pipeline::ledger::{Entry, EventState, Share, ShareState};
use tidegate_pipeline::queue::Outgoing;
use tidegate_slack::ids::TenantId;

use utoipa::{IntoParams, ToSchema};

use super::Operator;
use super::found::Found;
use crate::{Api, ApiError, ApiResult, Call, OnlyOf, reply};

/// The parts of the event to replay.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Only the share of this domain
    domain: Option<String>,
}

/// What comes of the replay.
#[derive(Serialize, ToSchema)]
struct ReplayAnswer {
    ok: bool,
    event_id: String,
    tenant: String,
    /// False if everything is done already.
    replayed: bool,
    message: String,
}

/// Replay an event
#[utoipa::path(
    post,
    path = "/v1/operator/events/{id}/replay",
    tag = "operator",
    params(("id" = String, Path, description = "The event's id"), OnlyOf, Asked),
    responses((status = 200, body = ReplayAnswer))
)]
pub(super) async fn replay(State(api): State<Arc<Api>>, call: Call) -> ApiResult {
    let Asked { domain } = call.query()?;
    let operator = Operator::of(&api, &call)?;
    let replayed = operator.replay_event(domain.as_deref()).await?;
    Ok(reply::json(StatusCode::OK, &replayed))
}

impl Operator<'_> {
    async fn replay_event(&self, domain: Option<&str>) -> Result<ReplayAnswer, ApiError> {
        let id = self.call.path("id");
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
        let replayed = |replayed: bool, message: String| ReplayAnswer {
            ok: true,
            event_id: id.to_owned(),
            tenant: tenant.to_string(),
            replayed,
            message,
        };
        if jobs.is_empty() {
            let done = match domain {
                Some(domain) => format!("the share of {domain}"),
                None => "the event".to_owned(),
            };
            let message = format!("{done} is done; replaying it would change nothing");
            return Ok(replayed(false, message));
        }
        for job in &jobs {
            self.queue_again(&tenant, job).await?;
        }
        tracing::info!(event_id = id, tenant = %tenant, domain, "event.replayed");
        let message = "queued again; `tidegate events show` tells what comes of it";
        Ok(replayed(true, message.to_owned()))
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
