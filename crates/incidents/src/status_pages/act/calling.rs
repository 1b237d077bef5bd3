//! Steps around a call: waiting for the call budget, storing a note of the call, and judging its outcome.

use std::time::Duration;

use tidegate_connectors::rejection::{Reason, ServiceRejection};
use tidegate_outcome::{Outcome, Refusal};
use tidegate_pipeline::delivery::{Done, Undone};
use tidegate_pipeline::outbox::Post;
use tidegate_pipeline::table::TableError;

use super::Work;
use crate::model::effect::Effect;
use crate::status_pages::sync_state::{Call, Content};

/// How long after its start a call may still take effect: its timeout, and the time that the service takes to process
/// it.
const CALL_MAX_DURATION: Duration = Duration::from_mins(1);

/// The outcome of a call that the page answered.
pub(super) enum CallResult<T> {
    Done(T),
    /// The page rejected the content, and repeating the call is pointless.
    Rejected(Reason),
    /// The page rejected the API key.
    KeyRefused,
}

impl Work<'_> {
    /// Takes one call from the key's budget; an error says how long to wait.
    pub(super) async fn take_turn(&self) -> Result<(), Undone> {
        match &self.to.budget {
            Some((rows, budget)) => self.turn.turn(rows, budget).await,
            None => Ok(()),
        }
    }

    /// Takes one call from the budget, then stores a note that the call begins.
    pub(super) async fn begin(&mut self, content: Content) -> Result<(), Undone> {
        self.take_turn().await?;
        self.record.state.call = Some(Call {
            content,
            since: self.turn.clock.now(),
            part: 1,
        });
        self.record.store(self.turn.rows).await.map_err(lost_race)
    }

    /// Fails with the time to wait for while a call may still take effect.
    pub(super) fn wait_until_finished(&self, call: &Call) -> Result<(), Undone> {
        let over = call.since.plus(CALL_MAX_DURATION);
        if over > self.turn.clock.now() {
            return Err(Undone::Wait(over));
        }
        Ok(())
    }

    /// Judges the outcome of a call that changes the page. After a definite rejection the note of the call is removed
    /// at once.
    pub(super) async fn ended<T>(
        &mut self,
        outcome: Outcome<T, ServiceRejection>,
    ) -> Result<CallResult<T>, Undone> {
        if matches!(outcome, Outcome::Refused(_)) && self.record.state.call.take().is_some() {
            // If this write is lost, the only cost is an unnecessary query of the page.
            self.record.store(self.turn.rows).await.map_err(lost_race)?;
        }
        match outcome {
            Outcome::Ambiguous(why) => Err(Undone::Ambiguous(why)),
            outcome => self.read(outcome).await,
        }
    }

    /// Judges the outcome of a call that only reads. An ambiguous outcome is harmless, because nothing was changed.
    pub(super) async fn read<T>(
        &self,
        outcome: Outcome<T, ServiceRejection>,
    ) -> Result<CallResult<T>, Undone> {
        let why = match outcome {
            Outcome::Done(answer) => return Ok(CallResult::Done(answer)),
            Outcome::Ambiguous(_) => Refusal::Unreachable,
            Outcome::Refused(why) => why,
        };
        match why {
            Refusal::RateLimited { retry_after } => {
                self.close(Duration::from_secs(retry_after)).await?;
                Err(Undone::Refused(Refusal::RateLimited { retry_after }))
            }
            Refusal::Unreachable => Err(Undone::Refused(Refusal::Unreachable)),
            Refusal::Rejected(ServiceRejection::Credential(_)) => Ok(CallResult::KeyRefused),
            Refusal::Rejected(ServiceRejection::NotFound(why) | ServiceRejection::Invalid(why)) => {
                Ok(CallResult::Rejected(why))
            }
        }
    }

    /// Suspends all calls with this key for `pause`.
    async fn close(&self, pause: Duration) -> Result<(), Undone> {
        let Some((rows, budget)) = &self.to.budget else {
            return Ok(());
        };
        let until = self.turn.clock.now().plus(pause);
        match rows.write(budget.close(until)).await {
            // A longer suspension is already stored.
            Ok(_) | Err(TableError::Condition) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// Stores the known state and queues the next step.
    pub(super) fn store_and_continue(&self) -> Done {
        Done {
            writes: vec![self.record.put()],
            posts: vec![self.next_sync()],
            ..Done::default()
        }
    }

    pub(super) fn next_sync(&self) -> Post {
        let incident = self.incident.id.clone();
        Effect::StatusPage { incident }.post()
    }
}

/// Converts the error of a conditional write: another sender has written in between, so the step is retried with fresh
/// state.
pub(in crate::status_pages) fn lost_race(e: TableError) -> Undone {
    match e {
        TableError::Condition | TableError::Cancelled(_) => {
            Undone::Retry("another sender is at work on the status page".to_owned())
        }
        e => e.into(),
    }
}
