//! How long to wait before the next connection.

use std::time::Duration;

use tidegate_pipeline::entropy::random_bytes;

/// Where only a person can help: often enough that nothing has to be started again afterwards.
pub(super) const SLOWLY: Duration = Duration::from_mins(5);

/// A connection that lasted this long was a good one.
const GOOD: Duration = Duration::from_mins(1);

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// Renewals in quick succession that are taken at their word; Slack's are hours apart.
const QUICK_RENEWALS: u32 = 3;

/// Short-lived connections in a row.
#[derive(Debug, Default)]
pub(super) struct Losses(u32);

impl Losses {
    /// A connection was lost, or not even opened.
    pub(super) fn lost(&mut self, lasted: Duration) -> Duration {
        self.count(lasted);
        pause(self.0, jitter())
    }

    /// Slack wants another connection: at once, for the old one ends soon, unless that is all it ever says.
    pub(super) fn renewed(&mut self, lasted: Duration) -> Duration {
        self.count(lasted);
        match self.0 {
            0..=QUICK_RENEWALS => Duration::ZERO,
            more => pause(more - QUICK_RENEWALS, jitter()),
        }
    }

    fn count(&mut self, lasted: Duration) {
        self.0 = if lasted >= GOOD {
            1
        } else {
            self.0.saturating_add(1)
        };
    }
}

/// One second, doubling up to half a minute; between half of that and all of it, so that many do not come as one.
fn pause(losses: u32, jitter: u8) -> Duration {
    let doublings = losses.saturating_sub(1).min(16);
    let longest = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    longest / 2 + longest / 2 * u32::from(jitter) / 255
}

fn jitter() -> u8 {
    // Without randomness the longest wait does.
    random_bytes::<1>().map_or(u8::MAX, |[byte]| byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_doubles_up_to_half_a_minute_and_is_never_the_same_for_all() {
        let bounds = |losses| [0, 255].map(|jitter| pause(losses, jitter).as_millis());
        assert_eq!(bounds(1), [500, 1_000]);
        assert_eq!(bounds(2), [1_000, 2_000]);
        assert_eq!(bounds(5), [8_000, 16_000]);
        assert_eq!(bounds(6), [15_000, 30_000]);
        assert_eq!(bounds(u32::MAX), [15_000, 30_000]);
    }

    #[test]
    fn a_connection_that_lasted_starts_the_count_again() {
        let mut losses = Losses::default();
        for _ in 0..9 {
            losses.lost(Duration::ZERO);
        }
        assert!(losses.lost(Duration::ZERO) >= Duration::from_secs(15));
        assert!(losses.lost(GOOD) <= FIRST);
    }

    #[test]
    fn a_renewal_is_at_once_unless_there_is_nothing_but_renewals() {
        let mut losses = Losses::default();
        for _ in 0..QUICK_RENEWALS {
            assert_eq!(losses.renewed(Duration::ZERO), Duration::ZERO);
        }
        assert!(losses.renewed(Duration::ZERO) > Duration::ZERO);
        assert_eq!(losses.renewed(Duration::from_hours(5)), Duration::ZERO);
    }
}
