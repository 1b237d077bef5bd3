//! Writes down how an attempt ended: done, refused or in doubt.

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

/// Attempts to reach a Slack that cannot be reached before the post is parked; with back-off that is some hours.
pub(super) const MAX_ATTEMPTS: i64 = 30;

/// Tries to write down what Slack said, and the pause after the first; the lease leaves room for them.
const TRIES: usize = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

impl Deliverer {
    /// Writes down how an attempt ended.
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
                self.give_back(rows, post, time).await?;
                Ok(Next::At(time))
            }
            Outcome::Refused(Refusal::Unreachable) if post.attempts < MAX_ATTEMPTS => {
                let doubled = 1u64 << post.attempts.clamp(0, 10);
                let time = now.plus(Duration::from_secs(doubled).min(MAX_DELAY));
                self.give_back(rows, post, time).await?;
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
        match self.insist(rows, &settled).await {
            Ok(()) => {}
            // Somebody else has settled it: our epoch is over.
            Err(TableError::Cancelled(_)) => return Ok(Next::Post),
            Err(e) => return Err(e.into()),
        }
        if let End::Parked(reason) = end {
            Self::parked(post, reason);
        }
        Ok(Next::Post)
    }

    pub(super) fn parked(post: &Pending, reason: &str) {
        tracing::error!(
            message_id = post.message_id,
            purpose = post.purpose,
            reason,
            "post.parked"
        );
        counter!("posts_parked_total").increment(1);
    }

    /// Makes a post ready again that was certainly not sent, or an effect that may be performed again.
    pub(super) async fn give_back(
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
        match self.insist(rows, &[post.unchanged(ready)]).await {
            Ok(()) | Err(TableError::Cancelled(_)) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// Parks a row that cannot be read: left where it is, it would block its lane for ever.
    pub(super) async fn set_aside(
        &self,
        rows: &Rows,
        key: &RowKey,
        row: &Item,
    ) -> Result<(), JobError> {
        let moved = outbox::set_aside(key, row, self.clock.now());
        match self.insist(rows, &moved).await {
            Ok(()) | Err(TableError::Cancelled(_)) => {}
            Err(e) => return Err(e.into()),
        }
        tracing::error!(reason = outbox::DAMAGED, "post.parked");
        counter!("posts_parked_total").increment(1);
        Ok(())
    }

    /// Closes a budget that Slack has limited, for every sender. If it is closed until a later time already, that
    /// stays.
    pub(super) async fn close_until(
        &self,
        rows: &Rows,
        budget: &Budget,
        time: Timestamp,
    ) -> Result<(), TableError> {
        match self.insist(rows, &[budget.close(time)]).await {
            Err(TableError::Cancelled(_)) => Ok(()),
            ended => ended,
        }
    }

    /// Writes, and tries again if the table stumbles, because only this process knows what Slack said. Repeating is
    /// harmless: a write that was done the first time fails its condition the second time.
    pub(super) async fn insist(
        &self,
        rows: &Rows,
        writes: &[Write<RowKey>],
    ) -> Result<(), TableError> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..TRIES {
            match rows.transact(writes.to_vec()).await {
                Err(TableError::Busy(_) | TableError::Unknown(_)) => {}
                ended => return ended,
            }
            self.clock.sleep(pause).await;
            pause *= 2;
        }
        rows.transact(writes.to_vec()).await
    }
}

/// Counts an attempt at a post by how it ended.
fn count(purpose: &str, outcome: &Outcome<Json, SlackRejection>) {
    let name = match outcome {
        Outcome::Done(_) => "done",
        Outcome::Ambiguous(_) => "ambiguous",
        Outcome::Refused(why) => count_refusal(why),
    };
    counter!("tidegate_posts_total", "purpose" => purpose.to_owned(), "outcome" => name)
        .increment(1);
}

/// The metric label of a refusal. A refusal because of the token is counted apart as well.
pub(super) fn count_refusal(why: &Refusal<SlackRejection>) -> &'static str {
    if let Refusal::Rejected(SlackRejection::Credential(_) | SlackRejection::MissingScope { .. }) =
        why
    {
        counter!("credential_refused_total").increment(1);
    }
    why.code()
}
