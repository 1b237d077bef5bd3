//! When an attempt is over, how long after a failure the next one comes, and what an effect that came to no end means.
//! Decisions only; nothing is written here.

use std::time::Duration;

use tidegate_slack::http_client::REQUEST_TIMEOUT;
use tidegate_slack::outcome::Refusal;

use super::{Deliverer, Undone};
use crate::clock::Timestamp;
use crate::outbox::{Class, Pending, Target};
use crate::queue::MAX_DELAY;

/// How long after its begin an effect may still begin a call.
pub(super) const EFFECT_LIMIT: Duration = Duration::from_secs(15);

/// Failures of an effect from which on it is tried every quarter of an hour only: half an hour of a Slack that is down.
const SLOW_AFTER: i64 = 36;

/// Failures after which an effect is parked: some six hours of a Slack that is down.
const MAX_FAILURES: i64 = 60;

impl Deliverer {
    /// From when on nothing of a taken post's latest attempt can be under way any more, or matters.
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

/// The pause before an effect is tried again that has failed that often: so short for half an hour that it is done soon
/// after Slack is back. `None` when it is given up.
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
    /// Try again then, after that many failures.
    Again { at: Timestamp, failures: i64 },
    /// The token may be the trouble: ask its keeper; if the refusal stands, park it with this reason.
    Token { code: String, reason: String },
    /// Set it aside for a person.
    Park(String),
}

/// Judges an attempt that has just ended, and not well. `quiet` is how long what nobody has heard of may still be under
/// way.
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
        Undone::Refused(why) => match why.token_code() {
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
