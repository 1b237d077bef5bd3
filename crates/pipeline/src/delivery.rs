//! The delivery protocol: one sender per lane, in order, at most one post a second, and never a blind repeat.
//!
//! What a domain has put into a lane for itself to do, an effect, is performed by it under the same rules.
//!
//! A sender holds the lane's lease under an epoch. It marks a post as taken before the request goes out and settles
//! it by what came back. A post found taken was left by a sender that died or could not tell: once nothing of that
//! attempt can be under way any more, the channel itself is asked whether it has the post.

mod doubt;
mod effects;
mod holding;
mod lease;
mod performing;
mod recovery;
mod search;
mod sending;
mod settling;
mod tokens;
mod traces;

use std::sync::Arc;
use std::time::Duration;

use tidegate_slack::client::SlackClient;
use tidegate_slack::http_client::REQUEST_TIMEOUT;
use tidegate_slack::ids::TenantId;

pub use self::effects::{Done, Effect, NoEffects, Performer, Undone};
pub use self::holding::{resume, resume_later};
use self::lease::{Lease, Released};
pub use self::tokens::{BotTokens, ConfiguredToken, NoToken, NoTokens, Refused};
use crate::clock::{Clock, Timestamp};
use crate::ledger::JobError;
use crate::outbox::{Lane, Pending, Target};
use crate::queue::{MAX_DELAY, Queue};
use crate::table::{Range, Rows, Table};
use crate::worker::wake_later;

/// Hops after which a lane is left to the sweep: Lambda stops a chain that feeds itself at 16.
const MAX_HOPS: u32 = 10;

/// Slack's limit for posts to one channel.
const PACE: Duration = Duration::from_secs(1);

/// An effect that can be tried again within that time is waited for in the lane.
const SOON: Duration = Duration::from_secs(4);

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

impl Sender {
    /// A sender that is not alone: a function on Lambda.
    pub fn one_of_many(boot: String) -> Self {
        Self {
            boot,
            exclusive: false,
        }
    }
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
    /// Performs what domains have put into lanes for themselves to do.
    pub performer: Arc<dyn Performer>,
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

    fn is_soon(&self, time: Timestamp, until: Timestamp) -> bool {
        let now = self.clock.now();
        time > now && time <= now.plus(SOON) && time.plus(ROOM) <= until
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
            match next {
                Next::Post => {}
                // Slack's turns come every few seconds: no reason to leave the lane, or to spend a hop.
                Next::At(time)
                    if matches!(post.target, Target::Effect) && self.is_soon(time, until) =>
                {
                    self.clock.sleep(time.since(self.clock.now())).await;
                }
                next => return Ok(next),
            }
        }
    }
}
