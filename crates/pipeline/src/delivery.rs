//! The delivery protocol: one sender per lane, in order, at most one post a second, and never a blind repeat.
//!
//! A sender holds the lane's lease under an epoch. It marks a post as taken before the request goes out and settles
//! it by what came back. A post found taken was left by a sender that died or could not tell: once nothing of that
//! attempt can be under way any more, the channel itself is asked whether it has the post.

mod holding;
mod lease;
mod recovery;
mod settling;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client::REQUEST_TIMEOUT;
use tidegate_slack::ids::TenantId;
use tidegate_slack::outcome::{Outcome, Refusal};

pub use self::holding::{resume, resume_later};
use self::lease::{Lease, Released};
use self::settling::MAX_ATTEMPTS;
pub use self::tokens::{BotTokens, ConfiguredToken, NoToken, Refused};
use crate::budget::Budget;
use crate::clock::{Clock, Timestamp};
use crate::ledger::JobError;
use crate::outbox::{Lane, Pending, Target};
use crate::queue::{MAX_DELAY, Queue};
use crate::table::{Item, Range, Rows, Table, TableError, Write};
use crate::worker::wake_later;

/// Hops after which a lane is left to the sweep: Lambda stops a chain that feeds itself at 16.
const MAX_HOPS: u32 = 10;

/// Slack's limit for posts to one channel.
const PACE: Duration = Duration::from_secs(1);

/// Time that must be left for a post to begin: the request's own timeout and the write that settles it.
const ROOM: Duration = Duration::from_secs(REQUEST_TIMEOUT.as_secs() + 2);

/// Metadata type under which a post carries its id.
pub const METADATA_EVENT: &str = "tidegate_outbox";

/// Who sends. Leases of another boot of an exclusive sender are void: its process is gone.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Names this process.
    pub boot: String,
    /// Whether no other process can be sending: true in local mode, false on Lambda.
    pub exclusive: bool,
}

/// Delivers what waits in the lanes.
#[derive(Clone)]
pub struct Deliverer {
    /// Rows of all tenants.
    pub table: Table,
    /// The queue of wake-ups.
    pub wake_ups: Arc<dyn Queue>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Calls Slack.
    pub slack: SlackClient,
    /// Knows the workspaces' tokens.
    pub tokens: Arc<dyn BotTokens>,
    /// Who sends.
    pub sender: Sender,
    /// How long after its last possible moment an attempt is taken to be over.
    pub quiet: Duration,
}

/// The lane that is worked on.
#[derive(Clone, Copy)]
struct Place<'a> {
    tenant: &'a TenantId,
    rows: &'a Rows,
    lane: &'a Lane,
}

/// What to do with the lane after one post.
enum Next {
    /// Look at the next post.
    Post,
    /// Come back at that time.
    At(Timestamp),
    /// Nothing in the lane can go before its workspace is connected again.
    Held,
}

impl Deliverer {
    /// Sends what waits in a lane, until it is empty, blocked, or `until` is near. `hops` is the wake-up's.
    pub async fn run(
        &self,
        tenant: &TenantId,
        lane: &Lane,
        hops: u32,
        until: Timestamp,
    ) -> Result<(), JobError> {
        match self.deliver(tenant, lane, hops, until).await {
            // The wake-up of a workspace that was erased: there is nothing left to send.
            Err(JobError::Erased) => Ok(()),
            ended => ended,
        }
    }

    async fn deliver(
        &self,
        tenant: &TenantId,
        lane: &Lane,
        hops: u32,
        until: Timestamp,
    ) -> Result<(), JobError> {
        let rows = self.table.tenant(tenant);
        let Some(mut lease) = Lease::acquire(&rows, lane, self, until).await? else {
            return Ok(());
        };
        let place = Place {
            tenant,
            rows: &rows,
            lane,
        };
        let again = loop {
            match self.send_all(place, &mut lease, until).await {
                Ok(Next::At(time)) => break Some(time),
                Ok(Next::Post | Next::Held) => match lease.release(&rows).await? {
                    Released::Yes => break None,
                    Released::Wanted => {}
                },
                Err(e) => {
                    lease.abandon(&rows, None).await;
                    return Err(e);
                }
            }
        };
        let Some(time) = again else { return Ok(()) };
        let now = self.clock.now();
        let delay = time.since(now).clamp(PACE, MAX_DELAY);
        // One wake-up is enough, however often a closed lane is swept or posted to.
        if hops >= MAX_HOPS || lease.wakes_within(now, delay) {
            lease.abandon(&rows, None).await;
            return Ok(());
        }
        let sent = wake_later(&*self.wake_ups, tenant, lane, hops + 1, &*self.clock, delay).await;
        // Noted after it is sent: a sender that dies in between costs one wake-up too many, not one too few.
        let noted = sent.is_ok().then(|| now.plus(delay));
        lease.abandon(&rows, noted).await;
        sent.map_err(|e| JobError::Retry(e.to_string()))
    }

    /// [`Next::Post`] when nothing waits any more.
    async fn send_all(
        &self,
        place: Place<'_>,
        lease: &mut Lease,
        until: Timestamp,
    ) -> Result<Next, JobError> {
        let Place { rows, lane, .. } = place;
        loop {
            let partition = ["outbox", lane.as_str()];
            let page = rows.query(&partition, Range::All, false, 1, None).await?;
            let Some((key, row)) = page.rows.into_iter().next() else {
                return Ok(Next::Post);
            };
            let Some(post) = Pending::parse(&key, &row) else {
                self.set_aside(rows, &key, &row).await?;
                continue;
            };
            let next = if post.sending.is_some() {
                self.recover(place, &post, &row).await?
            } else {
                self.send(place, lease, &post, &row, until).await?
            };
            if !matches!(next, Next::Post) {
                return Ok(next);
            }
        }
    }

