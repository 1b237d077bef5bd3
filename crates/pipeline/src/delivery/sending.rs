//! Attempts the first post or effect of a lane: checks whether it may begin, takes it, and sends it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use secrecy::SecretString;
use serde_json::{Value as Json, json};
use tidegate_outcome::{Outcome, Refusal};
use tidegate_slack::http_client::REQUEST_TIMEOUT;

use super::lease::Lease;
use super::settling::MAX_ATTEMPTS;
use super::{Deliverer, LaneContext, METADATA_EVENT, Next, NoToken, PACE, ROOM, TokenVerdict};
use crate::budget::Budget;
use crate::clock::Timestamp;
use crate::ledger::JobError;
use crate::outbox::{Class, Lane, Pending, Target};
use crate::table::{Item, Rows, TableError, Write};

/// The method that posts to a channel.
pub(super) const POST: &str = "chat.postMessage";

/// Whether an attempt may begin.
enum Start {
    /// It may begin now, with this token if it needs one.
    Now(Timestamp, Option<SecretString>),
    No(Next),
}

impl Deliverer {
    /// Attempts the first post or effect of the lane.
    pub(super) async fn send(
        &self,
        place: LaneContext<'_>,
        lease: &mut Lease,
        post: &Pending,
        row: &Item,
        until: Timestamp,
    ) -> Result<Next, JobError> {
        let rows = place.rows;
        let (now, bearer) = match self.start(place, lease, post, until).await? {
            Start::Now(now, bearer) => (now, bearer),
            Start::No(next) => return Ok(next),
        };
        let Some(taken) = self.take(rows, lease, post, now).await? else {
            return Ok(Next::At(now.plus(PACE)));
        };
        // A process that was frozen and wakes up must not send an old request.
        if self.clock.now().plus(REQUEST_TIMEOUT) > lease.until {
            self.make_ready(rows, &taken, now).await?;
            return Ok(Next::At(now));
        }
        let outcome = match (&post.target, &bearer) {
            (Target::Effect, bearer) => {
                return self
                    .perform(place, &taken, row, bearer.as_ref(), until)
                    .await;
            }
            (Target::ResponseUrl(url), _) => self.slack.respond(url, &post.body).await,
            (Target::Channel, Some(bearer)) => {
                let body = with_id(&post.body, &post.message_id);
                self.slack.call(bearer, POST, &body).await
            }
            (Target::Channel, None) => Outcome::Refused(Refusal::Unreachable),
        };
        let token_refused = match &outcome {
            Outcome::Refused(Refusal::Rejected(why)) => why.token_code(),
            _ => None,
        };
        if let (Some(code), Some(bearer)) = (token_refused, &bearer) {
            match self.tokens.refused(place.tenant, bearer, code).await {
                TokenVerdict::Renewed if taken.attempts < MAX_ATTEMPTS => {
                    self.make_ready(rows, &taken, now).await?;
                    return Ok(Next::Post);
                }
                TokenVerdict::Disconnected => {
                    self.make_ready(rows, &taken, now).await?;
                    return self.hold(place).await;
                }
                TokenVerdict::Renewed | TokenVerdict::Stands => {}
            }
        }
        let budget = budget_of(&post.target, place.lane);
        self.settle(rows, budget.as_ref(), &taken, row, outcome)
            .await
    }

