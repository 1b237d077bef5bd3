//! Performs effects and stores their results: one transaction holds the row of the effect, the domain's own writes and the posts
//! that follow.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use futures_util::FutureExt;
use metrics::counter;
use secrecy::SecretString;
use tidegate_slack::http_client::REQUEST_TIMEOUT;

use super::doubt::{EFFECT_LIMIT, Verdict, judge, pause};
use super::settling::count_refusal;
use super::traces::Traces;
use super::{Deliverer, Done, Effect, LaneContext, Next, TokenVerdict, Undone};
use crate::clock::Timestamp;
use crate::ledger::JobError;
use crate::outbox::{self, End, Pending, Post};
use crate::table::{Item, RowKey, TableError, Write};
use crate::worker::wake;

/// The longest time that an effect may take: it may begin its last call at [`EFFECT_LIMIT`].
const MOST_TIME: Duration = EFFECT_LIMIT.saturating_add(REQUEST_TIMEOUT);

impl Deliverer {
    /// Performs an effect that is taken, and settles it by its result.
    pub(super) async fn perform(
        &self,
        place: LaneContext<'_>,
        post: &Pending,
        row: &Item,
        bearer: Option<&SecretString>,
        until: Timestamp,
    ) -> Result<Next, JobError> {
        let began = post.attempt_at.unwrap_or_default();
        let traces = Traces::default();
        let effect = Effect {
            tenant: place.tenant,
            rows: place.rows,
            clock: &*self.clock,
            slack: &self.slack,
            name: &post.purpose,
            body: &post.body,
            message_id: &post.message_id,
            event_id: &post.event_id,
            lane: place.lane,
            attempts: post.attempts,
            doubt_since: post.doubt_since,
            class: post.class,
            posted_since: post.posted_since,
            resends: post.resends,
            bearer,
            deliverer: self,
            until: Effect::last_call(began, until),
            stops_at: until.min(began.plus(MOST_TIME)),
            traces: &traces,
        };
        let now = self.clock.now();
        if now >= effect.until {
            // Taking it took so long that no call may begin.
            self.make_ready(place.rows, post, now).await?;
            return Ok(Next::At(now));
        }
        let limit = until.since(now).min(MOST_TIME);
        let ended = guarded(limit, self.performer.perform(effect)).await;
        count(&post.purpose, &ended);
        let undone = match ended {
            Ok(done) => return self.complete(place, post, row, done).await,
            Err(undone) => undone,
        };
        let since = |earlier: Option<Timestamp>, now: bool| earlier.or(now.then_some(began));
        let post = &Pending {
            doubt_since: since(post.doubt_since, traces.in_doubt(&undone)),
            posted_since: since(post.posted_since, traces.posted()),
            resends: post.resends + i64::from(traces.resent()),
            ..post.clone()
        };
        if let Undone::Ambiguous(why) = &undone {
            tracing::warn!(message_id = post.message_id, why, "effect.ambiguous");
        }
        let (class, now) = (post.class, self.clock.now());
        match judge(&undone, class, post.failures, self.quiet, now) {
            Verdict::Again { at, failures } => {
                self.again(place, post, at, failures).await?;
                Ok(Next::At(at))
            }
            Verdict::Token { code, reason } => {
                self.token_refused(place, post, row, bearer, &code, &reason)
                    .await
            }
            Verdict::Park(reason) => self.give_up(place, post, row, &reason).await,
        }
    }

    /// Continues an effect that was already taken, because its sender died or did not learn the outcome.
    pub(super) async fn continue_taken(
        &self,
        place: LaneContext<'_>,
        post: &Pending,
        row: &Item,
    ) -> Result<Next, JobError> {
        let began = post.attempt_at.unwrap_or_default();
        let doubtful = Pending {
            doubt_since: post.doubt_since.or(Some(began)),
            posted_since: post.posted_since.or(Some(began)),
            ..post.clone()
        };
        let failures = post.failures + 1;
        let Some(pause) = pause(failures) else {
            let reason = "outcome unknown, again and again";
            return self.give_up(place, &doubtful, row, reason).await;
        };
        let at = began.plus(pause);
        self.again(place, &doubtful, at, failures).await?;
        if at > self.clock.now() {
            return Ok(Next::At(at));
        }
        Ok(Next::Post)
    }

    async fn again(
        &self,
        place: LaneContext<'_>,
        post: &Pending,
        at: Timestamp,
        failures: i64,
    ) -> Result<(), JobError> {
        let post = Pending {
            failures,
            ..post.clone()
        };
        self.make_ready(place.rows, &post, at).await
    }

    async fn token_refused(
        &self,
        place: LaneContext<'_>,
        post: &Pending,
        row: &Item,
        bearer: Option<&SecretString>,
        code: &str,
        reason: &str,
    ) -> Result<Next, JobError> {
        let means = match bearer {
            Some(bearer) => self.tokens.refused(place.tenant, bearer, code).await,
            None => TokenVerdict::Stands,
        };
        let now = self.clock.now();
        match means {
            TokenVerdict::Renewed if pause(post.failures + 1).is_some() => {
                self.again(place, post, now, post.failures + 1).await?;
                Ok(Next::Post)
            }
            TokenVerdict::Disconnected => {
                self.make_ready(place.rows, post, now).await?;
                self.hold(place).await
            }
            TokenVerdict::Renewed | TokenVerdict::Stands => {
                self.give_up(place, post, row, reason).await
            }
        }
    }

