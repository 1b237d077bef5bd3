//! The embedded queue keeps the queue contract.

use std::sync::Arc;

use tempfile::TempDir;
use tidegate_local::queue::{QueueFile, QueueSettings};
use tidegate_pipeline::clock::ManualClock;
use tidegate_pipeline::queue_contract::{MAX_RECEIVES, VISIBILITY, queue_contract};

const QUEUE: QueueSettings = QueueSettings {
    name: "queue",
    visibility: VISIBILITY,
    max_receives: MAX_RECEIVES,
    dead_letters: Some("queue-dlq"),
};

const DEAD_LETTERS: QueueSettings = QueueSettings {
    name: "queue-dlq",
    visibility: VISIBILITY,
    max_receives: MAX_RECEIVES,
    dead_letters: None,
};

#[tokio::test]
async fn the_queue_in_memory_keeps_the_contract() {
    let clock = ManualClock::at(1_763_690_400);
    keeps_the_contract(
        QueueFile::in_memory(Arc::new(clock.clone())).unwrap(),
        clock,
    )
    .await;
}

#[tokio::test]
async fn the_queue_in_a_file_keeps_the_contract() {
    let folder = TempDir::new().unwrap();
    let clock = ManualClock::at(1_763_690_400);
    let path = folder.path().join("queues.db");
    keeps_the_contract(
        QueueFile::open(&path, Arc::new(clock.clone())).unwrap(),
        clock,
    )
    .await;
}

async fn keeps_the_contract(file: QueueFile, clock: ManualClock) {
    let (queue, dead_letters) = (file.queue(QUEUE), file.queue(DEAD_LETTERS));
    let pass_time = move |by| {
        clock.advance(by);
        Box::pin(std::future::ready(())) as _
    };
    queue_contract(Arc::new(queue), Arc::new(dead_letters), pass_time).await;
}
