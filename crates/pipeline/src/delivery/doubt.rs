//! Decides when an attempt is over, how long to wait after a failure, and what to do with an effect that is not done. This
//! module writes nothing.

use std::time::Duration;

use tidegate_outcome::Refusal;
use tidegate_slack::http_client::REQUEST_TIMEOUT;

use super::{Deliverer, Undone};
use crate::clock::Timestamp;
use crate::outbox::{Class, Pending, Target};
use crate::queue::MAX_DELAY;

/// How long after its start an effect may begin another call.
pub(super) const EFFECT_LIMIT: Duration = Duration::from_secs(15);

/// The number of failures after which an effect is tried only every 15 minutes. Reaching it takes half an hour while Slack is down.
const SLOW_AFTER: i64 = 36;

/// The number of failures after which an effect is parked. Reaching it takes about six hours while Slack is down.
const MAX_FAILURES: i64 = 60;

impl Deliverer {
    /// Returns the time from which the latest attempt at a taken post can no longer take effect, or no longer matters.
    pub(super) fn over_at(&self, post: &Pending) -> Timestamp {
        let began = post.attempt_at.unwrap_or_default();
        match (&post.target, post.class) {
            (Target::Effect, Class::Repeatable) => began,
            (Target::Effect, _) => began
                .plus(EFFECT_LIMIT)
                .plus(REQUEST_TIMEOUT)
                .plus(self.quiet),
            _ => began.plus(REQUEST_TIMEOUT).plus(self.quiet),
        }
    }
}

/// Returns the pause before the next attempt at an effect that has failed `failures` times. It is at most a minute for the first
/// half hour, so that the effect is done soon after Slack is back. `None` if the effect must be parked.
pub(super) fn pause(failures: i64) -> Option<Duration> {
    match failures {
        MAX_FAILURES.. => None,
        SLOW_AFTER.. => Some(MAX_DELAY),
        _ => {
            let doubled = Duration::from_secs(1 << failures.saturating_sub(1).clamp(0, 10));
            Some(doubled.min(Duration::from_mins(1)))
        }
    }
}

/// What to do with an effect that is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Try again at that time, with that number of failures so far.
    Again { at: Timestamp, failures: i64 },
    /// The token may be the cause. Ask the source of tokens. If the refusal stands, park the effect with this reason.
    Token { code: String, reason: String },
    /// Park the effect for a person, with this reason.
    Park(String),
}

/// Judges an attempt that has just failed. `quiet` is how long a call without an answer may still take effect.
pub(super) fn judge(
    undone: &Undone,
    class: Class,
    failures: i64,
    quiet: Duration,
    now: Timestamp,
) -> Verdict {
    let after = |least: Duration, reason: String| match pause(failures + 1) {
        Some(pause) => Verdict::Again {
            at: now.plus(pause.max(least)),
            failures: failures + 1,
        },
        None => Verdict::Park(reason),
    };
    match undone {
        Undone::Wait(time) => Verdict::Again {
            at: *time,
            failures,
        },
        Undone::Refused(Refusal::RateLimited { retry_after }) => Verdict::Again {
            at: now.plus(Duration::from_secs(*retry_after)),
            failures,
        },
        Undone::Refused(why @ Refusal::Unreachable) => after(Duration::ZERO, why.to_string()),
        Undone::Refused(Refusal::Rejected(why)) => match why.token_code() {
            Some(code) => Verdict::Token {
                code: code.to_owned(),
                reason: format!("refused: {why}"),
            },
            None => Verdict::Park(format!("refused: {why}")),
        },
        Undone::Ambiguous(why) => {
            let quiet = match class {
                Class::Repeatable => Duration::ZERO,
                Class::AtLeastOnce | Class::AtMostOnce => quiet,
            };
            after(quiet, format!("outcome unknown: {why}"))
        }
        Undone::Retry(why) => after(Duration::ZERO, why.clone()),
        Undone::Park(reason) => Verdict::Park(reason.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_short_for_half_an_hour_and_end_after_hours() {
        let pauses: Vec<u64> = (1..).map_while(pause).map(|p| p.as_secs()).collect();
        assert!(pauses.is_sorted());
        assert_eq!(pauses[..7], [1, 2, 4, 8, 16, 32, 60]);
        let short: u64 = pauses.iter().filter(|p| **p <= 60).sum();
        assert!((1700..2000).contains(&short), "{short}");
        let all: u64 = pauses.iter().sum();
        assert!((4 * 3600..8 * 3600).contains(&all), "{all}");
    }

    #[test]
    fn what_is_in_doubt_waits_until_it_is_over_however_short_the_pause() {
        let (now, quiet) = (Timestamp(0), Duration::from_mins(1));
        for failures in 0..MAX_FAILURES - 1 {
            for class in [Class::AtLeastOnce, Class::AtMostOnce, Class::Repeatable] {
                let undone = Undone::Ambiguous("why".to_owned());
                let least = match class {
                    Class::Repeatable => Duration::ZERO,
                    _ => quiet,
                };
                let at = now.plus(pause(failures + 1).unwrap().max(least));
                let failures = failures + 1;
                let expected = Verdict::Again { at, failures };
                assert_eq!(judge(&undone, class, failures - 1, quiet, now), expected);
            }
        }
    }
}
