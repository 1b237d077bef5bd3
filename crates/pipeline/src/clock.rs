//! The seam for time. This is the only code that reads the wall clock or waits on it.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;

/// Milliseconds since the Unix epoch.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns whole seconds since the Unix epoch, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Returns milliseconds since the Unix epoch.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Returns the time that is later by `by`.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// Returns the time from `earlier` until this one, or zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Tells the time and waits. It is passed to all code that needs time, so that no test waits for wall time. `clock_contract` tests
/// these rules.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Returns the current time, which is the same for all callers. It goes back only if somebody sets the clock back, which
    /// [`Timestamp::since`] tolerates.
    fn now(&self) -> Timestamp;

    /// Waits for the given time or a few milliseconds longer, never shorter. Other tasks run in the meantime. Dropping the future
    /// ends the wait.
    async fn sleep(&self, duration: Duration);
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one home of the wall clock"
    )]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one home of waiting")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

#[cfg(feature = "testing")]
pub use manual::ManualClock;

#[cfg(feature = "testing")]
mod manual {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::Duration;

    use async_trait::async_trait;

    use super::{Clock, Timestamp};

    /// A clock that stands still until it is advanced. A sleep advances it and returns at once.
    #[derive(Debug, Clone)]
    pub struct ManualClock(Arc<AtomicI64>);

    impl ManualClock {
        /// Makes a clock that shows `seconds` since the Unix epoch.
        pub fn at(seconds: i64) -> Self {
            Self(Arc::new(AtomicI64::new(seconds * 1000)))
        }

        /// Advances the clock, in whole milliseconds.
        pub fn advance(&self, by: Duration) {
            self.0
                .fetch_add(i64::try_from(by.as_millis()).unwrap_or(0), Ordering::SeqCst);
        }
    }

    #[async_trait]
    impl Clock for ManualClock {
        fn now(&self) -> Timestamp {
            Timestamp(self.0.load(Ordering::SeqCst))
        }

        async fn sleep(&self, duration: Duration) {
            // The sleep is rounded up, because short sleeps that do not advance the clock would never reach their end.
            self.advance(duration.saturating_add(Duration::from_nanos(999_999)));
            tokio::task::yield_now().await;
        }
    }
}
