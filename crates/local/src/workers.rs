//! The workers of local mode: the same handlers as on Lambda, fed from the embedded queues by loops.

use std::sync::Arc;
use std::time::Duration;

use tidegate_app::product::{JobQueues, Product};
use tidegate_pipeline::delivery::Deliverer;
use tidegate_pipeline::job::Job;
use tidegate_pipeline::outbox::{Lane, WakeUp};
use tidegate_pipeline::queue::{Queue, Received};
use tidegate_pipeline::worker::Worker;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::store::Store;

/// Time for one record, as on Lambda.
const RECORD_LIMIT: Duration = Duration::from_secs(25);

/// Time for one lane, as on Lambda.
const LANE_LIMIT: Duration = Duration::from_secs(20);

/// Lanes delivered at once.
const LANES: usize = 64;

/// Loops per queue of requests.
const LOOPS: usize = 4;

/// How long a receiver waits for a message before it looks whether it should stop.
const WAIT: Duration = Duration::from_secs(1);

/// Pause after a queue that did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// How often expired rows are deleted.
const EXPIRE_EVERY: u64 = 600;

/// All loops of a process.
pub struct Workers {
    loops: JoinSet<()>,
    stop: watch::Sender<bool>,
}

/// The parts that the loops work on.
pub struct Parts {
    /// One worker per queue of requests.
    pub workers: Vec<Worker>,
    /// Sends the posts of woken lanes.
    pub deliverer: Deliverer,
    /// The queues of jobs.
    pub queues: JobQueues,
    /// The product, whose due work one loop does.
    pub product: Arc<Product>,
    /// The table and its keys, for what DynamoDB does by itself.
    pub store: Store,
    /// Called every few seconds to keep the metrics small.
    pub upkeep: Box<dyn Fn() + Send + Sync>,
}

impl Workers {
    /// Starts all loops as tasks of the runtime.
    pub fn start(parts: Parts) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut loops = JoinSet::new();
        for worker in &parts.workers {
            for _ in 0..LOOPS {
                loops.spawn(work(worker.clone(), stopped.clone()));
            }
        }
        loops.spawn(deliver(
            parts.deliverer.clone(),
            Arc::clone(&parts.product.world.wake_ups),
            stopped.clone(),
        ));
        loops.spawn(keep_time(parts, stopped));
        Self { loops, stop }
    }

    /// Lets every loop finish what it has in work, and waits for that.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.loops.join_next().await.is_some() {}
    }
}

async fn work(worker: Worker, stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let batch = match worker.source.receive(10, WAIT).await {
            Ok(batch) => batch,
            Err(e) => {
                tracing::error!(error = %e, "queue not read");
                worker.clock.sleep(PAUSE).await;
                continue;
            }
        };
        let receipts: Vec<(String, String)> = batch
            .iter()
            .map(|m| (m.id.clone(), m.receipt.clone()))
            .collect();
        let failed = worker.process(batch, RECORD_LIMIT).await;
        let done: Vec<String> = receipts
            .into_iter()
            .filter(|(id, _)| !failed.contains(id))
            .map(|(_, receipt)| receipt)
            .collect();
        if done.is_empty() {
            continue;
        }
        // Not deleted means received again, and the claim makes that harmless.
        if let Err(e) = worker.source.delete(done).await {
            tracing::error!(error = %e, "messages not deleted");
        }
    }
}

async fn deliver(deliverer: Deliverer, wake_ups: Arc<dyn Queue>, stopped: watch::Receiver<bool>) {
    let lanes = Arc::new(Semaphore::new(LANES));
    while !*stopped.borrow() {
        // Receives no more than the free lanes take: a message that waited for a lane here would hold up the next ones.
        let Ok(first) = Arc::clone(&lanes).acquire_owned().await else {
            return;
        };
        let free = lanes.available_permits() + 1;
        let batch = match wake_ups.receive(free.min(10), WAIT).await {
            Ok(batch) => batch,
            Err(e) => {
                tracing::error!(error = %e, "queue of wake-ups not read");
                deliverer.clock.sleep(PAUSE).await;
                continue;
            }
        };
        let mut first = Some(first);
        for message in batch {
            let permit = match first.take() {
                Some(permit) => Ok(permit),
                None => Arc::clone(&lanes).acquire_owned().await,
            };
            let Ok(permit) = permit else {
                return;
            };
            let (deliverer, wake_ups) = (deliverer.clone(), Arc::clone(&wake_ups));
            tokio::spawn(async move {
                deliver_one(&deliverer, &*wake_ups, message).await;
                drop(permit);
            });
        }
    }
    // A task that holds a permit is in the middle of a post.
    let _ = lanes
        .acquire_many(u32::try_from(LANES).unwrap_or(u32::MAX))
        .await;
}

async fn deliver_one(deliverer: &Deliverer, wake_ups: &dyn Queue, message: Received) {
    let until = deliverer.clock.now().plus(LANE_LIMIT);
    let done = if let Some((job, wake_up)) = parse(&message.body) {
        let lane = Lane::from_text(wake_up.lane);
        deliverer.run(&job.tenant, &lane, wake_up.hops, until).await
    } else {
        tracing::error!("a wake-up cannot be read; the sweep finds what it was for");
        Ok(())
    };
    let ended = match done {
        Ok(()) => wake_ups.delete(vec![message.receipt]).await,
        Err(e) => {
            tracing::warn!(error = %e, "lane not delivered");
            wake_ups.hide(&message.receipt, PAUSE).await
        }
    };
    if let Err(e) = ended {
        tracing::error!(error = %e, "wake-up not settled");
    }
}

fn parse(body: &str) -> Option<(Job, WakeUp)> {
    let job = Job::decode(body).ok()?;
    let wake_up = serde_json::from_slice(&job.body).ok()?;
    Some((job, wake_up))
}

/// Sweeps every second, as the scheduler does every minute on AWS.
async fn keep_time(parts: Parts, stopped: watch::Receiver<bool>) {
    let clock = Arc::clone(&parts.product.world.clock);
    let mut ticks = 0u64;
    while !*stopped.borrow() {
        let until = clock.now().plus(LANE_LIMIT);
        let swept = parts.product.sweep(&parts.queues, until).await;
        if let Some(e) = swept.failed {
            tracing::error!(error = %e, "sweep failed");
        }
        if swept.erased > 0
            && let Err(e) = parts.store.purge().await
        {
            tracing::error!(error = %e, "workspace.erase: the files hold what was deleted until the next purge");
        }
        if ticks.is_multiple_of(5) {
            (parts.upkeep)();
        }
        if ticks.is_multiple_of(EXPIRE_EVERY)
            && let Err(e) = parts.store.embedded.sweep_expired().await
        {
            tracing::error!(error = %e, "expired rows not deleted");
        }
        ticks += 1;
        clock.sleep(PAUSE).await;
    }
}
