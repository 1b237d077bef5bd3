//! The clock of a world: it moves only when somebody waits on it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tidegate_pipeline::clock::{Clock, Timestamp};

/// The world's clock is the stand-in Slack's, so that the times of its calls can be compared with all others.
#[derive(Clone)]
pub struct WorldClock {
    /// The stand-in Slack's own clock.
    pub clock: tidegate_fake_slack::Clock,
    on_sleep: Arc<Mutex<Option<Hook>>>,
    /// Clocks of other stand-ins, which go with this one.
    others: Arc<Mutex<Vec<tidegate_fake_statuspage::Clock>>>,
}

type Hook = Box<dyn FnOnce() + Send>;

impl WorldClock {
    /// A clock that stands in November 2023.
    pub fn new() -> Self {
        Self {
            clock: tidegate_fake_slack::Clock::manual(Duration::from_secs(1_700_000_000)),
            on_sleep: Arc::default(),
            others: Arc::default(),
        }
    }

    /// A clock of the stand-in Statuspage that goes with this one.
    pub fn of_statuspage(&self) -> tidegate_fake_statuspage::Clock {
        let clock = tidegate_fake_statuspage::Clock::manual(self.clock.now());
        self.others.lock().unwrap().push(clock.clone());
        clock
    }

    /// Moves on, with the clocks of all stand-ins.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        for other in self.others.lock().unwrap().iter() {
            other.advance(by);
        }
    }

    /// Does this when somebody waits the next time.
    pub fn on_sleep(&self, hook: impl FnOnce() + Send + 'static) {
        *self.on_sleep.lock().unwrap() = Some(Box::new(hook));
    }
}

#[async_trait]
impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        Timestamp(i64::try_from(self.clock.now().as_millis()).unwrap())
    }

    async fn sleep(&self, duration: Duration) {
        let hook = self.on_sleep.lock().unwrap().take();
        if let Some(hook) = hook {
            hook();
        }
        self.advance(duration);
        tokio::task::yield_now().await;
    }
}
