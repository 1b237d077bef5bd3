//! Time as an argument: the only code that reads the wall clock or waits on it.

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
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Whole seconds since the Unix epoch.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Milliseconds since the Unix epoch.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// That moment, later by `by`.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// How long from `earlier` until here; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Tells the time and waits. Injected everywhere, so that no test waits for wall time. `clock_contract` tests what is
/// promised here.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present moment, the same for all who look. It goes back only if somebody sets the clock back, which
    /// [`Timestamp::since`] bears.
    fn now(&self) -> Timestamp;

    /// Waits that long or a few milliseconds longer, never shorter. Others go on meanwhile, and a wait that is dropped is
    /// over.
    async fn sleep(&self, duration: Duration);
}

/// The machine's clock.
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

    /// A clock that stands still until it is set. Whoever sleeps on it moves it on and goes on at once.
    #[derive(Debug, Clone)]
    pub struct ManualClock(Arc<AtomicI64>);

    impl ManualClock {
        /// A clock that shows `seconds` since the Unix epoch.
        pub fn at(seconds: i64) -> Self {
            Self(Arc::new(AtomicI64::new(seconds * 1000)))
        }

        /// Moves the clock on.
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
            // Rounded up: short sleeps that do not move the clock would never reach the moment they are for.
            self.advance(duration.saturating_add(Duration::from_nanos(999_999)));
            tokio::task::yield_now().await;
        }
    }
}
