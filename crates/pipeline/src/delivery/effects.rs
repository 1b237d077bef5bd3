//! The interface for performing effects: what the performer gets, and the results that it returns.

use std::time::Duration;

use async_trait::async_trait;
use metrics::counter;
use secrecy::SecretString;
use serde_json::Value as Json;
use tidegate_outcome::{Outcome, Refusal};
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::api::{Kind, Method};
use tidegate_slack::client::SlackClient;
use tidegate_slack::ids::{TenantId, Ts};

use super::doubt::EFFECT_LIMIT;
use super::traces::Traces;
use super::{Deliverer, ROOM};
use crate::budget::{Budget, Turn};
use crate::clock::{Clock, Timestamp};
use crate::outbox::{Class, Lane, Post};
use crate::table::{RowKey, Rows, TableError, Write};

/// How long a call waits for its turn before the effect is put off.
const PATIENCE: Duration = Duration::from_secs(1);

/// Performs the effects of domains. One implementation routes them by name.
#[async_trait]
pub trait Performer: Send + Sync {
    /// Performs an effect within about fifteen seconds. It is performed again if its result could not be stored.
    async fn perform(&self, effect: Effect<'_>) -> Result<Done, Undone>;

    /// Returns what else to write when an effect is parked, such as a row of a ledger. If a condition of these writes fails, all of
    /// them are left out.
    fn given_up(&self, _name: &str, _body: &Json, _reason: &str, _now: Timestamp) -> Done {
        Done::default()
    }

    /// Tells whether an effect needs the workspace's Slack token. Such an effect is held while there is none.
    fn needs_token(&self, _name: &str) -> bool {
        true
    }
}

/// A performer for deployments without effects. It parks every effect.
pub struct NoEffects;

#[async_trait]
impl Performer for NoEffects {
    async fn perform(&self, effect: Effect<'_>) -> Result<Done, Undone> {
        Err(Undone::Park(format!("nobody performs {}", effect.name)))
    }

    fn needs_token(&self, _name: &str) -> bool {
        false
    }
}

/// The result of an effect that is done: what to write in the transaction that settles it.
#[derive(Debug, Default)]
pub struct Done {
    /// Slack's timestamp of the post. `None` if the effect was no post.
    pub ts: Option<Ts>,
    /// Writes of the domain's own rows. If a condition fails, the effect is performed again.
    pub writes: Vec<Write<RowKey>>,
    /// The posts that follow, in order. Together with `writes` at most 98.
    pub posts: Vec<Post>,
}

/// The reason why an effect is not done. The texts go to logs and rows, so they never quote a message, a person or a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undone {
    /// Nothing has happened. Try again at that time, and not earlier.
    Wait(Timestamp),
    /// Slack or another service refused, so nothing has happened. The effect is tried again after a rate limit, or if the service
    /// was unreachable. If the token was refused, its source decides. Any other refusal parks the effect.
    Refused(Refusal<SlackRejection>),
    /// The outcome is unknown: it may have happened.
    Ambiguous(String),
    /// Something inside Tidegate failed, for example the table. Try again soon.
    Retry(String),
    /// A person must decide. The effect is parked with this reason.
    Park(String),
}

impl From<TableError> for Undone {
    fn from(e: TableError) -> Self {
        match e {
            TableError::Invalid(_) => Self::Park(e.to_string()),
            _ => Self::Retry(e.to_string()),
        }
    }
}

/// One effect that is to be performed now.
#[derive(Clone, Copy)]
pub struct Effect<'a> {
    /// The workspace that it belongs to.
    pub tenant: &'a TenantId,
    /// The rows of the tenant.
    pub rows: &'a Rows,
    /// The clock of the worker.
    pub clock: &'a dyn Clock,
    /// The client of Slack, for calls that [`Effect::call`] does not cover.
    pub slack: &'a SlackClient,
    /// The name of the effect, which is the purpose of its outbox row.
    pub name: &'a str,
    /// The body that the domain has stored with it.
    pub body: &'a Json,
    /// The id, which is the same for every attempt.
    pub message_id: &'a str,
    /// The id of the event that caused it.
    pub event_id: &'a str,
    /// The lane that it waits in.
    pub lane: &'a Lane,
    /// The number of attempts, including this one.
    pub attempts: i64,
    /// The start of the first attempt that may have changed something, wholly or in part. `None` if there is none.
    pub doubt_since: Option<Timestamp>,
    pub(super) class: Class,
    /// The start of the first attempt whose post may have arrived. `None` if there is none.
    pub(super) posted_since: Option<Timestamp>,
    /// The number of times that it was posted again without a search.
    pub(super) resends: i64,
    pub(super) bearer: Option<&'a SecretString>,
    pub(super) deliverer: &'a Deliverer,
    /// The time after which no call may begin.
    pub(super) until: Timestamp,
    /// The time at which the attempt is stopped.
    pub(super) stops_at: Timestamp,
    pub(super) traces: &'a Traces,
}

