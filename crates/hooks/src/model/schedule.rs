//! When a delivery is tried again, and when a receiver that fails is probed.
//!
//! The pauses are those of the Standard Webhooks specification ("Deliverability and reliability"), with the last attempt exactly
//! three days after the first.

use std::time::Duration;

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::hash_text;

/// How long a delivery is tried, and how long a receiver may fail until its hook is disabled.
pub(crate) const GIVE_UP_AFTER: Duration = Duration::from_hours(72);

/// The pauses between the attempts at a delivery, in seconds. One more attempt comes at the end of [`GIVE_UP_AFTER`].
const PAUSES: [u64; 8] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000];

/// The pauses between the probes of a receiver that fails, in seconds. The last one repeats.
const PROBE_PAUSES: [u64; 6] = [60, 120, 300, 900, 1800, 3600];

/// The longest wait that a receiver can ask for with `Retry-After`.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_hours(6);

/// Returns the time of the next attempt at a delivery that has been tried `tried` times since `first`. It comes after `now`, because a
/// delivery that was held may have missed some of its attempts. `None` if the last attempt is over. `seed` spreads the deliveries of
/// one moment.
pub(crate) fn next_after(
    first: Timestamp,
    tried: usize,
    seed: &str,
    now: Timestamp,
) -> Option<Timestamp> {
    let mut times = (tried..).map_while(|tried| attempt_at(first, tried, seed));
    times.find(|time| *time > now)
}

/// Returns the time of the attempt after `tried` others.
fn attempt_at(first: Timestamp, tried: usize, seed: &str) -> Option<Timestamp> {
    if tried > PAUSES.len() {
        return (tried == PAUSES.len() + 1).then(|| first.plus(GIVE_UP_AFTER));
    }
    let waited: u64 = PAUSES.iter().take(tried).sum();
    let last = tried.checked_sub(1).map_or(0, |last| PAUSES[last]);
    let next = Duration::from_secs(waited) + jitter(last, seed, tried);
    Some(first.plus(next))
}

/// Returns the pause before the next probe of a receiver, after `probes` probes that failed.
pub(crate) fn probe_pause(probes: i64, seed: &str) -> Duration {
    let probes = usize::try_from(probes).unwrap_or(0);
    let pause = PROBE_PAUSES[probes.min(PROBE_PAUSES.len() - 1)];
    Duration::from_secs(pause) + jitter(pause, seed, probes)
}

/// Returns up to a tenth of the pause, the same for each call with these arguments.
fn jitter(pause: u64, seed: &str, n: usize) -> Duration {
    let hash = hash_text(format!("{seed}#{n}").as_bytes());
    let share = u64::from_str_radix(&hash[..4], 16).unwrap_or(0);
    Duration::from_millis(pause * 100 * share / 0xffff)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn attempts_grow_apart_and_end_three_days_after_the_first(first in 0..4_000_000_000_000i64, seed in "[a-z0-9]{1,20}") {
            let first = Timestamp(first);
            let times: Vec<Timestamp> = (1..).map_while(|tried| attempt_at(first, tried, &seed)).collect();
            prop_assert_eq!(times.len(), PAUSES.len() + 1);
            prop_assert!(times.is_sorted());
            prop_assert!(times[0] >= first.plus(Duration::from_secs(5)));
            prop_assert!(times[0] <= first.plus(Duration::from_secs(6)));
            prop_assert_eq!(*times.last().unwrap(), first.plus(GIVE_UP_AFTER));
            for (n, time) in times.iter().enumerate().take(PAUSES.len()) {
                let waited: u64 = PAUSES[..=n].iter().sum();
                let late = time.since(first.plus(Duration::from_secs(waited)));
                prop_assert!(late <= Duration::from_secs(PAUSES[n]) / 10);
            }
        }

        #[test]
        fn the_next_attempt_lies_ahead_and_within_the_three_days(
            tried in 1..12usize, gone in 0..400_000_000u64, seed in "[a-z0-9]{1,20}",
        ) {
            let first = Timestamp(0);
            let now = first.plus(Duration::from_millis(gone));
            match next_after(first, tried, &seed, now) {
                Some(next) => prop_assert!(next > now && next <= first.plus(GIVE_UP_AFTER)),
                None => prop_assert!(tried > PAUSES.len() + 1 || now >= first.plus(GIVE_UP_AFTER)),
            }
        }

        #[test]
        fn probes_come_ever_more_seldom_up_to_one_an_hour(probes in 0..1000i64, seed in "[a-z0-9]{1,20}") {
            let pause = probe_pause(probes, &seed);
            prop_assert!(pause >= Duration::from_mins(1));
            prop_assert!(pause <= Duration::from_mins(66));
            prop_assert!(probes < 5 || pause >= Duration::from_hours(1));
        }
    }

    #[test]
    fn three_days_of_probes_are_some_eighty_calls() {
        let mut gone = Duration::ZERO;
        let mut calls = 0;
        while gone < GIVE_UP_AFTER {
            gone += probe_pause(calls, "hook");
            calls += 1;
        }
        assert!((65..85).contains(&calls), "{calls}");
    }
}