    async fn start(
        &self,
        place: LaneContext<'_>,
        lease: &Lease,
        post: &Pending,
        until: Timestamp,
    ) -> Result<Start, JobError> {
        let is_effect = matches!(post.target, Target::Effect);
        // An effect takes a turn for each of its calls, so it needs no pause here.
        if let Some(at) = lease.last_post_at.filter(|_| !is_effect) {
            // The wait is never longer than the pace, because the clock of the last sender may be ahead of ours.
            let wait = at.plus(PACE).since(self.clock.now()).min(PACE);
            if self.clock.now().plus(wait).plus(ROOM) > until {
                return Ok(Start::No(Next::At(self.clock.now().plus(wait))));
            }
            self.clock.sleep(wait).await;
        }
        let needs_token = match &post.target {
            Target::ResponseUrl(_) => false,
            Target::Channel => true,
            // A domain that panics about it gets the token: without one nothing of the workspace is sent.
            Target::Effect => {
                let needs = AssertUnwindSafe(|| self.performer.needs_token(&post.purpose));
                catch_unwind(needs).unwrap_or(true)
            }
        };
        let not_yet = post.not_before.filter(|at| *at > self.clock.now());
        if let Some(time) = not_yet.filter(|_| is_effect) {
            return Ok(Start::No(Next::At(time)));
        }
        // This comes before the clock is read, because getting a token may take time.
        let bearer = if needs_token {
            match self.tokens.token(place.tenant).await {
                Ok(token) => Some(token),
                Err(NoToken::Later(why)) => return Err(JobError::Retry(why)),
                Err(NoToken::Disconnected(_)) => return Ok(Start::No(self.hold(place).await?)),
            }
        } else {
            None
        };
        // This comes after the waits, because another lane may have met the limit in the meantime.
        let closed_until = match budget_of(&post.target, place.lane) {
            Some(budget) => budget.closed_until(place.rows).await?,
            None => None,
        };
        let now = self.clock.now();
        if let Some(time) = closed_until.max(post.not_before).filter(|time| *time > now) {
            return Ok(Start::No(Next::At(time)));
        }
        if now.plus(ROOM) > until {
            return Ok(Start::No(Next::At(now)));
        }
        Ok(Start::Now(now, bearer))
    }

    /// Marks a post as being sent under our epoch. `None` if the lease or the post is no longer ours.
    async fn take(
        &self,
        rows: &Rows,
        lease: &mut Lease,
        post: &Pending,
        now: Timestamp,
    ) -> Result<Option<Pending>, JobError> {
        let first = post.first_attempt_at.unwrap_or(now);
        let mark = Write::update(
            post.key.clone(),
            "SET #epoch = :mine, #attempts = :attempts, #attempt_at = :now, \
             #first_attempt_at = :first, #due_at = :due_at",
        );
        let taken = Pending {
            sending: Some(lease.epoch),
            attempts: post.attempts + 1,
            first_attempt_at: Some(first),
            attempt_at: Some(now),
            ..post.clone()
        };
        let due_at = match post.class {
            // The effect may be done again as soon as another sender can take the lane.
            Class::Repeatable => lease.until,
            Class::AtLeastOnce | Class::AtMostOnce => self.over_at(&taken),
        };
        let mark = post
            .unchanged(mark)
            .value(":mine", lease.epoch)
            .value(":attempts", taken.attempts)
            .value(":now", now.millis())
            .value(":first", first.millis())
            .value(":due_at", due_at.millis());
        match rows.transact(vec![lease.mark_post(now), mark]).await {
            Ok(()) => {
                lease.last_post_at = Some(now);
                Ok(Some(taken))
            }
            Err(TableError::Cancelled(_)) => Ok(None),
            Err(e @ TableError::Unknown(_)) => {
                // The post was not sent, even if it was marked as taken. If this fails too, the channel is searched later.
                let _ = self.make_ready(rows, &taken, now).await;
                Err(e.into())
            }
            Err(e) => Err(e.into()),
        }
    }
}

/// Returns the budget that Slack counts a post under: the method, for the whole workspace, or the `response_url`. `None` for an
/// effect, whose calls are counted one by one.
fn budget_of(target: &Target, lane: &Lane) -> Option<Budget> {
    match target {
        Target::Channel => Some(Budget::method(POST)),
        Target::ResponseUrl(_) => Some(Budget::lane(lane)),
        Target::Effect => None,
    }
}

/// Adds the id of the post to its body, so that a search can find it. The workspace can see metadata, so it holds nothing else.
/// `client_msg_id` may let Slack drop a duplicate, but nothing relies on that.
pub(super) fn with_id(body: &Json, message_id: &str) -> Json {
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut() {
        let metadata = json!({"event_type": METADATA_EVENT, "event_payload": {"id": message_id}});
        fields.insert("metadata".to_owned(), metadata);
        fields.insert("client_msg_id".to_owned(), message_id.into());
    }
    body
}
