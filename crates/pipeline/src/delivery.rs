//! The delivery protocol: one sender per lane, in order, at most one post a second, and never a blind repeat.
//!
//! A sender holds the lane's lease under an epoch. It marks a post as taken before the request goes out and settles
//! it by what came back. A post found taken was left by a sender that died or could not tell: once nothing of that
//! attempt can be under way any more, the channel itself is asked whether it has the post.

mod lease;
mod recovery;

use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use secrecy::SecretString;
use serde_json::{Value as Json, json};
use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client::REQUEST_TIMEOUT;
use tidegate_slack::ids::TenantId;
use tidegate_slack::outcome::{Outcome, Refusal};

use self::lease::{Lease, Released};
use crate::clock::{Clock, Timestamp};
use crate::ledger::JobError;
use crate::outbox::{End, Lane, Pending, Target};
use crate::queue::{MAX_DELAY, Queue};
use crate::table::{Item, Range, RowKey, Rows, Table, TableError, Write};
use crate::worker::wake_later;

/// Hops after which a lane is left to the sweep: Lambda stops a chain that feeds itself at 16.
const MAX_HOPS: u32 = 10;

/// Slack's limit for posts to one channel.
const PACE: Duration = Duration::from_secs(1);

/// Time that must be left for a post to begin: the request's own timeout and the write that settles it.
const ROOM: Duration = Duration::from_secs(REQUEST_TIMEOUT.as_secs() + 2);

/// Attempts to reach a Slack that cannot be reached before the post is parked; with back-off that is some hours.
const MAX_ATTEMPTS: i64 = 30;

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
    /// The workspace's token.
    pub token: SecretString,
    /// Who sends.
    pub sender: Sender,
    /// How long after its last possible moment an attempt is taken to be over.
    pub quiet: Duration,
}

