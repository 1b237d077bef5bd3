//! How a receiver has answered of late, and what follows for the deliveries to it.
//!
//! A receiver that failed at the first attempts of several deliveries in a row is left alone: its hook is *interrupted*. Its
//! deliveries are then held, and one of them at a time is sent as a probe. A receiver that answers slowly gets only a few at once.

use std::time::Duration;

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Item, RowKey, Write};

/// The deliveries in a row whose first attempt must fail until the hook is interrupted. One delivery that the receiver never takes
/// therefore holds up no other.
const STRIKES: i64 = 5;

/// An attempt that takes longer counts as slow.
const SLOW: Duration = Duration::from_secs(1);

/// How long a receiver counts as slow after a slow answer, or one that did not come in time.
const SLOW_FOR: Duration = Duration::from_mins(10);

/// The health of one hook. Its row is absent while nothing has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Health {
    /// The deliveries whose first attempt has failed since the last success.
    pub(crate) strikes: i64,
    /// The start of the first attempt that failed since the last success.
    pub(crate) failing_since: Option<Timestamp>,
    /// Since when the hook is interrupted.
    pub(crate) interrupted_at: Option<Timestamp>,
    /// The probes that have failed since then.
    pub(crate) probes: i64,
    /// Until when the receiver counts as slow.
    pub(crate) slow_until: Option<Timestamp>,
}

/// How new deliveries go to a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Each by itself, at once.
    Free,
    /// Through the few drains of the hook, because the receiver is slow.
    Drained,
    /// Not now: they are held until a probe succeeds.
    Held,
}

impl Health {
    /// Reads the row.
    pub(crate) fn parse(row: &Item) -> Self {
        let moment = |name: &str| row.number(name).map(Timestamp);
        Self {
            strikes: row.number("strikes").unwrap_or(0),
            failing_since: moment("failing_since"),
            interrupted_at: moment("interrupted_at"),
            probes: row.number("probes").unwrap_or(0),
            slow_until: moment("slow_until"),
        }
    }

    /// Returns how deliveries go to the receiver at that time.
    pub(crate) fn pace(&self, now: Timestamp) -> Pace {
        match (self.interrupted_at, self.slow_until) {
            (Some(_), _) => Pace::Held,
            (None, Some(until)) if now < until => Pace::Drained,
            (None, _) => Pace::Free,
        }
    }

    /// Tells whether one more delivery whose first attempt failed interrupts the hook.
    pub(crate) fn is_last_strike(&self, is_first_attempt: bool) -> bool {
        self.strikes + i64::from(is_first_attempt) >= STRIKES
    }

    /// Tells whether nothing has failed since the last success.
    pub(crate) fn is_well(&self) -> bool {
        let slow_only = Self {
            slow_until: self.slow_until,
            ..Self::default()
        };
        slow_only == *self
    }

    /// Makes the write after an attempt that succeeded. `None` if it changes nothing, which is the usual case: then the deliveries of
    /// one hook share no row. If the receiver was not well, the write ends an interruption, also one that began during the attempt.
    pub(crate) fn after_success(
        &self,
        key: RowKey,
        took: Duration,
        now: Timestamp,
    ) -> Option<Write<RowKey>> {
        let slow = took >= SLOW;
        let until = self.slow_until.unwrap_or_default();
        let until = if slow { now.plus(SLOW_FOR) } else { until };
        let write = match (self.is_well(), slow) {
            (true, false) => return None,
            (true, true) => Write::update(key, "SET #slow_until = :until"),
            (false, _) => {
                let reset = "SET #strikes = :none, #slow_until = :until REMOVE #failing_since, #interrupted_at, #probes";
                Write::update(key, reset).value(":none", 0i64)
            }
        };
        Some(write.value(":until", until.millis()))
    }

    /// Makes the write after an attempt that began at `began` and failed, without an interruption before or after it.
    pub(crate) fn after_failure(
        key: RowKey,
        is_first_attempt: bool,
        began: Timestamp,
        took: Duration,
    ) -> Write<RowKey> {
        let since = "SET #failing_since = if_not_exists(#failing_since, :began)";
        let write = if took >= SLOW {
            let until = began.plus(took).plus(SLOW_FOR);
            let write = format!("{since}, #slow_until = :until ADD #strikes :strike");
            Write::update(key, &write).value(":until", until.millis())
        } else {
            Write::update(key, &format!("{since} ADD #strikes :strike"))
        };
        write
            .value(":began", began.millis())
            .value(":strike", i64::from(is_first_attempt))
    }

    /// Makes the write that interrupts the hook.
    pub(crate) fn interrupt(key: RowKey, began: Timestamp, now: Timestamp) -> Write<RowKey> {
        let write = "SET #failing_since = if_not_exists(#failing_since, :began), #interrupted_at = :now, #probes = :none";
        Write::update(key, write)
            .value(":began", began.millis())
            .value(":now", now.millis())
            .value(":none", 0i64)
    }

    /// Makes the write after a probe that failed. It fails if the interruption has ended since it was read.
    pub(crate) fn after_probe(key: RowKey, since: Timestamp) -> Write<RowKey> {
        Write::update(key, "ADD #probes :one")
            .value(":one", 1i64)
            .when("#interrupted_at = :since")
            .value(":since", since.millis())
    }

    /// Makes the check that the hook is still interrupted, for a delivery that is held: nobody would look for it otherwise.
    pub(crate) fn still_interrupted(key: RowKey, since: Timestamp) -> Write<RowKey> {
        Write::check(key)
            .when("#interrupted_at = :since")
            .value(":since", since.millis())
    }

    /// Makes the write that ends an interruption of which no delivery is left to probe with.
    pub(crate) fn end_interruption(key: RowKey) -> Write<RowKey> {
        let write = "SET #strikes = :none REMOVE #interrupted_at, #probes";
        Write::update(key, write)
            .when("attribute_exists(#pk)")
            .value(":none", 0i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifth_delivery_in_a_row_that_fails_interrupts_the_hook() {
        let health = |strikes| Health {
            strikes,
            ..Health::default()
        };
        assert!(!health(3).is_last_strike(true));
        assert!(health(4).is_last_strike(true));
        // One delivery that fails again and again is one strike.
        assert!(!health(4).is_last_strike(false));
    }

    #[test]
    fn a_receiver_that_fails_is_left_alone_and_a_slow_one_gets_a_few_at_once() {
        let now = Timestamp(1000);
        let slow = Health {
            slow_until: Some(Timestamp(1001)),
            ..Health::default()
        };
        let failing = Health {
            interrupted_at: Some(now),
            ..slow
        };
        assert_eq!(Health::default().pace(now), Pace::Free);
        assert_eq!(slow.pace(now), Pace::Drained);
        assert_eq!(slow.pace(Timestamp(1001)), Pace::Free);
        assert_eq!(failing.pace(now), Pace::Held);
    }

    #[test]
    fn a_success_of_a_healthy_receiver_writes_nothing() {
        let key = || RowKey::new(&["hooks"], &["hook_1", "health"]);
        let after = |health: Health, took| {
            let write = health.after_success(key(), Duration::from_secs(took), Timestamp(0));
            write.is_some()
        };
        assert!(!after(Health::default(), 0));
        assert!(after(Health::default(), 1));
        let failed = Health {
            strikes: 1,
            ..Health::default()
        };
        assert!(after(failed, 0));
    }
}
