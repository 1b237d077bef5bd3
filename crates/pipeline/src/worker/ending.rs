//! What a worker does with a record whose job is not done: tries it again later, or parks it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use metrics::counter;

use super::{Record, Worker};
use crate::ledger::JobError;
use crate::queue::Received;

/// Panics after which a record is parked instead of being tried again.
const PANICS_TO_PARK: i64 = 2;

/// Longest that a failed record hides, below the visibility timeout that a crash leaves behind.
const MAX_BACKOFF: Duration = Duration::from_mins(1);

/// Pauses between tries to shorten a visibility timeout.
const HIDE_AGAIN_AFTER: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

impl Worker {
    pub(super) async fn failed(&self, record: &Record, e: &JobError) -> bool {
        match e {
            JobError::Fail(reason) => self.park(record, reason).await,
            JobError::Retry(reason) => {
                self.ended_in_order(record).await;
                self.retry(record, reason).await
            }
            JobError::Erased => {
                tracing::info!("job.dropped: its workspace has been erased");
                counter!("tidegate_jobs_total", "kind" => record.job.kind.clone(), "outcome" => "dropped")
                    .increment(1);
                true
            }
        }
    }

    /// Notes that an attempt ended, so that the next worker that receives the message can tell it from an attempt whose worker
    /// died. An attempt without the note counts as one whose worker died.
    async fn ended_in_order(&self, record: &Record) {
        let ledger = self.ledger(&record.job.tenant);
        if let Err(e) = ledger.count_retry(record.delivery()).await {
            tracing::warn!(error = %e, "attempt not counted");
        }
    }

    /// Leaves the message to be received again, after a while.
    pub(super) async fn retry(&self, record: &Record, reason: &str) -> bool {
        let delay = backoff(&record.message);
        let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(reason, delay_ms, "job.retry");
        counter!("tidegate_jobs_total", "kind" => record.job.kind.clone(), "outcome" => "retry")
            .increment(1);
        self.hide(&record.message.receipt, delay).await;
        false
    }

    /// The cause of the failure, such as a full disk, may keep the queue from taking this too, for a moment. If the
    /// message is not hidden anew, it shows when its visibility timeout ends, minutes later.
    async fn hide(&self, receipt: &str, delay: Duration) {
        for pause in HIDE_AGAIN_AFTER {
            if self.source.hide(receipt, delay).await.is_ok() {
                return;
            }
            self.clock.sleep(pause).await;
        }
        if let Err(e) = self.source.hide(receipt, delay).await {
            tracing::warn!(error = %e, "visibility not shortened");
        }
    }

    pub(super) async fn panicked(&self, record: &Record) -> bool {
        let panics = self
            .ledger(&record.job.tenant)
            .count_panic(&record.job.id)
            .await;
        tracing::error!(panics = ?panics.as_ref().ok(), "job.panicked");
        match panics {
            Ok(panics) if panics >= PANICS_TO_PARK => {
                self.park(record, "its handler panicked twice").await
            }
            _ => {
                self.failed(record, &JobError::Retry("the handler panicked".to_owned()))
                    .await
            }
        }
    }

    pub(super) async fn park(&self, record: &Record, reason: &str) -> bool {
        match self
            .ledger(&record.job.tenant)
            .park_job(record.delivery(), reason)
            .await
        {
            Ok(()) => {
                tracing::error!(reason, "job.parked");
                counter!("events_parked_total").increment(1);
                true
            }
            Err(e) => {
                tracing::error!(error = %e, "job not parked");
                self.retry(record, "it could not be parked").await
            }
        }
    }
}

/// How long a failed message hides: doubling from a second or two, spread by its id over the upper half so that a
/// failed batch does not come back as one.
pub fn backoff(message: &Received) -> Duration {
    let doubled = Duration::from_secs(2 << message.receives.saturating_sub(1).min(5));
    let half = doubled.min(MAX_BACKOFF) / 2;
    let mut hasher = DefaultHasher::new();
    (&message.id, message.receives).hash(&mut hasher);
    let spread = u32::try_from(hasher.finish() % 1000).unwrap_or(0);
    half + half * spread / 1000
}
