//! The time the stand-in goes by: the system's, or one that a test sets. It is the one place here that asks the system.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long a connection that a fault hangs is held open: longer than any client waits.
const HANG: Duration = Duration::from_mins(2);

/// A source of time, cheap to clone; clones of a manual clock share one time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Microseconds since the Unix epoch.
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` (since the Unix epoch) until it is advanced or slept on.
    #[must_use]
    pub fn manual(start: Duration) -> Self {
        Self(Source::Manual(Arc::new(AtomicU64::new(micros(start)))))
    }

    /// The time since the Unix epoch.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the stand-in stands alone, this is its clock's home"
    )]
    pub fn now(&self) -> Duration {
        match &self.0 {
            Source::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            Source::Manual(now) => Duration::from_micros(now.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock forward; the system's clock does not move.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(now) = &self.0 {
            now.fetch_add(micros(by), Ordering::SeqCst);
        }
    }

    /// Waits; a manual clock jumps there instead, so that tests need no wall time.
    #[expect(
        clippy::disallowed_methods,
        reason = "the stand-in stands alone, this is its clock's home"
    )]
    pub async fn sleep(&self, wait: Duration) {
        match &self.0 {
            Source::System => tokio::time::sleep(wait).await,
            Source::Manual(_) => self.advance(wait),
        }
    }

    /// Holds a caller for so long that it gives up, whatever the clock: the caller's timeout runs in wall time.
    #[expect(
        clippy::disallowed_methods,
        reason = "the stand-in stands alone, this is its clock's home"
    )]
    pub(crate) async fn hang() {
        tokio::time::sleep(HANG).await;
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sleeping_on_a_manual_clock_moves_every_clone() {
        let clock = Clock::manual(Duration::from_secs(100));
        let clone = clock.clone();
        clone.sleep(Duration::from_mins(5)).await;
        assert_eq!(clock.now(), Duration::from_secs(400));
    }
}
