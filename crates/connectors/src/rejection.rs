//! The reasons why a service rejects a request, in the service's own words.

use std::fmt;

use tidegate_outcome::Rejection;

/// Longest reason that is kept, in bytes.
pub const MAX_REASON: usize = 1024;

/// Why a service rejected a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceRejection {
    /// The credential is invalid, so every other call with it will fail too.
    Credential(Reason),
    /// The object of the call does not exist, or no longer exists.
    NotFound(Reason),
    /// The request itself is invalid, so repeating it is pointless.
    Invalid(Reason),
}

/// The service's explanation of a rejection: one line of at most [`MAX_REASON`] bytes. It may quote what people wrote,
/// so it is meant for the person who acted, and `Debug` omits it.
#[derive(Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Trims the text, replaces control characters with spaces, and cuts it at a character boundary.
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

    /// The explanation, which may be empty.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reason({} bytes)", self.0.len())
    }
}

/// The text for the person who acted. Not for logs, because it may contain the service's own words.
impl fmt::Display for ServiceRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(reason) => write!(f, "the key is not accepted: {}", reason.0),
            Self::NotFound(reason) => write!(f, "it is not there: {}", reason.0),
            Self::Invalid(reason) => f.write_str(&reason.0),
        }
    }
}

impl Rejection for ServiceRejection {
    const SERVICE: &'static str = "the service";
    const RATE_LIMITED: &'static str = "too many calls";

    fn code(&self) -> &'static str {
        match self {
            Self::Credential(_) => "credential",
            Self::NotFound(_) => "not_found",
            Self::Invalid(_) => "invalid",
        }
    }
}

impl ServiceRejection {
    /// A rejection of an invalid request, by the service or before it is sent.
    pub(crate) fn invalid(reason: &str) -> Self {
        Self::Invalid(Reason::new(reason))
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
        let rejection = ServiceRejection::invalid("Name is too long");
        assert_eq!(format!("{rejection:?}"), "Invalid(Reason(16 bytes))");
        assert_eq!(rejection.to_string(), "Name is too long");
    }
}
