//! The crate's documentation is its README.
#![doc = include_str!("../README.md")]

use std::fmt;

/// The longest wait in seconds that is believed, a day: a slip of a service must not close it for ever.
pub const MAX_RETRY_AFTER: u64 = 24 * 3600;

/// How one call ended. `T` is what the service answered, `C` is why the service rejects a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T, C> {
    /// The service did it and said so.
    Done(T),
    /// The service did not do it; sending it again is safe.
    Refused(Refusal<C>),
    /// Nobody knows: the request may have taken effect. The text says why, and quotes nothing of the request. A call
    /// that only reads can simply be repeated.
    Ambiguous(String),
}

/// Why the service did not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal<C> {
    /// There were too many calls. The method or key that the service counts them under is closed for that long.
    RateLimited {
        /// Seconds to wait, at most [`MAX_RETRY_AFTER`].
        retry_after: u64,
    },
    /// The service was not reached: no byte of the request was sent.
    Unreachable,
    /// The service answered, and rejects the request for a reason of its own.
    Rejected(C),
}

/// Why one service rejects requests. Its text is for the person who acted or who looks at what was parked.
pub trait Rejection: fmt::Display {
    /// The service as a sentence names it, for example `Slack`.
    const SERVICE: &'static str;

    /// How a person is told of a rate limit; ` for 30 s` follows.
    const RATE_LIMITED: &'static str;

    /// A name for metrics and logs, which quotes nothing that the service said.
    fn code(&self) -> &'static str;
}

impl<T, C> Outcome<T, C> {
    /// A refusal with a reason of the service's own.
    pub fn rejected(why: C) -> Self {
        Self::Refused(Refusal::Rejected(why))
    }

    /// Goes on with the answer of a call that was done, and keeps any other outcome.
    pub fn and_then<U>(self, read: impl FnOnce(T) -> Outcome<U, C>) -> Outcome<U, C> {
        match self {
            Self::Done(answer) => read(answer),
            Self::Refused(why) => Outcome::Refused(why),
            Self::Ambiguous(why) => Outcome::Ambiguous(why),
        }
    }

    /// Changes the answer of a call that was done, and keeps any other outcome.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U, C> {
        self.and_then(|answer| Outcome::Done(change(answer)))
    }
}

impl<C> Refusal<C> {
    /// A rate limit by the text of a `Retry-After` header. `default` seconds stand in for a header that is missing or
    /// is not a whole number of seconds.
    pub fn rate_limited(header: Option<&str>, default: u64) -> Self {
        let seconds = header.and_then(|text| text.trim().parse().ok());
        Self::RateLimited {
            retry_after: seconds.unwrap_or(default).min(MAX_RETRY_AFTER),
        }
    }
}

impl<C: Rejection> Refusal<C> {
    /// A name for metrics and logs, which quotes nothing that the service said.
    pub fn code(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::Unreachable => "unreachable",
            Self::Rejected(why) => why.code(),
        }
    }
}

/// The text for people. It can hold the service's own words; [`Refusal::code`] is for logs.
impl<C: Rejection> fmt::Display for Refusal<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateLimited { retry_after } => {
                write!(f, "{} for {retry_after} s", C::RATE_LIMITED)
            }
            Self::Unreachable => write!(f, "{} cannot be reached", C::SERVICE),
            Self::Rejected(why) => why.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Full;

    impl fmt::Display for Full {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the disk is full")
        }
    }

    impl Rejection for Full {
        const SERVICE: &'static str = "the printer";
        const RATE_LIMITED: &'static str = "too many pages";

        fn code(&self) -> &'static str {
            "full"
        }
    }

    type Printed<T> = Outcome<T, Full>;

    #[test]
    fn a_rate_limit_is_whole_seconds_within_a_day() {
        for (header, seconds) in [
            (Some("7"), 7),
            (Some(" 0 "), 0),
            (None, 60),
            (Some(""), 60),
            (Some("-1"), 60),
            (Some("1.5"), 60),
            (Some("Wed, 21 Oct 2026 07:28:00 GMT"), 60),
            (Some("18446744073709551615"), MAX_RETRY_AFTER),
            (Some("18446744073709551616"), 60),
        ] {
            let expected = Refusal::<Full>::RateLimited {
                retry_after: seconds,
            };
            assert_eq!(Refusal::rate_limited(header, 60), expected, "{header:?}");
        }
        let Refusal::RateLimited { retry_after } = Refusal::<Full>::rate_limited(None, u64::MAX)
        else {
            panic!("not a rate limit");
        };
        assert_eq!(retry_after, MAX_RETRY_AFTER);
    }

    #[test]
    fn a_refusal_has_a_text_for_people_and_a_code_for_logs() {
        for (refusal, text, code) in [
            (
                Refusal::RateLimited { retry_after: 3 },
                "too many pages for 3 s",
                "rate_limited",
            ),
            (
                Refusal::Unreachable,
                "the printer cannot be reached",
                "unreachable",
            ),
            (Refusal::Rejected(Full), "the disk is full", "full"),
        ] {
            assert_eq!(refusal.to_string(), text);
            assert_eq!(refusal.code(), code);
        }
    }

    #[test]
    fn only_what_is_done_is_read_on() {
        assert_eq!(Printed::Done(2).map(|n| n + 1), Outcome::Done(3));
        let read = |n: i32| Printed::<i32>::Ambiguous(n.to_string());
        assert_eq!(
            Printed::Done(2).and_then(read),
            Outcome::Ambiguous("2".to_owned())
        );
        assert_eq!(
            Printed::rejected(Full).and_then(read),
            Outcome::rejected(Full)
        );
        let lost = Printed::<i32>::Ambiguous("lost".to_owned());
        assert_eq!(lost.map(|n| n + 1), Outcome::Ambiguous("lost".to_owned()));
    }
}