    /// Settles an effect that is done, with the writes of its domain and the posts that follow.
    async fn complete(
        &self,
        place: LaneContext<'_>,
        post: &Pending,
        row: &Item,
        done: Done,
    ) -> Result<Next, JobError> {
        let end = End::Done(done.ts.clone());
        match self.end_with(place, post, row, &end, &done).await {
            Ok(()) => Ok(Next::Post),
            Err(TableError::Cancelled(_)) => {
                let undone = Undone::Retry("its state has changed meanwhile".to_owned());
                let began = post.attempt_at;
                let post = &Pending {
                    doubt_since: post.doubt_since.or(began),
                    posted_since: post.posted_since.or(began),
                    ..post.clone()
                };
                let (class, now) = (post.class, self.clock.now());
                match judge(&undone, class, post.failures, self.quiet, now) {
                    Verdict::Again { at, failures } => {
                        self.again(place, post, at, failures).await?;
                        Ok(Next::At(at))
                    }
                    _ => {
                        self.give_up(place, post, row, "its state changes too often")
                            .await
                    }
                }
            }
            Err(e @ TableError::Invalid(_)) => {
                self.give_up(
                    place,
                    post,
                    row,
                    &format!("its result cannot be stored: {e}"),
                )
                .await
            }
            Err(e) => Err(e.into()),
        }
    }

    /// Parks an effect, with the writes of its domain about that.
    async fn give_up(
        &self,
        place: LaneContext<'_>,
        post: &Pending,
        row: &Item,
        reason: &str,
    ) -> Result<Next, JobError> {
        let now = self.clock.now();
        let give_up = || {
            let performer = &self.performer;
            performer.given_up(&post.purpose, &post.body, reason, now)
        };
        let told = catch_unwind(AssertUnwindSafe(give_up)).unwrap_or_else(|_| {
            tracing::error!(
                message_id = post.message_id,
                "effect.given_up: its domain panicked"
            );
            Done::default()
        });
        let end = End::Parked(reason.to_owned());
        match self.end_with(place, post, row, &end, &told).await {
            Ok(()) => {}
            Err(e @ (TableError::Cancelled(_) | TableError::Invalid(_))) => {
                tracing::error!(error = %e, message_id = post.message_id, "effect.given_up: its domain was not told");
                self.end_with(place, post, row, &end, &Done::default())
                    .await?;
            }
            Err(e) => return Err(e.into()),
        }
        Self::log_parked(post, reason);
        Ok(Next::Post)
    }

    /// Does the transaction and sends the wake-ups. Fails with [`TableError::Cancelled`] if a condition of the domain's writes
    /// fails. If the row of the effect has changed since it was read, it is already settled, by another sender or by a write whose
    /// response was lost.
    async fn end_with(
        &self,
        place: LaneContext<'_>,
        post: &Pending,
        row: &Item,
        end: &End,
        done: &Done,
    ) -> Result<(), TableError> {
        let now = self.clock.now();
        let mut writes: Vec<Write<RowKey>> = post.settle(row, end, now).into();
        writes.extend(done.writes.iter().cloned());
        let follow = |(n, next): (usize, &Post)| outbox::insert_after(post, n, next, now);
        writes.extend(done.posts.iter().enumerate().map(follow));
        match self.transact_with_retries(place.rows, &writes).await {
            Err(TableError::Cancelled(failed)) if failed.first() == Some(&true) => {}
            ended => ended?,
        }
        let lanes: std::collections::BTreeSet<_> =
            done.posts.iter().map(|next| &next.lane).collect();
        for lane in lanes.into_iter().filter(|lane| *lane != place.lane) {
            // The posts are in the table. If this wake-up is lost, the sweep finds them.
            if let Err(e) = wake(&*self.wake_ups, place.tenant, lane, 0, &*self.clock).await {
                tracing::warn!(error = %e, lane = lane.as_str(), "wake-up not sent");
            }
        }
        Ok(())
    }
}

/// Runs an effect under its deadline. A panic and a deadline that passes are unknown outcomes, because the domain may have changed
/// something before.
async fn guarded(
    limit: Duration,
    performed: impl Future<Output = Result<Done, Undone>>,
) -> Result<Done, Undone> {
    let unknown = |why: &str| Err(Undone::Ambiguous(why.to_owned()));
    let performed = AssertUnwindSafe(performed).catch_unwind();
    match tokio::time::timeout(limit, performed).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(_)) => unknown("the domain panicked"),
        Err(_) => unknown("the domain did not end in time"),
    }
}

fn count(purpose: &str, ended: &Result<Done, Undone>) {
    let outcome = match ended {
        Ok(_) => "done",
        Err(Undone::Wait(_)) => "waits",
        Err(Undone::Refused(why)) => count_refusal(why),
        Err(Undone::Park(_)) => "refused",
        Err(Undone::Ambiguous(_)) => "ambiguous",
        Err(Undone::Retry(_)) => "retry",
    };
    counter!("tidegate_posts_total", "purpose" => purpose.to_owned(), "outcome" => outcome)
        .increment(1);
}
