//! What a receiver's answer means.
//! Contract: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability>.

use std::time::Duration;

use crate::model::delivery::Attempt;
use crate::model::schedule::MAX_RETRY_AFTER;

/// The end of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The attempt as people see it.
    pub(crate) attempt: Attempt,
    /// What it means for the delivery.
    pub(crate) meaning: Meaning,
}

/// What an answer means for the delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The receiver has it: any status from 200 to 299.
    Accepted,
    /// The receiver wants no more: status 410.
    Gone,
    /// It has to be sent again, and not before the receiver said, at most six hours from now.
    Again(Duration),
}

/// Reads a status and the header `Retry-After` in seconds. The second part says what is wrong. `None` if nothing is.
pub(crate) fn read(status: u16, retry_after: Option<&str>) -> (Meaning, Option<String>) {
    let asked = || {
        let seconds = retry_after.and_then(|text| text.trim().parse().ok());
        Duration::from_secs(seconds.unwrap_or(0)).min(MAX_RETRY_AFTER)
    };
    match status {
        200..=299 => (Meaning::Accepted, None),
        410 => (
            Meaning::Gone,
            Some("the receiver answered 410: it wants no more deliveries".to_owned()),
        ),
        300..=399 => (
            Meaning::Again(Duration::ZERO),
            Some(format!(
                "the receiver answered {status}: redirects are not followed, so give the hook the new address"
            )),
        ),
        429 | 503 => (
            Meaning::Again(asked()),
            Some(format!("the receiver answered {status}")),
        ),
        _ => (
            Meaning::Again(Duration::ZERO),
            Some(format!("the receiver answered {status}")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_2xx_is_accepted_and_a_410_ends_it() {
        for status in 100..=599 {
            let (meaning, problem) = read(status, None);
            let expected = match status {
                200..=299 => Meaning::Accepted,
                410 => Meaning::Gone,
                _ => Meaning::Again(Duration::ZERO),
            };
            assert_eq!(meaning, expected, "{status}");
            assert_eq!(problem.is_none(), meaning == Meaning::Accepted, "{status}");
        }
    }

    #[test]
    fn a_receiver_can_ask_for_time_within_bounds() {
        for (status, text, seconds) in [
            (429, "120", 120),
            (503, " 7 ", 7),
            (503, "999999999", 6 * 3600),
            (429, "soon", 0),
            (500, "120", 0),
        ] {
            let (meaning, _) = read(status, Some(text));
            let asked = Meaning::Again(Duration::from_secs(seconds));
            assert_eq!(meaning, asked, "{status} {text}");
        }
    }
}
