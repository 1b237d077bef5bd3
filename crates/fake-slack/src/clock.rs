//! The time the stand-in goes by: the system's, one that a test sets, or that of the app. It is the one place here that
//! asks the system.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long a connection that a fault hangs is held open: longer than any client waits.
const HANG: Duration = Duration::from_mins(2);

/// How often one who sleeps by another clock looks at it.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A source of time, cheap to clone; clones of a manual clock share one time.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    /// Microseconds since the Unix epoch.
    Manual(Arc<AtomicU64>),
    /// Tells the time since the Unix epoch.
    Other(Arc<dyn Fn() -> Duration + Send + Sync>),
}

impl Clock {
    /// The clock of the machine, which nobody can move.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` (since the Unix epoch) until it is advanced or slept on.
    #[must_use]
    pub fn manual(start: Duration) -> Self {
        Self(Source::Manual(Arc::new(AtomicU64::new(micros(start)))))
    }

    /// Another clock: `now` tells the time since the Unix epoch by it.
    #[must_use]
    pub fn following(now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Source::Other(Arc::new(now)))
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
            Source::Other(now) => now(),
        }
    }

    /// Moves a manual clock forward; no other moves.
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
            Source::Other(_) => {
                let end = self.now().saturating_add(wait);
                while self.now() < end {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
        }
    }

    /// Holds a caller for so long that it gives up. It ignores the clock, because the caller's timeout runs in wall time.
    #[expect(
        clippy::disallowed_methods,
        reason = "the stand-in stands alone, this is its clock's home"
    )]
    pub(crate) async fn hang() {
        tokio::time::sleep(HANG).await;
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
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
