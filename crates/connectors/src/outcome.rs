//! What came of a call to an outside service, told apart by the only question that matters afterwards: may it be sent
//! again?

use std::fmt;

/// Seconds to wait when a service limits us and names no usable time.
pub const DEFAULT_RETRY_AFTER: u64 = 60;

/// Longest time that is believed, a day: a slip of the service must not close it for ever.
pub const MAX_RETRY_AFTER: u64 = 24 * 3600;

/// Bytes kept of what a service says about a refusal.
pub const MAX_REASON: usize = 1024;

/// What came of one call; `T` is what the service answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The service did it and said so.
    Done(T),
    /// The service did not do it; sending it again is safe.
    Refused(Refusal),
    /// Nobody knows: the request may have taken effect. The text says why, without anything of the request. A call that
    /// only reads can simply be repeated.
    Ambiguous(String),
}

/// Why the service did not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Too many calls: the credential is closed for that many seconds.
    RateLimited {
        /// Seconds, as the service said.
        retry_after: u64,
    },
    /// The service was not reached: no byte of the request was sent.
    Unreachable,
    /// The credential is the trouble: every other call with it will fail too.
    Credential(Reason),
    /// What the call is about is not there (any more).
    NotFound(Reason),
    /// This request will never be accepted as it is.
    Invalid(Reason),
}

/// What a service said about a refusal, at most [`MAX_REASON`] bytes. It may quote what people wrote: it is for the
/// person who acted, and `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// The text, cut to its bound; control characters become spaces.
    pub fn new(text: &str) -> Self {
        let mut kept = String::new();
        for c in text.trim().chars() {
            let c = if c.is_control() { ' ' } else { c };
            if kept.len() + c.len_utf8() > MAX_REASON {
                break;
            }
            kept.push(c);
        }
        Self(kept)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reason({} bytes)", self.0.len())
    }
}

/// What the person reads who acted. Not for logs: it can hold the service's own words.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateLimited { retry_after } => write!(f, "too many calls for {retry_after} s"),
            Self::Unreachable => f.write_str("the service cannot be reached"),
            Self::Credential(reason) => write!(f, "the key is not accepted: {}", reason.0),
            Self::NotFound(reason) => write!(f, "it is not there: {}", reason.0),
            Self::Invalid(reason) => f.write_str(&reason.0),
        }
    }
}

impl Refusal {
    /// A name for logs and metrics, without any words of the service.
    pub fn code(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::Unreachable => "unreachable",
            Self::Credential(_) => "credential",
            Self::NotFound(_) => "not_found",
            Self::Invalid(_) => "invalid",
        }
    }
}

impl<T> Outcome<T> {
    /// A refusal of ours or the service's, with its reason.
    pub(crate) fn invalid(reason: &str) -> Self {
        Self::Refused(Refusal::Invalid(Reason::new(reason)))
    }

    /// The same with another answer.
    pub fn and_then<U>(self, read: impl FnOnce(T) -> Outcome<U>) -> Outcome<U> {
        match self {
            Self::Done(answer) => read(answer),
            Self::Refused(why) => Outcome::Refused(why),
            Self::Ambiguous(why) => Outcome::Ambiguous(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_at_a_character_and_holds_no_control_characters() {
        let long = "é".repeat(MAX_REASON);
        let kept = Reason::new(&long);
        assert_eq!(kept.as_str().len(), MAX_REASON);
        assert_eq!(Reason::new(" a\u{1b}[31m\nb ").as_str(), "a [31m b");
        let odd = Reason::new(&format!("x{long}"));
        assert_eq!(odd.as_str().len(), MAX_REASON - 1);
    }

    #[test]
    fn debug_shows_no_words_of_the_service() {
        let refusal = Refusal::Invalid(Reason::new("Name is too long"));
        assert_eq!(format!("{refusal:?}"), "Invalid(Reason(16 bytes))");
        assert_eq!(refusal.to_string(), "Name is too long");
    }
}
