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
    /// Milliseconds since the Unix epoch.
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// The clock of the machine, which nobody can move.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` (since the Unix epoch) until it is advanced.
    #[must_use]
    pub fn manual(start: Duration) -> Self {
        Self(Source::Manual(Arc::new(AtomicU64::new(millis(start)))))
    }

    /// The time since the Unix epoch, in whole milliseconds.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the stand-in stands alone, this is its clock's home"
    )]
    pub fn now(&self) -> Duration {
        let now = match &self.0 {
            Source::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, millis),
            Source::Manual(now) => now.load(Ordering::SeqCst),
        };
        Duration::from_millis(now)
    }

    /// Moves a manual clock forward; the system's clock does not move.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(now) = &self.0 {
            now.fetch_add(millis(by), Ordering::SeqCst);
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

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
