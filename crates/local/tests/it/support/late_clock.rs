//! The machine's clock, as late and as fast as a test wants it: what expires in a month is tried in a moment.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tidegate_pipeline::clock::{Clock, SystemClock, Timestamp};

/// Runs as the machine's clock does until a test says otherwise. Clones share one time.
#[derive(Debug, Clone)]
pub(crate) struct LateClock(Arc<Mutex<Course>>);

/// The time since a moment of the machine's clock.
#[derive(Debug)]
struct Course {
    /// That moment, in Unix milliseconds of the machine's clock.
    since: i64,
    /// What this clock said then, in Unix milliseconds.
    said: i64,
    /// How many times as fast as the machine's clock it runs; 0 stands still.
    pace: u32,
}

impl Course {
    fn now(&self) -> i64 {
        let gone = SystemClock.now().millis() - self.since;
        self.said + gone * i64::from(self.pace)
    }
}

impl Default for LateClock {
    fn default() -> Self {
        let now = SystemClock.now().millis();
        Self(Arc::new(Mutex::new(Course {
            since: now,
            said: now,
            pace: 1,
        })))
    }
}

impl LateClock {
    /// Jumps ahead by that much.
    pub(crate) fn advance(&self, by: Duration) {
        self.0.lock().unwrap().said += i64::try_from(by.as_millis()).unwrap();
    }

    /// Falls behind: what Slack says from now on comes later than what is done here.
    pub(crate) fn fall_back(&self, by: Duration) {
        self.0.lock().unwrap().said -= i64::try_from(by.as_millis()).unwrap();
    }

    /// Runs so many times as fast from now on.
    pub(crate) fn hurry(&self, pace: u32) {
        let mut course = self.0.lock().unwrap();
        let now = SystemClock.now().millis();
        *course = Course {
            said: course.now(),
            since: now,
            pace,
        };
    }

    /// A stand-in Slack's clock that goes with this one.
    pub(crate) fn of_slack(&self) -> tidegate_fake_slack::Clock {
        let clock = self.clone();
        tidegate_fake_slack::Clock::following(move || {
            Duration::from_millis(u64::try_from(clock.now().millis()).unwrap())
        })
    }

    /// Stands still from now on, but when it is told to jump. A task that sleeps on it still wakes.
    pub(crate) fn stand_still(&self) {
        self.hurry(0);
    }
}

#[async_trait]
impl Clock for LateClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.lock().unwrap().now())
    }

    async fn sleep(&self, duration: Duration) {
        let pace = self.0.lock().unwrap().pace.max(1);
        SystemClock.sleep(duration / pace).await;
    }
}