impl Effect<'_> {
    /// Calls a Slack method within its budget, and waits about a second for its turn. A rate limit closes the method for every
    /// worker. A read whose outcome is unknown counts as [`Refusal::Unreachable`], because it changed nothing.
    pub async fn call<M>(&self, request: &M) -> Result<M::Answer, Undone>
    where
        M: Method<Credential = SecretString>,
    {
        self.call_within(request, PATIENCE).await
    }

    /// Calls a Slack method as [`Effect::call`] does, after another call in this attempt. It waits for its turn as long as the
    /// attempt may last. Otherwise, the next attempt would repeat the first call and use up the turn that this call waits for.
    pub async fn call_next<M>(&self, request: &M) -> Result<M::Answer, Undone>
    where
        M: Method<Credential = SecretString>,
    {
        self.call_within(request, EFFECT_LIMIT).await
    }

    async fn call_within<M>(&self, request: &M, patience: Duration) -> Result<M::Answer, Undone>
    where
        M: Method<Credential = SecretString>,
    {
        let bearer = self.bearer()?;
        let budget = Budget::method(M::NAME);
        self.wait_within(self.rows, &budget, patience).await?;
        let outcome = self.slack.perform(bearer, request).await;
        self.check_outcome(&budget, M::KIND, outcome).await
    }

    /// Takes a turn before a call to another service, and waits about a second for it. Each call must take exactly one turn,
    /// because the number of turns shows whether something may have happened.
    pub async fn turn(&self, rows: &Rows, budget: &Budget) -> Result<(), Undone> {
        self.wait_for(rows, budget).await?;
        self.traces.note_turn();
        Ok(())
    }

    /// Fails with [`Undone::Wait`] if the attempt may be stopped before a call that takes `longest` has ended. An effect asks before a
    /// call to a service outside that may take longer than Slack's, so that the call is not cut off in the middle: the next attempt
    /// begins with all its time.
    pub fn room_for(&self, longest: Duration) -> Result<(), Undone> {
        let now = self.clock.now();
        if now.plus(longest) <= self.stops_at {
            return Ok(());
        }
        Err(Undone::Wait(now))
    }

    pub(super) fn bearer(&self) -> Result<&SecretString, Undone> {
        let why = || Undone::Park(format!("{} was said to need no token", self.name));
        self.bearer.ok_or_else(why)
    }

    /// Waits about a second for a turn. Fails if too little time is left for the call.
    pub(super) async fn wait_for(&self, rows: &Rows, budget: &Budget) -> Result<(), Undone> {
        self.wait_within(rows, budget, PATIENCE).await
    }

    /// Waits at most `patience` for a turn. Fails if too little time is left for the call.
    async fn wait_within(
        &self,
        rows: &Rows,
        budget: &Budget,
        patience: Duration,
    ) -> Result<(), Undone> {
        let now = self.clock.now();
        if now.plus(PATIENCE) > self.until {
            return Err(Undone::Wait(now));
        }
        let patience = patience.min(self.until.since(now));
        match self.deliverer.turn(rows, budget, patience).await? {
            Turn::Taken => Ok(()),
            Turn::Wait(time) => Err(Undone::Wait(time)),
        }
    }

    pub(super) async fn check_outcome<T>(
        &self,
        budget: &Budget,
        kind: Kind,
        outcome: Outcome<T, SlackRejection>,
    ) -> Result<T, Undone> {
        match outcome {
            Outcome::Done(answer) => {
                self.traces.note_call(kind);
                Ok(answer)
            }
            Outcome::Refused(why) => {
                if let Refusal::RateLimited { retry_after } = why {
                    let time = self.clock.now().plus(Duration::from_secs(retry_after));
                    counter!("slack_rate_limited_total").increment(1);
                    self.deliverer.close_until(self.rows, budget, time).await?;
                }
                Err(Undone::Refused(why))
            }
            Outcome::Ambiguous(_) if kind == Kind::Read => {
                Err(Undone::Refused(Refusal::Unreachable))
            }
            Outcome::Ambiguous(why) => {
                self.traces.note_call(kind);
                Err(Undone::Ambiguous(why))
            }
        }
    }

    /// Returns the latest time at which an attempt that began at `began` may begin a call.
    pub(super) fn last_call(began: Timestamp, until: Timestamp) -> Timestamp {
        let room = i64::try_from(ROOM.as_millis()).unwrap_or(i64::MAX);
        Timestamp(until.millis().saturating_sub(room)).min(began.plus(EFFECT_LIMIT))
    }
}
