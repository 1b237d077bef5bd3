//! Stores the outcome of an attempt: done, refused or unknown.

use std::time::Duration;

use metrics::counter;
use serde_json::Value as Json;
use tidegate_outcome::{Outcome, Refusal};
use tidegate_slack::answer::SlackRejection;

use super::{Deliverer, Next};
use crate::budget::Budget;
use crate::clock::Timestamp;
use crate::ledger::JobError;
use crate::outbox::{self, End, Pending, Target};
use crate::queue::MAX_DELAY;
use crate::table::{Item, RowKey, Rows, TableError, Write};

/// The number of attempts after which a post is parked while Slack is unreachable. With the growing pauses, that takes hours.
pub(super) const MAX_ATTEMPTS: i64 = 30;

/// The number of attempts to store an outcome, and the pause after the first. The lease leaves time for them.
const TRIES: usize = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

impl Deliverer {
    /// Stores the outcome of an attempt at a post.
    pub(super) async fn settle(
        &self,
        rows: &Rows,
        budget: Option<&Budget>,
        post: &Pending,
        row: &Item,
        outcome: Outcome<Json, SlackRejection>,
    ) -> Result<Next, JobError> {
        let now = self.clock.now();
        count(&post.purpose, &outcome);
        match outcome {
            Outcome::Done(answer) => {
                let ts = answer.get("ts").and_then(Json::as_str).map(Into::into);
                self.end(rows, post, row, &End::Done(ts)).await
            }
            Outcome::Refused(Refusal::RateLimited { retry_after }) => {
                let time = now.plus(Duration::from_secs(retry_after));
                counter!("slack_rate_limited_total").increment(1);
                if let Some(budget) = budget {
                    self.close_until(rows, budget, time).await?;
                }
                self.make_ready(rows, post, time).await?;
                Ok(Next::At(time))
            }
            Outcome::Refused(Refusal::Unreachable) if post.attempts < MAX_ATTEMPTS => {
                let doubled = 1u64 << post.attempts.clamp(0, 10);
                let time = now.plus(Duration::from_secs(doubled).min(MAX_DELAY));
                self.make_ready(rows, post, time).await?;
                Ok(Next::At(time))
            }
            Outcome::Refused(why @ Refusal::Unreachable) => {
                self.end(rows, post, row, &End::Parked(why.to_string()))
                    .await
            }
            Outcome::Refused(Refusal::Rejected(why)) => {
                self.end(rows, post, row, &End::Parked(format!("refused: {why}")))
                    .await
            }
            Outcome::Ambiguous(why) => match post.target {
                Target::ResponseUrl(_) => {
                    self.end(
                        rows,
                        post,
                        row,
                        &End::Parked(format!("outcome unknown: {why}")),
                    )
                    .await
                }
                Target::Channel | Target::Effect => {
                    tracing::warn!(message_id = post.message_id, why, "post.ambiguous");
                    Ok(Next::At(self.over_at(post)))
                }
            },
        }
    }

    /// Moves a post out of its lane.
    pub(super) async fn end(
        &self,
        rows: &Rows,
        post: &Pending,
        row: &Item,
        end: &End,
    ) -> Result<Next, JobError> {
        let settled = post.settle(row, end, self.clock.now());
        match self.transact_with_retries(rows, &settled).await {
            Ok(()) => {}
            // Another sender has settled it, so our epoch is over.
            Err(TableError::Cancelled(_)) => return Ok(Next::Post),
            Err(e) => return Err(e.into()),
        }
        if let End::Parked(reason) = end {
            Self::log_parked(post, reason);
        }
        Ok(Next::Post)
    }

    pub(super) fn log_parked(post: &Pending, reason: &str) {
        tracing::error!(
            message_id = post.message_id,
            purpose = post.purpose,
            reason,
            "post.parked"
        );
        counter!("posts_parked_total").increment(1);
    }

    /// Makes a post ready again. It was certainly not sent, or it is an effect that may be performed again.
    pub(super) async fn make_ready(
        &self,
        rows: &Rows,
        post: &Pending,
        not_before: Timestamp,
    ) -> Result<(), JobError> {
        let counts = [
            (":resends", Some(post.resends)),
            (":failures", (post.failures > 0).then_some(post.failures)),
            (":doubt_since", post.doubt_since.map(Timestamp::millis)),
            (":posted_since", post.posted_since.map(Timestamp::millis)),
        ];
        let counts = counts.iter().filter_map(|(name, n)| Some((*name, (*n)?)));
        let sets: Vec<String> = counts
            .clone()
            .map(|(name, _)| format!("#{} = {name}", &name[1..]))
            .collect();
        let ready = Write::update(
            post.key.clone(),
            &format!(
                "SET #not_before = :at, #due_at = :at, {} REMOVE #epoch, #attempt_at",
                sets.join(", ")
            ),
        );
        let ready = counts.fold(
            ready.value(":at", not_before.millis()),
            |ready, (name, n)| ready.value(name, n),
        );
        match self
            .transact_with_retries(rows, &[post.unchanged(ready)])
            .await
        {
            Ok(()) | Err(TableError::Cancelled(_)) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// Parks a row that cannot be parsed. In its lane, it would block all posts behind it.
    pub(super) async fn park_damaged(
        &self,
        rows: &Rows,
        key: &RowKey,
        row: &Item,
    ) -> Result<(), JobError> {
        let moved = outbox::park_damaged(key, row, self.clock.now());
        match self.transact_with_retries(rows, &moved).await {
            Ok(()) | Err(TableError::Cancelled(_)) => {}
            Err(e) => return Err(e.into()),
        }
        tracing::error!(reason = outbox::DAMAGED, "post.parked");
        counter!("posts_parked_total").increment(1);
        Ok(())
    }

    /// Closes a budget for every sender after a rate limit. If it is already closed until a later time, that time stays.
    pub(super) async fn close_until(
        &self,
        rows: &Rows,
        budget: &Budget,
        time: Timestamp,
    ) -> Result<(), TableError> {
        match self
            .transact_with_retries(rows, &[budget.close(time)])
            .await
        {
            Err(TableError::Cancelled(_)) => Ok(()),
            ended => ended,
        }
    }

    /// Does a transaction, and repeats it while the table is unavailable, because only this process knows Slack's response. A
    /// repetition does no harm: if the first attempt succeeded, the conditions of the second fail.
    pub(super) async fn transact_with_retries(
        &self,
        rows: &Rows,
        writes: &[Write<RowKey>],
    ) -> Result<(), TableError> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..TRIES {
            match rows.transact(writes.to_vec()).await {
                Err(TableError::Busy(_) | TableError::Keys(_) | TableError::Unknown(_)) => {}
                ended => return ended,
            }
            self.clock.sleep(pause).await;
            pause *= 2;
        }
        rows.transact(writes.to_vec()).await
    }
}

/// Counts an attempt at a post by its outcome.
fn count(purpose: &str, outcome: &Outcome<Json, SlackRejection>) {
    let name = match outcome {
        Outcome::Done(_) => "done",
        Outcome::Ambiguous(_) => "ambiguous",
        Outcome::Refused(why) => count_refusal(why),
    };
    counter!("tidegate_posts_total", "purpose" => purpose.to_owned(), "outcome" => name)
        .increment(1);
}

/// Returns the metric label of a refusal. A refusal because of the token is also counted separately.
pub(super) fn count_refusal(why: &Refusal<SlackRejection>) -> &'static str {
    if let Refusal::Rejected(SlackRejection::Credential(_) | SlackRejection::MissingScope { .. }) =
        why
    {
        counter!("credential_refused_total").increment(1);
    }
    why.code()
}
