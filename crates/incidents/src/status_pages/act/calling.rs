//! Around a call: its turn, the note that it begins, and what an answer means for whoever waits.

use std::time::Duration;

use tidegate_connectors::rejection::{Reason, ServiceRejection};
use tidegate_outcome::{Outcome, Refusal};
use tidegate_pipeline::delivery::{Done, Undone};
use tidegate_pipeline::outbox::Post;
use tidegate_pipeline::table::TableError;

use super::Work;
use crate::model::effect::Effect;
use crate::status_pages::known::{Call, Says};

/// How long after it began a call may still take effect: its own timeout, and time on its way within the service.
const UNDER_WAY: Duration = Duration::from_mins(1);

/// What came of a call that reached an end.
pub(super) enum Ended<T> {
    Done(T),
    /// It will never be done as it is.
    Never(Reason),
    /// The key is the trouble.
    Key,
}

impl Work<'_> {
    /// Takes a turn of the key's pace.
    pub(super) async fn take_turn(&self) -> Result<(), Undone> {
        match &self.to.budget {
            Some((rows, budget)) => self.turn.turn(rows, budget).await,
            None => Ok(()),
        }
    }

    /// Writes down that a call begins, once its turn has come.
    pub(super) async fn begin(&mut self, says: Says) -> Result<(), Undone> {
        self.take_turn().await?;
        self.memory.known.call = Some(Call {
            says,
            since: self.turn.clock.now(),
            part: 1,
        });
        self.memory.store(self.turn.rows).await.map_err(overtaken)
    }

    /// Waits until nothing of a call can be under way any more.
    pub(super) fn until_over(&self, call: &Call) -> Result<(), Undone> {
        let over = call.since.plus(UNDER_WAY);
        if over > self.turn.clock.now() {
            return Err(Undone::Wait(over));
        }
        Ok(())
    }

    /// Judges a call that changes something. One that was surely not done is noted as over at once.
    pub(super) async fn ended<T>(
        &mut self,
        outcome: Outcome<T, ServiceRejection>,
    ) -> Result<Ended<T>, Undone> {
        if matches!(outcome, Outcome::Refused(_)) && self.memory.known.call.take().is_some() {
            // If this is lost, the page is asked once for nothing.
            self.memory.store(self.turn.rows).await.map_err(overtaken)?;
        }
        match outcome {
            Outcome::Ambiguous(why) => Err(Undone::Ambiguous(why)),
            outcome => self.read(outcome).await,
        }
    }

    /// Judges a call that only reads: an unclear one changed nothing.
    pub(super) async fn read<T>(
        &self,
        outcome: Outcome<T, ServiceRejection>,
    ) -> Result<Ended<T>, Undone> {
        let why = match outcome {
            Outcome::Done(answer) => return Ok(Ended::Done(answer)),
            Outcome::Ambiguous(_) => Refusal::Unreachable,
            Outcome::Refused(why) => why,
        };
        match why {
            Refusal::RateLimited { retry_after } => {
                self.close(Duration::from_secs(retry_after)).await?;
                Err(Undone::Refused(Refusal::RateLimited { retry_after }))
            }
            Refusal::Unreachable => Err(Undone::Refused(Refusal::Unreachable)),
            Refusal::Rejected(ServiceRejection::Credential(_)) => Ok(Ended::Key),
            Refusal::Rejected(ServiceRejection::NotFound(why) | ServiceRejection::Invalid(why)) => {
                Ok(Ended::Never(why))
            }
        }
    }

    /// Nobody calls with this key for a while.
    async fn close(&self, pause: Duration) -> Result<(), Undone> {
        let Some((rows, budget)) = &self.to.budget else {
            return Ok(());
        };
        let until = self.turn.clock.now().plus(pause);
        match rows.write(budget.close(until)).await {
            // A later time stands there already.
            Ok(_) | Err(TableError::Condition) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// Stores what is known, and looks again at what is left to do.
    pub(super) fn go_on(&self) -> Done {
        Done {
            writes: vec![self.memory.put()],
            posts: vec![self.follow_on()],
            ..Done::default()
        }
    }

    pub(super) fn follow_on(&self) -> Post {
        let incident = self.incident.id.clone();
        Effect::StatusPage { incident }.post()
    }
}

/// Somebody else has written meanwhile: what they know is read first.
pub(in crate::status_pages) fn overtaken(e: TableError) -> Undone {
    match e {
        TableError::Condition | TableError::Cancelled(_) => {
            Undone::Retry("another sender is at work on the status page".to_owned())
        }
        e => e.into(),
    }
}
