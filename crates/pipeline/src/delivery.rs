//! The delivery protocol: each lane has one sender, keeps its order, and posts at most once a second. A post whose outcome is
//! unknown is never repeated without a search.
//!
//! An effect is work that a domain has put into a lane for itself. The domain performs it under the same rules.
//!
//! A sender holds the lane's lease under an epoch. It marks a post as taken before it sends the request, and settles it by the
//! response. A post that is already taken was left by a sender that died or did not learn the outcome. Once that attempt can no
//! longer take effect, the sender searches the channel for the post.

mod doubt;
mod effects;
mod holding;
mod lease;
mod performing;
mod posting;
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
pub use self::tokens::{BotTokens, ConfiguredToken, NoToken, NoTokens, TokenVerdict};
use crate::clock::{Clock, Timestamp};
use crate::ledger::JobError;
use crate::outbox::{Lane, Pending, Target};
use crate::queue::{MAX_DELAY, Queue};
use crate::table::{Range, Rows, Table};
use crate::worker::wake_later;

/// The wake-ups in a chain after which a lane is left to the sweep. Lambda stops a chain that invokes itself 16 times.
const MAX_HOPS: u32 = 10;

/// The least time between two posts of a lane, which is Slack's limit for a channel.
const PACE: Duration = Duration::from_secs(1);

/// The longest time that a sender waits in a lane until an effect can be tried again.
const SOON: Duration = Duration::from_secs(4);

/// The time that must be left when a post begins: the timeout of the request, and the write that settles it.
const ROOM: Duration = Duration::from_secs(REQUEST_TIMEOUT.as_secs() + 2);

/// The event type of the message metadata that holds the id of a post.
pub const METADATA_EVENT: &str = "tidegate_outbox";

/// The identity of a sending process. If it is exclusive, leases of earlier boots are void, because their process has ended.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The random name of this process.
    pub boot: String,
    /// Whether no other process can send. True in local mode, false on Lambda.
    pub exclusive: bool,
}

impl Sender {
    /// Makes a sender that is one of many, as on Lambda.
    pub fn one_of_many(boot: String) -> Self {
        Self {
            boot,
            exclusive: false,
        }
    }
}

/// Sends the posts and performs the effects that wait in lanes.
#[derive(Clone)]
pub struct Deliverer {
    /// The rows of all tenants.
    pub table: Table,
    /// The queue that wake-ups are sent to.
    pub wake_ups: Arc<dyn Queue>,
    /// The clock for pauses and leases.
    pub clock: Arc<dyn Clock>,
    /// The client of Slack's Web API.
    pub slack: SlackClient,
    /// The source of the workspaces' bot tokens.
    pub tokens: Arc<dyn BotTokens>,
    /// The identity of this process.
    pub sender: Sender,
    /// How long after its last possible moment an attempt counts as over.
    pub quiet: Duration,
    /// Performs the effects of domains.
    pub performer: Arc<dyn Performer>,
}

/// The lane that a sender works on.
#[derive(Clone, Copy)]
struct LaneContext<'a> {
    tenant: &'a TenantId,
    rows: &'a Rows,
    lane: &'a Lane,
}

/// What to do with the lane after one post.
enum Next {
    /// Go on with the next post.
    Post,
    /// Continue the lane at that time.
    At(Timestamp),
    /// Hold the lane until its workspace is connected again.
    Held,
}

impl Deliverer {
    /// Sends what waits in a lane, until the lane is empty or blocked or `until` is near. `hops` is the number of wake-ups in the
    /// chain so far.
    pub async fn run(
        &self,
        tenant: &TenantId,
        lane: &Lane,
        hops: u32,
        until: Timestamp,
    ) -> Result<(), JobError> {
        match self.deliver(tenant, lane, hops, until).await {
            // The workspace was erased, so nothing is left to send.
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
        let place = LaneContext {
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
        // One wake-up is enough, even if a closed lane is swept or gets new posts in the meantime.
        if hops >= MAX_HOPS || lease.wakes_within(now, delay) {
            lease.abandon(&rows, None).await;
            return Ok(());
        }
        let sent = wake_later(&*self.wake_ups, tenant, lane, hops + 1, &*self.clock, delay).await;
        // The wake-up is recorded after it is sent. A sender that dies in between causes one wake-up too many, not one too few.
        let noted = sent.is_ok().then(|| now.plus(delay));
        lease.abandon(&rows, noted).await;
        sent.map_err(|e| JobError::Retry(e.to_string()))
    }

    fn is_soon(&self, time: Timestamp, until: Timestamp) -> bool {
        let now = self.clock.now();
        time > now && time <= now.plus(SOON) && time.plus(ROOM) <= until
    }

    /// Sends posts until one has to wait. Returns [`Next::Post`] if the lane is empty.
    async fn send_all(
        &self,
        place: LaneContext<'_>,
        lease: &mut Lease,
        until: Timestamp,
    ) -> Result<Next, JobError> {
        let LaneContext { rows, lane, .. } = place;
        loop {
            let partition = ["outbox", lane.as_str()];
            let page = rows.query(&partition, Range::All, false, 1, None).await?;
            let Some((key, row)) = page.rows.into_iter().next() else {
                return Ok(Next::Post);
            };
            let Some(post) = Pending::parse(&key, &row) else {
                self.park_damaged(rows, &key, &row).await?;
                continue;
            };
            let next = if post.sending.is_some() {
                self.recover(place, &post, &row).await?
            } else {
                self.send(place, lease, &post, &row, until).await?
            };
            match next {
                Next::Post => {}
                // A turn at Slack comes within seconds, so the sender waits here and saves a wake-up.
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
