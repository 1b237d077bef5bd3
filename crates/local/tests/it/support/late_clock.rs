//! The machine's clock, as late as a test wants it: what expires in a month is tried in a moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tidegate_pipeline::clock::{Clock, SystemClock, Timestamp};

/// Runs as the machine's clock does, and jumps ahead when told to.
#[derive(Debug, Clone, Default)]
pub(crate) struct LateClock(Arc<AtomicI64>);

impl LateClock {
    /// Jumps ahead.
    pub(crate) fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap();
        self.0.fetch_add(by, Ordering::SeqCst);
    }

    /// Falls behind: what Slack says from now on comes later than what is done here.
    pub(crate) fn fall_back(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap();
        self.0.fetch_sub(by, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for LateClock {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().millis() + self.0.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}
