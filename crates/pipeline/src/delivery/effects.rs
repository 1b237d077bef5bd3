//! Effects as their performer sees them: what a domain has put into a lane for itself to do, and how that ended.

use std::time::Duration;

use async_trait::async_trait;
use metrics::counter;
use secrecy::SecretString;
use serde_json::Value as Json;
use tidegate_outcome::{Outcome, Refusal};
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::api::{Kind, Method};
use tidegate_slack::client::SlackClient;
use tidegate_slack::ids::{ChannelId, TenantId, Ts};

use super::doubt::EFFECT_LIMIT;
use super::recovery::MAX_RESENDS;
use super::search::{Found, Sought};
use super::sending::{POST, with_id};
use super::traces::Traces;
use super::{Deliverer, ROOM};
use crate::budget::{Budget, Turn};
use crate::clock::{Clock, Timestamp};
use crate::outbox::{Class, Lane, Post};
use crate::table::{RowKey, Rows, TableError, Write};

/// How long a call waits for its turn in process.
const PATIENCE: Duration = Duration::from_secs(1);

/// Performs the effects of domains. One implementation routes them by name.
#[async_trait]
pub trait Performer: Send + Sync {
    /// Performs the effect, within about fifteen seconds. It is performed again if its result could not be stored.
    async fn perform(&self, effect: Effect<'_>) -> Result<Done, Undone>;

    /// Called when an effect is parked: what else to write with that, such as a ledger's row. Writes whose conditions
    /// do not hold are left out, all of them.
    fn given_up(&self, _name: &str, _body: &Json, _reason: &str, _now: Timestamp) -> Done {
        Done::default()
    }

    /// Whether the effect needs the workspace's Slack token; it is held while there is none.
    fn needs_token(&self, _name: &str) -> bool {
        true
    }
}

/// For deployments without effects: every one is parked.
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

/// What to write in the transaction that settles an effect.
#[derive(Debug, Default)]
pub struct Done {
    /// Slack's timestamp, if it was a post.
    pub ts: Option<Ts>,
    /// Changes of state, of other rows than the outbox's. If a condition fails, the effect is performed again.
    pub writes: Vec<Write<RowKey>>,
    /// What follows, in order. With `writes` at most 98.
    pub posts: Vec<Post>,
}

/// Why an effect is not done. The texts go to logs and rows: nothing of a message, a person or a token is in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undone {
    /// Nothing has happened. Try again at that time, not earlier.
    Wait(Timestamp),
    /// Slack or another service refused, so nothing has happened. After a rate limit, or if the service is out of
    /// reach, it is tried again. A token that is refused goes to its keeper. Any other effect is parked.
    Refused(Refusal<SlackRejection>),
    /// Nobody knows whether it happened.
    Ambiguous(String),
    /// Something of our own failed, for example the table. Try again soon.
    Retry(String),
    /// A person must look at it. It is parked with this reason.
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
    /// The tenant's rows.
    pub rows: &'a Rows,
    /// The clock of the worker.
    pub clock: &'a dyn Clock,
    /// Calls Slack, for what [`Effect::call`] does not.
    pub slack: &'a SlackClient,
    /// The purpose it was put into the lane with.
    pub name: &'a str,
    /// What the domain has stored with it.
    pub body: &'a Json,
    /// Its id, the same for every attempt.
    pub message_id: &'a str,
    /// The event that caused it.
    pub event_id: &'a str,
    /// The lane in which it stands.
    pub lane: &'a Lane,
    /// The number of attempts, this one included.
    pub attempts: i64,
    /// When an earlier attempt began that may have taken effect, in whole or in part; `None` if there is none.
    pub doubt_since: Option<Timestamp>,
    pub(super) class: Class,
    /// When an earlier attempt began whose post may have arrived; `None` if there is none.
    pub(super) posted_since: Option<Timestamp>,
    /// How often it was posted again although nobody could look.
    pub(super) resends: i64,
    pub(super) bearer: Option<&'a SecretString>,
    pub(super) deliverer: &'a Deliverer,
    /// No call begins later.
    pub(super) until: Timestamp,
    pub(super) traces: &'a Traces,
}