/// What to do with the lane after one post.
enum Next {
    /// Look at the next post.
    Post,
    /// Come back at that time.
    At(Timestamp),
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
        let rows = self.table.tenant(tenant);
        let Some(mut lease) = Lease::acquire(&rows, lane, self, until).await? else {
            return Ok(());
        };
        let again = loop {
            match self.send_all(&rows, lane, &mut lease, until).await {
                Ok(Next::At(time)) => break Some(time),
                Ok(Next::Post) => match lease.release(&rows).await? {
                    Released::Yes => break None,
                    Released::Wanted => {}
                },
                Err(e) => {
                    lease.abandon(&rows).await;
                    return Err(e);
                }
            }
        };
        let Some(time) = again else { return Ok(()) };
        lease.abandon(&rows).await;
        if hops >= MAX_HOPS {
            return Ok(());
        }
        let delay = time.since(self.clock.now()).clamp(PACE, MAX_DELAY);
        wake_later(&*self.wake_ups, tenant, lane, hops + 1, &*self.clock, delay)
            .await
            .map_err(|e| JobError::Retry(e.to_string()))
    }

    /// [`Next::Post`] when nothing waits any more.
    async fn send_all(
        &self,
        rows: &Rows,
        lane: &Lane,
        lease: &mut Lease,
        until: Timestamp,
    ) -> Result<Next, JobError> {
        loop {
            let partition = ["outbox", lane.as_str()];
            let page = rows.query(&partition, Range::All, false, 1, None).await?;
            let Some((key, row)) = page.rows.into_iter().next() else {
                return Ok(Next::Post);
            };
            let Some(post) = Pending::parse(&key, &row) else {
                return Err(JobError::Fail(format!(
                    "an outbox row of lane {} is damaged",
                    lane.as_str()
                )));
            };
            let next = if post.sending.is_some() {
                self.recover(rows, &post, &row).await?
            } else {
                self.send(rows, lane, lease, &post, &row, until).await?
            };
            if let Next::At(time) = next {
                return Ok(Next::At(time));
            }
        }
    }

    async fn send(
        &self,
        rows: &Rows,
        lane: &Lane,
        lease: &mut Lease,
        post: &Pending,
        row: &Item,
        until: Timestamp,
    ) -> Result<Next, JobError> {
        let method = limited_as(&post.target, lane);
        let closed_until = limit_of(rows, &method).await?.max(post.not_before);
        if let Some(time) = closed_until.filter(|time| *time > self.clock.now()) {
            return Ok(Next::At(time));
        }
        if let Some(free_at) = lease.last_post_at.map(|at| at.plus(PACE)) {
            let wait = free_at.since(self.clock.now());
            if self.clock.now().plus(wait).plus(ROOM) > until {
                return Ok(Next::At(free_at));
            }
            self.clock.sleep(wait).await;
        }
        let now = self.clock.now();
        if now.plus(ROOM) > until {
            return Ok(Next::At(now));
        }
        let Some(taken) = self.take(rows, lease, post, now).await? else {
            return Ok(Next::At(now.plus(PACE)));
        };
        // A frozen process must not wake up into a request of long ago.
        if self.clock.now().plus(REQUEST_TIMEOUT) > lease.until {
            return Ok(Next::At(self.settles_at(now)));
        }
        let outcome = match &post.target {
            Target::Channel => {
                self.slack
                    .call(
                        &self.token,
                        "chat.postMessage",
                        &with_id(&post.body, &post.message_id),
                    )
                    .await
            }
            Target::ResponseUrl(url) => self.slack.respond(url, &post.body).await,
        };
        self.settle(rows, &method, &taken, row, outcome).await
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
        match rows.transact(vec![lease.mark_post(now), mark]).await {
            Ok(()) => {
                lease.last_post_at = Some(now);
                Ok(Some(Pending {
                    sending: Some(lease.epoch),
                    attempts: post.attempts + 1,
                    first_attempt_at: Some(first),
                    attempt_at: Some(now),
                    ..post.clone()
                }))
            }
            Err(TableError::Cancelled(_)) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    async fn settle(
        &self,
        rows: &Rows,
        method: &str,
        post: &Pending,
        row: &Item,
        outcome: Outcome,
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
                close_until(rows, method, time).await?;
                self.give_back(rows, post, time).await?;
                Ok(Next::At(time))
            }
            Outcome::Refused(Refusal::Unreachable) if post.attempts < MAX_ATTEMPTS => {
                let doubled = 1u64 << post.attempts.clamp(0, 10);
                let time = now.plus(Duration::from_secs(doubled).min(MAX_DELAY));
                self.give_back(rows, post, time).await?;
                Ok(Next::At(time))
            }
            Outcome::Refused(Refusal::Unreachable) => {
                self.end(
                    rows,
                    post,
                    row,
                    &End::Parked("Slack cannot be reached".to_owned()),
                )
                .await
            }
            Outcome::Refused(Refusal::Credential(code) | Refusal::Permanent(code)) => {
                self.end(rows, post, row, &End::Parked(format!("refused: {code}")))
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
                Target::Channel => {
                    tracing::warn!(message_id = post.message_id, why, "post.ambiguous");
                    Ok(Next::At(self.settles_at(now)))
                }
            },
        }
    }

    async fn end(
        &self,
        rows: &Rows,
        post: &Pending,
        row: &Item,
        end: &End,
    ) -> Result<Next, JobError> {
        match rows
            .transact(post.settle(row, end, self.clock.now()).into())
            .await
        {
            Ok(()) => {}
            // Somebody else has settled it: our epoch is over.
            Err(TableError::Cancelled(_)) => return Ok(Next::Post),
            Err(e) => return Err(e.into()),
        }
        if let End::Parked(reason) = end {
            tracing::error!(
                message_id = post.message_id,
                purpose = post.purpose,
                reason,
                "post.parked"
            );
            counter!("posts_parked_total").increment(1);
        }
        Ok(Next::Post)
    }

    /// Makes a post ready again that certainly was not sent.
    async fn give_back(
        &self,
        rows: &Rows,
        post: &Pending,
        not_before: Timestamp,
    ) -> Result<(), JobError> {
        let ready = Write::update(
            post.key.clone(),
            "SET #not_before = :at, #due_at = :at, #resends = :resends REMOVE #epoch, #attempt_at",
        );
        let ready = ready
            .value(":at", not_before.millis())
            .value(":resends", post.resends);
        match rows.write(post.unchanged(ready)).await {
            Ok(_) | Err(TableError::Condition) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// From when on nothing of an attempt that began at `began` can be under way any more.
    fn settles_at(&self, began: Timestamp) -> Timestamp {
        began.plus(REQUEST_TIMEOUT).plus(self.quiet)
    }
}

/// The key under which a rate limit is shared: the method, for its whole workspace; a `response_url` has its own.
fn limited_as(target: &Target, lane: &Lane) -> String {
    match target {
        Target::Channel => "chat.postMessage".to_owned(),
        Target::ResponseUrl(_) => lane.as_str().to_owned(),
    }
}

async fn limit_of(rows: &Rows, method: &str) -> Result<Option<Timestamp>, TableError> {
    let row = rows.get(&limit_key(method)).await?;
    Ok(row
        .and_then(|row| row.number("closed_until"))
        .map(Timestamp))
}

/// Closes a method for a tenant, for every sender; a later time stands.
async fn close_until(rows: &Rows, method: &str, time: Timestamp) -> Result<(), JobError> {
    let close = Write::put(
        limit_key(method),
        Item::new()
            .with("closed_until", time.millis())
            .with("expires_at", time.plus(Duration::from_secs(3600)).seconds()),
    )
    .when("attribute_not_exists(#pk) OR #closed_until < :at")
    .value(":at", time.millis());
    counter!("slack_rate_limited_total").increment(1);
    match rows.write(close).await {
        Ok(_) | Err(TableError::Condition) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

fn limit_key(method: &str) -> RowKey {
    RowKey::new(&["limit", method], &["closed"])
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

fn count(purpose: &str, outcome: &Outcome) {
    let name = match outcome {
        Outcome::Done(_) => "done",
        Outcome::Ambiguous(_) => "ambiguous",
        Outcome::Refused(Refusal::RateLimited { .. }) => "rate_limited",
        Outcome::Refused(Refusal::Unreachable) => "unreachable",
        Outcome::Refused(Refusal::Credential(_)) => {
            counter!("credential_refused_total").increment(1);
            "credential"
        }
        Outcome::Refused(Refusal::Permanent(_)) => "refused",
    };
    counter!("tidegate_posts_total", "purpose" => purpose.to_owned(), "outcome" => name)
        .increment(1);
}
