//! How tests go through many worlds: by seed or by step, half of them on a thread of their own, since tests run on two cores.

use std::time::Duration;

use tidegate_pipeline::queue::Queue;
use tidegate_pipeline::worker::Worker;

use crate::chance::seeds;
use crate::scripted::LIMIT;

/// Lives in `count` worlds, each with a seed and a runtime of its own.
pub fn in_each_world<F: Future<Output = ()>>(count: u64, live: impl Fn(u64) -> F + Sync) {
    beside_each_other(|half| {
        for seed in seeds(count).filter(|seed| seed % 2 == half) {
            run(live(seed));
        }
    });
}

/// Lives once for each step at which something may go wrong, until `live` answers that there is no such step. It gets the
/// step, and whether the step is done all the same.
pub fn at_each_step<F: Future<Output = bool>>(live: impl Fn(usize, bool) -> F + Sync) {
    in_halves(async |half| {
        for n in (half..).step_by(2) {
            let (step, is_done) = (n / 4 * 2 + n % 2, n % 4 < 2);
            if !live(step, is_done).await {
                return;
            }
        }
    });
}

/// Runs the halves 0 and 1 of something beside each other.
pub fn in_halves(live: impl AsyncFn(usize) + Sync) {
    beside_each_other(|half| run(live(usize::from(half == 1))));
}

fn beside_each_other(go: impl Fn(u64) + Sync) {
    std::thread::scope(|scope| {
        for half in 0..2 {
            let go = &go;
            scope.spawn(move || go(half));
        }
    });
}

fn run(live: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(live);
}

/// Has a worker work off one batch of a queue. Answers how many messages the batch had.
pub async fn work_off(queue: &dyn Queue, worker: &Worker) -> usize {
    let batch = queue.receive(10, Duration::ZERO).await.unwrap();
    let count = batch.len();
    let receipts: Vec<(String, String)> = batch
        .iter()
        .map(|m| (m.id.clone(), m.receipt.clone()))
        .collect();
    let failed = worker.process(batch, LIMIT).await;
    let done = receipts.into_iter().filter(|(id, _)| !failed.contains(id));
    let done = done.map(|(_, receipt)| receipt).collect();
    queue.delete(done).await.unwrap();
    count
}

/// The bodies of all messages on a queue of dead letters. They are hidden there from now on.
pub async fn dead_letters(queue: &dyn Queue) -> Vec<String> {
    let mut bodies = Vec::new();
    loop {
        let batch = queue.receive(10, Duration::ZERO).await.unwrap();
        if batch.is_empty() {
            return bodies;
        }
        bodies.extend(batch.into_iter().map(|message| message.body));
    }
}
