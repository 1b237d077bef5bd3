//! The embedded queue keeps the queue contract, and is fair.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tempfile::TempDir;
use tidegate_local::queue::{QueueFile, QueueSettings};
use tidegate_pipeline::clock::ManualClock;
use tidegate_pipeline::queue::{Outgoing, Queue};
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

/// Sends that many messages of each group, one group after the other, and returns the groups in the order of receiving.
async fn received(groups: &[(usize, usize)], max: usize) -> Vec<usize> {
    let clock = ManualClock::at(1_763_690_400);
    let queue = QueueFile::in_memory(Arc::new(clock)).unwrap().queue(QUEUE);
    for (group, messages) in groups {
        for _ in 0..*messages {
            let message = Outgoing {
                group: format!("G{group}"),
                body: group.to_string(),
                delay: Duration::ZERO,
            };
            queue.send(message).await.unwrap();
        }
    }
    let mut order = Vec::new();
    loop {
        let batch = queue.receive(max, Duration::ZERO).await.unwrap();
        if batch.is_empty() {
            return order;
        }
        order.extend(
            batch
                .iter()
                .map(|message| message.body.parse::<usize>().unwrap()),
        );
    }
}

#[tokio::test]
async fn a_message_does_not_wait_behind_the_backlog_of_another_group() {
    let order = received(&[(1, 500), (0, 1), (2, 1)], 10).await;
    let mut first = order[..3].to_vec();
    first.sort_unstable();
    assert_eq!(first, [0, 1, 2], "{:?}", &order[..20]);
    assert_eq!(order.len(), 502);
}

#[tokio::test]
async fn messages_of_a_group_that_are_hidden_are_passed_over() {
    let clock = ManualClock::at(1_763_690_400);
    let queue = QueueFile::in_memory(Arc::new(clock.clone()))
        .unwrap()
        .queue(QUEUE);
    let message = |group: &str, delay| Outgoing {
        group: group.to_owned(),
        body: group.to_owned(),
        delay: Duration::from_secs(delay),
    };
    for (group, delay) in [("G0", 60), ("G1", 60), ("G2", 0), ("G3", 60)] {
        queue.send(message(group, delay)).await.unwrap();
    }
    let bodies = async || {
        let batch = queue.receive(10, Duration::ZERO).await.unwrap();
        batch
            .into_iter()
            .map(|message| message.body)
            .collect::<Vec<_>>()
    };
    assert_eq!(bodies().await, ["G2"]);
    clock.advance(Duration::from_mins(1));
    assert_eq!(bodies().await.len(), 4, "G2 was not deleted");
}

proptest! {
    /// Between two messages of a group, each other group that still has messages gets exactly one turn.
    #[test]
    fn groups_take_turns(sizes in prop::collection::vec(1usize..30, 1..15), max in 1usize..11) {
        let groups: Vec<(usize, usize)> = sizes.iter().copied().enumerate().collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let order = runtime.block_on(received(&groups, max));
        let mut left = sizes.clone();
        let mut turns = vec![0; sizes.len()];
        for group in &order {
            left[*group] -= 1;
            turns[*group] += 1;
            let waiting = (0..left.len()).filter(|other| left[*other] > 0);
            for other in waiting {
                prop_assert!(turns[*group] <= turns[other] + 1, "{} before {}: {:?}", group, other, order);
            }
        }
        prop_assert_eq!(left, vec![0; sizes.len()]);
    }
}
