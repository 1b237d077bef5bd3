//! The worker loop: a batch of queue messages in, the ids of those to be tried again out.
//!
//! Every record stands alone: a panic, an error or a missed deadline of one never touches another. Raw requests are
//! archived before any handler sees them.

mod ending;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use metrics::counter;
use tidegate_slack::ids::TenantId;
use tracing::{Instrument, info_span};

pub use self::ending::backoff;
use crate::archive::{self, Label};
use crate::clock::Clock;
use crate::job::{DecodeError, Job, kind};
use crate::ledger::{Delivery, JobError, Ledger};
use crate::outbox::{self, Lane};
use crate::queue::{Outgoing, Queue, QueueError, Received};
use crate::table::{Table, hash_text};

/// How long a job that follows from another hides, and how much longer the next one does: one that kills its worker is not
/// to take the others with it.
const SHARE_AFTER: Duration = Duration::from_secs(1);

/// Does jobs. The product's implementation, [`crate::dispatch::Dispatcher`], gives each to the domains that it concerns.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Tells a job's label from its body alone.
    fn label(&self, job: &Job) -> Label;

    /// Does the job. Answers what is to be sent now that it is done.
    async fn handle(&self, delivery: Delivery<'_>) -> Result<FollowUp, JobError>;
}

/// What a worker sends once a job is done. All of it is in the table, so the sweep sends the part that is lost.
#[derive(Debug, Default)]
pub struct FollowUp {
    /// The lanes to wake, because a post waits in each.
    pub lanes: Vec<Lane>,
    /// Jobs for the worker's own queue.
    pub jobs: Vec<Job>,
}

impl From<Vec<Lane>> for FollowUp {
    fn from(lanes: Vec<Lane>) -> Self {
        Self {
            lanes,
            jobs: Vec::new(),
        }
    }
}

/// Works off batches of jobs from one queue.
#[derive(Clone)]
pub struct Worker {
    /// Rows of all tenants.
    pub table: Table,
    /// The queue that the batches come from: failed records are hidden there.
    pub source: Arc<dyn Queue>,
    /// The queue of wake-ups.
    pub wake_ups: Arc<dyn Queue>,
    /// The clock that dates rows and measures limits.
    pub clock: Arc<dyn Clock>,
    /// The handler that does the jobs.
    pub handler: Arc<dyn Handler>,
    /// How long archive and ledger keep their rows.
    pub keep: Duration,
}

struct Record {
    message: Received,
    job: Job,
    label: Label,
}

impl Worker {
    /// Works off one batch, each record within `limit`. Answers the ids of the messages to be tried again.
    pub async fn process(&self, batch: Vec<Received>, limit: Duration) -> Vec<String> {
        let mut failed = Vec::new();
        let mut records = Vec::new();
        for message in batch {
            match Job::decode(&message.body) {
                Ok(job) => records.push(Record {
                    label: self.label(&job),
                    message,
                    job,
                }),
                Err(e) => failed.extend(self.undecodable(message, &e).await),
            }
        }
        let began = self.clock.now();
        let archived = self.archive(&records).await;
        let limit = limit.saturating_sub(self.clock.now().since(began));
        let running = records
            .into_iter()
            .zip(archived)
            .map(|(record, archived)| async move {
                let id = record.message.id.clone();
                let done = match archived {
                    Ok(()) => self.isolated(record, limit).await,
                    Err(e) => self.failed(&record, &e).await,
                };
                (!done).then_some(id)
            });
        failed.extend(join_all(running).await.into_iter().flatten());
        failed
    }

    /// What the job is. Asked before the record has a task of its own, so a panic is caught here; only one in that
    /// task counts.
    fn label(&self, job: &Job) -> Label {
        let label = catch_unwind(AssertUnwindSafe(|| self.handler.label(job)));
        label.unwrap_or_else(|_| Label {
            name: "unlabelled".to_owned(),
            dispatched_at: None,
        })
    }

    /// Archives all requests of the batch in as few calls as the table allows. If that fails, each is archived by itself, so that
    /// one that the table refuses, or one of a workspace whose key cannot be read, fails alone: putting a row twice is harmless.
    async fn archive(&self, records: &[Record]) -> Vec<Result<(), JobError>> {
        let together = self.archive_together(records).await;
        if together.is_ok() || records.len() == 1 {
            return vec![together; records.len()];
        }
        let alone = records.iter().map(std::slice::from_ref);
        join_all(alone.map(|record| self.archive_together(record))).await
    }

    async fn archive_together(&self, records: &[Record]) -> Result<(), JobError> {
        let mut rows = Vec::new();
        for Record { job, label, .. } in records {
            // Neither is a request: a share's is archived as its event's.
            if matches!(job.kind.as_str(), kind::DELIVERY_WAKE | kind::SHARE) {
                continue;
            }
            let made = archive::rows(job, label, self.keep)
                .map_err(|e| JobError::Fail(format!("compress the request: {e}")))?;
            rows.extend(
                made.into_iter()
                    .map(|(key, row)| (job.tenant.clone(), key, row)),
            );
        }
        if rows.is_empty() {
            return Ok(());
        }
        Ok(self.table.system().put_all(rows).await?)
    }