impl Effect<'_> {
    /// Calls a Slack method within its budget, waiting about a second for its turn. A limit closes the method for
    /// everybody. A read without a usable answer is [`Refusal::Unreachable`]: it changed nothing.
    pub async fn call<M>(&self, request: &M) -> Result<M::Answer, Undone>
    where
        M: Method<Credential = SecretString>,
    {
        self.call_within(request, PATIENCE).await
    }

    /// The same for a call that follows from one before it in this attempt: it waits for its turn as long as the attempt
    /// may last. The next attempt would begin with the first call again, and take the very turn that this one waits for.
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
        self.told(&budget, M::KIND, outcome).await
    }

    /// Posts with the effect's id as metadata, at most one a second in a channel. If an earlier attempt's post may have
    /// arrived, looks in the channel or thread first and answers with what it finds; not found, it is posted again or
    /// parked by its class. One post an effect, for its id names it, and to a channel's id, for a person's cannot be
    /// searched. In a [`Class::Repeatable`] effect it may appear twice.
    pub async fn post(&self, body: &Json) -> Result<Ts, Undone> {
        let bearer = self.bearer()?;
        if let Some(since) = self.posted_since
            && let Some(ts) = self.look_for_post(bearer, body, since).await?
        {
            return Ok(ts);
        }
        let method = Budget::method(POST);
        let closed_until = method.closed_until(self.rows).await?;
        if let Some(time) = closed_until.filter(|time| *time > self.clock.now()) {
            return Err(Undone::Wait(time));
        }
        let channel = body.get("channel").and_then(Json::as_str);
        let channel = Budget::channel(&ChannelId::from(channel.unwrap_or_default()));
        self.wait_for(self.rows, &channel).await?;
        let body = with_id(body, self.message_id);
        let outcome = self.slack.call(bearer, POST, &body).await;
        if !matches!(outcome, Outcome::Refused(_)) {
            self.traces.note_post();
        }
        let answer = self.told(&method, Kind::Write, outcome).await?;
        match answer.get("ts").and_then(Json::as_str) {
            Some(ts) => Ok(ts.into()),
            None => Err(Undone::Ambiguous("the answer has no timestamp".to_owned())),
        }
    }

    /// Takes a turn before a call to another service, waiting about a second for it. One turn a call: that is how it is
    /// known whether something may have happened.
    pub async fn turn(&self, rows: &Rows, budget: &Budget) -> Result<(), Undone> {
        self.wait_for(rows, budget).await?;
        self.traces.note_turn();
        Ok(())
    }

    fn bearer(&self) -> Result<&SecretString, Undone> {
        let why = || Undone::Park(format!("{} was said to need no token", self.name));
        self.bearer.ok_or_else(why)
    }

    async fn look_for_post(
        &self,
        bearer: &SecretString,
        body: &Json,
        since: Timestamp,
    ) -> Result<Option<Ts>, Undone> {
        let sought = Sought {
            body,
            message_id: self.message_id,
            since,
        };
        let (why, blind) = match self.deliverer.search(self.rows, bearer, sought).await? {
            Found::Yes(ts) => return Ok(Some(ts)),
            Found::Later(time) => return Err(Undone::Wait(time)),
            Found::No => ("not found in the channel".to_owned(), false),
            Found::Never(why) => (why, true),
        };
        if self.class == Class::AtMostOnce || (blind && self.resends >= MAX_RESENDS) {
            return Err(Undone::Park(format!("outcome unknown: {why}")));
        }
        if blind {
            self.traces.note_resend();
        }
        tracing::warn!(
            message_id = self.message_id,
            why,
            "post.resent: it may appear twice"
        );
        Ok(None)
    }

    /// Waits for a turn. Refuses to if too little time is left for the call.
    async fn wait_for(&self, rows: &Rows, budget: &Budget) -> Result<(), Undone> {
        self.wait_within(rows, budget, PATIENCE).await
    }

    /// Waits for a turn, and sees to it that there is time left for the call.
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

    async fn told<T>(
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

    /// When the last call of an attempt may begin that began at `began`.
    pub(super) fn last_call(began: Timestamp, until: Timestamp) -> Timestamp {
        let room = i64::try_from(ROOM.as_millis()).unwrap_or(i64::MAX);
        Timestamp(until.millis().saturating_sub(room)).min(began.plus(EFFECT_LIMIT))
    }
}
