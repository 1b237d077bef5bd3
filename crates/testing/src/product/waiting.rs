//! Waiting for what is to happen, however long a busy machine takes.

use std::time::Duration;

use tidegate_pipeline::clock::{Clock, SystemClock};

/// How long a test waits for what never comes. Nothing that works comes near it, on the busiest machine.
pub const PATIENCE: Duration = Duration::from_mins(5);

const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Looks again and again until there is something, and fails when there is nothing for [`PATIENCE`].
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = SystemClock.now().plus(PATIENCE);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(SystemClock.now() < end, "waited in vain: {what}");
        SystemClock.sleep(LOOK_EVERY).await;
    }
}

/// Looks again and again until nothing is left, and fails when there has been no less of it for [`PATIENCE`].
pub async fn until_none_left(what: &str, mut left: impl AsyncFnMut() -> Option<usize>) {
    let mut least = usize::MAX;
    while least > 0 {
        least = until(&format!("fewer {what}"), async || {
            left().await.filter(|left| *left < least)
        })
        .await;
    }
}