    /// Runs one record in a task of its own; true when its message can be deleted.
    async fn isolated(&self, record: Record, limit: Duration) -> bool {
        let span = info_span!(
            "job",
            label = record.label.name,
            kind = record.job.kind,
            tenant = %record.job.tenant,
            event_id = record.job.id,
            attempt = record.message.receives,
        );
        let record = Arc::new(record);
        let mut task = tokio::spawn({
            let (worker, record) = (self.clone(), Arc::clone(&record));
            async move { worker.handle(&record).await }.instrument(span.clone())
        });
        let ended = tokio::time::timeout(limit, &mut task).await;
        async {
            match ended {
                Ok(Ok(Ok(()))) => {
                    counter!("tidegate_jobs_total", "kind" => record.job.kind.clone(), "outcome" => "ok").increment(1);
                    true
                }
                Ok(Ok(Err(e))) => self.failed(&record, &e).await,
                Ok(Err(_)) => self.panicked(&record).await,
                Err(_) => {
                    task.abort();
                    self.retry(&record, "no result in time").await
                }
            }
        }
        .instrument(span)
        .await
    }

    async fn handle(&self, record: &Record) -> Result<(), JobError> {
        let follow_up = self.handler.handle(record.delivery()).await?;
        for (job, n) in follow_up.jobs.iter().zip(1..) {
            if let Err(e) = self.send(job, SHARE_AFTER * n).await {
                tracing::warn!(error = %e, job_id = job.id, "job not sent");
            }
        }
        for lane in follow_up.lanes {
            // The posts are in the table; if this wake-up is lost, the sweep finds them.
            if let Err(e) = wake(&*self.wake_ups, &record.job.tenant, &lane, 0, &*self.clock).await
            {
                tracing::warn!(error = %e, lane = lane.as_str(), "wake-up not sent");
            }
        }
        Ok(())
    }

    /// Sends a job to the worker's own queue, to show after `delay`: what made it fail may be over by then.
    async fn send(&self, job: &Job, delay: Duration) -> Result<(), QueueError> {
        let refused = |e: serde_json::Error| QueueError::Refused(e.to_string());
        let message = Outgoing {
            group: job.tenant.as_str().to_owned(),
            body: job.encode().map_err(refused)?,
            delay: delay.min(crate::queue::MAX_DELAY),
        };
        self.source.send(message).await
    }

    /// A message that is no job: a newer build's is left for a newer worker; anything else is kept and parked.
    async fn undecodable(&self, message: Received, e: &DecodeError) -> Option<String> {
        let now = self.clock.now();
        let job = Job {
            kind: "unreadable".to_owned(),
            id: format!("message.{}", hash_text(message.body.as_bytes())),
            tenant: TenantId::unreadable(),
            received_at: now,
            signed_at: now,
            retry: None,
            body: message.body.clone().into_bytes(),
        };
        let label = Label {
            name: "unreadable".to_owned(),
            dispatched_at: None,
        };
        let record = Record {
            message,
            job,
            label,
        };
        let done = match e {
            DecodeError::Newer(_) => self.failed(&record, &JobError::Retry(e.to_string())).await,
            DecodeError::Unreadable => {
                let archived = self.archive(std::slice::from_ref(&record)).await;
                match archived.into_iter().next() {
                    Some(Err(e)) => self.failed(&record, &e).await,
                    _ => self.park(&record, &e.to_string()).await,
                }
            }
        };
        (!done).then_some(record.message.id)
    }

    fn ledger(&self, tenant: &TenantId) -> Ledger<'_> {
        Ledger {
            rows: self.table.tenant(tenant),
            clock: &*self.clock,
            keep: self.keep,
        }
    }
}

impl Record {
    fn delivery(&self) -> Delivery<'_> {
        Delivery {
            job: &self.job,
            label: &self.label,
            message: &self.message.id,
            attempt: self.message.receives,
        }
    }
}

/// Sends a lane's wake-up.
pub async fn wake(
    queue: &dyn Queue,
    tenant: &TenantId,
    lane: &Lane,
    hops: u32,
    clock: &dyn Clock,
) -> Result<(), QueueError> {
    wake_later(queue, tenant, lane, hops, clock, Duration::ZERO).await
}

/// Sends a lane's wake-up that shows after `delay`, at most [`crate::queue::MAX_DELAY`].
pub async fn wake_later(
    queue: &dyn Queue,
    tenant: &TenantId,
    lane: &Lane,
    hops: u32,
    clock: &dyn Clock,
    delay: Duration,
) -> Result<(), QueueError> {
    let refused = |e: serde_json::Error| QueueError::Refused(e.to_string());
    let job = outbox::wake_up(tenant, lane, hops, clock.now()).map_err(refused)?;
    let message = Outgoing {
        group: lane.group(tenant),
        body: job.encode().map_err(refused)?,
        delay: delay.min(crate::queue::MAX_DELAY),
    };
    queue.send(message).await
}
