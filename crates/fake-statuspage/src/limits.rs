//! Statuspage's limits: so many calls of a key in any minute, and a list of components without paging once in one.

use std::collections::VecDeque;
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

/// The calls of the last minute.
#[derive(Default)]
pub(crate) struct Window(VecDeque<Duration>);

impl Window {
    /// Counts one more call, or tells in how many seconds it may come again. A refused call does not count.
    pub(crate) fn admit(&mut self, most: usize, now: Duration) -> Result<(), u64> {
        while self.0.front().is_some_and(|at| *at + MINUTE <= now) {
            self.0.pop_front();
        }
        if self.0.len() < most {
            self.0.push_back(now);
            return Ok(());
        }
        let free = self
            .0
            .front()
            .map_or(now + MINUTE, |oldest| *oldest + MINUTE);
        let wait = free.saturating_sub(now);
        Err(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minute_rolls() {
        let mut window = Window::default();
        let second = |n: u64| Duration::from_secs(1000 + n);
        for n in 0..60 {
            assert_eq!(window.admit(60, second(n)), Ok(()), "{n}");
        }
        assert_eq!(
            window.admit(60, second(59) + Duration::from_millis(500)),
            Err(1)
        );
        assert_eq!(window.admit(60, second(60)), Ok(()));
        assert_eq!(window.admit(60, second(60)), Err(1));
        assert_eq!(window.admit(60, second(61)), Ok(()));
        assert_eq!(Window::default().admit(0, second(0)), Err(60));
    }
}
