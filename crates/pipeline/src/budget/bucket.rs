//! A token bucket that is stored as one time, `full_at`, at which the bucket will be full again. Taking a call moves it by one
//! interval, so that the bucket needs no refilling.

use std::time::Duration;

use tidegate_slack::tiers::Rate;

use crate::clock::Timestamp;
use crate::table::Item;

/// The content of a budget's row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) full_at: Option<Timestamp>,
    pub(super) closed_until: Option<Timestamp>,
}

impl State {
    pub(super) fn of(row: Option<&Item>) -> Self {
        let moment = |name: &str| row.and_then(|row| row.number(name)).map(Timestamp);
        Self {
            full_at: moment("full_at"),
            closed_until: moment("closed_until"),
        }
    }
}

/// The decision about a budget's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// The bucket is full: count from now.
    Start,
    /// A call is left: take it.
    Add,
    /// No call is left before this time.
    Wait(Timestamp),
}

pub(super) fn decide(state: State, rate: Rate, now: Timestamp) -> Decision {
    let closed_until = state.closed_until.filter(|until| *until > now);
    let full_at = state.full_at.filter(|full_at| *full_at >= now);
    // The next call is free once `full_at` is at most `latest` away.
    let free_at = full_at
        .filter(|full_at| *full_at > latest(rate, now))
        .map(|full_at| now.plus(full_at.since(latest(rate, now))));
    match (closed_until.max(free_at), full_at) {
        (Some(time), _) => Decision::Wait(time),
        (None, None) => Decision::Start,
        (None, Some(_)) => Decision::Add,
    }
}

/// Returns the latest `full_at` at which one more call is left.
pub(super) fn latest(rate: Rate, now: Timestamp) -> Timestamp {
    now.plus(interval(rate) * rate.burst.saturating_sub(1))
}

pub(super) fn interval(rate: Rate) -> Duration {
    Duration::from_millis(rate.interval_ms.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const THREE: Rate = Rate {
        burst: 3,
        interval_ms: 1000,
    };

    /// Takes a call as the table would, without other workers.
    fn take(state: &mut State, rate: Rate, now: Timestamp) -> Decision {
        let decision = decide(*state, rate, now);
        let from = match decision {
            Decision::Start => now,
            Decision::Add => state.full_at.unwrap(),
            Decision::Wait(_) => return decision,
        };
        state.full_at = Some(from.plus(interval(rate)));
        decision
    }

    #[test]
    fn a_burst_goes_at_once_and_then_one_every_interval() {
        let mut state = State::default();
        let now = Timestamp(5000);
        assert_eq!(take(&mut state, THREE, now), Decision::Start);
        assert_eq!(take(&mut state, THREE, now), Decision::Add);
        assert_eq!(take(&mut state, THREE, now), Decision::Add);
        assert_eq!(
            take(&mut state, THREE, now),
            Decision::Wait(Timestamp(6000))
        );
        assert_eq!(
            take(&mut state, THREE, Timestamp(5999)),
            Decision::Wait(Timestamp(6000))
        );
        assert_eq!(take(&mut state, THREE, Timestamp(6000)), Decision::Add);
        assert_eq!(
            take(&mut state, THREE, Timestamp(6000)),
            Decision::Wait(Timestamp(7000))
        );
        assert_eq!(take(&mut state, THREE, Timestamp(60_000)), Decision::Start);
    }

    #[test]
    fn what_is_closed_waits_for_the_later_of_both() {
        let closed = |until| State {
            full_at: Some(Timestamp(9000)),
            closed_until: Some(Timestamp(until)),
        };
        let now = Timestamp(5000);
        assert_eq!(
            decide(closed(8000), THREE, now),
            Decision::Wait(Timestamp(8000))
        );
        assert_eq!(
            decide(closed(5500), THREE, now),
            Decision::Wait(Timestamp(7000))
        );
        assert_eq!(
            decide(closed(5000), THREE, now),
            Decision::Wait(Timestamp(7000))
        );
        assert_eq!(decide(closed(8000), THREE, Timestamp(8000)), Decision::Add);
    }

    #[test]
    fn a_burst_of_one_keeps_its_distance() {
        let mut state = State::default();
        assert_eq!(
            take(&mut state, Rate::CHANNEL, Timestamp(0)),
            Decision::Start
        );
        assert_eq!(
            take(&mut state, Rate::CHANNEL, Timestamp(0)),
            Decision::Wait(Timestamp(1000))
        );
        assert_eq!(
            take(&mut state, Rate::CHANNEL, Timestamp(1000)),
            Decision::Add
        );
    }

    proptest! {
            /// However the takers come: in any window no more than the burst and what comes due within it.
            #[test]
            fn no_window_sees_more_than_burst_and_rate(
                burst in 1u32..20,
                interval_ms in 1u32..5000,
                gaps in proptest::collection::vec(0i64..3000, 1..200),
            ) {
                let rate = Rate { burst, interval_ms };
                let mut state = State::default();
                let mut now = Timestamp(0);
                let mut taken = Vec::new();
                for gap in gaps {
                    now = Timestamp(now.0 + gap);
                    match take(&mut state, rate, now) {
                        Decision::Wait(time) => prop_assert!(time > now),
                        _ => taken.push(now.0),
                    }
                }
                for (n, from) in taken.iter().enumerate() {
                    for (count, to) in (1u32..).zip(&taken[n..]) {
                        let due = u32::try_from(to - from).unwrap() / interval_ms;
                        prop_assert!(count <= burst + due, "{count} from {from} to {to}");
                    }
                }
            }

    /// A worker that comes back at the given time gets a call, if no other was faster.
            #[test]
            fn a_wait_is_no_longer_than_it_must_be(
                burst in 1u32..20,
                interval_ms in 1u32..5000,
                ahead in 0i64..200_000,
            ) {
                let rate = Rate { burst, interval_ms };
                let state = State { full_at: Some(Timestamp(ahead)), closed_until: None };
                if let Decision::Wait(time) = decide(state, rate, Timestamp(0)) {
                    prop_assert_eq!(decide(state, rate, time), Decision::Add);
                    let sooner = decide(state, rate, Timestamp(time.0 - 1));
                    prop_assert_eq!(sooner, Decision::Wait(time));
                }
            }
        }
}