    async fn send(
        &self,
        place: Place<'_>,
        lease: &mut Lease,
        post: &Pending,
        row: &Item,
        until: Timestamp,
    ) -> Result<Next, JobError> {
        let Place { rows, lane, .. } = place;
        if let Some(free_at) = lease.last_post_at.map(|at| at.plus(PACE)) {
            // Never longer than the pace: the clock of whoever posted last may be ahead of ours.
            let wait = free_at.since(self.clock.now()).min(PACE);
            if self.clock.now().plus(wait).plus(ROOM) > until {
                return Ok(Next::At(self.clock.now().plus(wait)));
            }
            self.clock.sleep(wait).await;
        }
        // A `response_url` needs no token. Asked before the clock is read: a token may have to be waited for.
        let bearer = match &post.target {
            Target::ResponseUrl(_) => None,
            Target::Channel => match self.tokens.token(place.tenant).await {
                Ok(token) => Some(token),
                Err(NoToken::Later(why)) => return Err(JobError::Retry(why)),
                Err(NoToken::Disconnected(_)) => return self.hold(place).await,
            },
        };
        // Asked after the waits: another lane may have met the limit meanwhile.
        let budget = counted_as(&post.target, lane);
        let closed_until = budget.closed_until(rows).await?.max(post.not_before);
        let now = self.clock.now();
        if let Some(time) = closed_until.filter(|time| *time > now) {
            return Ok(Next::At(time));
        }
        if now.plus(ROOM) > until {
            return Ok(Next::At(now));
        }
        let Some(taken) = self.take(rows, lease, post, now).await? else {
            return Ok(Next::At(now.plus(PACE)));
        };
        // A frozen process must not wake up into a request of long ago.
        if self.clock.now().plus(REQUEST_TIMEOUT) > lease.until {
            self.give_back(rows, &taken, now).await?;
            return Ok(Next::At(now));
        }
        let outcome = match (&post.target, &bearer) {
            (Target::ResponseUrl(url), _) => self.slack.respond(url, &post.body).await,
            (Target::Channel, Some(bearer)) => {
                let body = with_id(&post.body, &post.message_id);
                self.slack.call(bearer, "chat.postMessage", &body).await
            }
            (Target::Channel, None) => Outcome::Refused(Refusal::Unreachable),
        };
        let token_refused = match &outcome {
            Outcome::Refused(why) => why.token_code(),
            _ => None,
        };
        if let (Some(code), Some(bearer)) = (token_refused, &bearer) {
            match self.tokens.refused(place.tenant, bearer, code).await {
                Refused::Renewed if taken.attempts < MAX_ATTEMPTS => {
                    self.give_back(rows, &taken, now).await?;
                    return Ok(Next::Post);
                }
                Refused::Disconnected => {
                    self.give_back(rows, &taken, now).await?;
                    return self.hold(place).await;
                }
                Refused::Renewed | Refused::Stands => {}
            }
        }
        self.settle(rows, &budget, &taken, row, outcome).await
    }

    /// Marks a post as being sent under our epoch; `None` when the lease or the post is no longer ours.
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
        let mark = post
            .unchanged(mark)
            .value(":mine", lease.epoch)
            .value(":attempts", post.attempts + 1)
            .value(":now", now.millis())
            .value(":first", first.millis())
            .value(":due_at", self.settles_at(now).millis());
        let taken = Pending {
            sending: Some(lease.epoch),
            attempts: post.attempts + 1,
            first_attempt_at: Some(first),
            attempt_at: Some(now),
            ..post.clone()
        };
        match rows.transact(vec![lease.mark_post(now), mark]).await {
            Ok(()) => {
                lease.last_post_at = Some(now);
                Ok(Some(taken))
            }
            Err(TableError::Cancelled(_)) => Ok(None),
            Err(e @ TableError::Unknown(_)) => {
                // Taken or not, it was not sent. If this fails too, the channel is asked later.
                let _ = self.give_back(rows, &taken, now).await;
                Err(e.into())
            }
            Err(e) => Err(e.into()),
        }
    }

    /// From when on nothing of an attempt that began at `began` can be under way any more.
    fn settles_at(&self, began: Timestamp) -> Timestamp {
        began.plus(REQUEST_TIMEOUT).plus(self.quiet)
    }
}

/// What Slack counts a post under: the method, for its whole workspace; a `response_url` has its own.
fn counted_as(target: &Target, lane: &Lane) -> Budget {
    match target {
        Target::Channel => Budget::method("chat.postMessage"),
        Target::ResponseUrl(_) => Budget::lane(lane),
    }
}

/// The body with the post's id, by which it can be found again. Metadata is visible to the workspace, so there is
/// nothing else in it. `client_msg_id` is sent in the hope that Slack drops a repeat; nothing relies on it.
fn with_id(body: &Json, message_id: &str) -> Json {
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut() {
        let metadata = json!({"event_type": METADATA_EVENT, "event_payload": {"id": message_id}});
        fields.insert("metadata".to_owned(), metadata);
        fields.insert("client_msg_id".to_owned(), message_id.into());
    }
    body
}
