//! Slack's identifiers as types of their own, so that a channel can never stand where a user should.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as Slack writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<T: Into<String>> From<T> for $name {
            fn from(id: T) -> Self {
                Self(id.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    #[derive(PartialOrd, Ord)]
    /// The workspace (`T…`) or, for an org-wide install, the Enterprise Grid organisation (`E…`) that installed
    /// the app. Every row and every message belongs to exactly one.
    TenantId
);
id!(
    #[derive(Default, PartialOrd, Ord)]
    /// A conversation: `C…` channel, `G…` group, `D…` direct message.
    ChannelId
);
id!(
    #[derive(Default, PartialOrd, Ord)]
    /// A person or bot user: `U…` or `W…`.
    UserId
);
id!(
    #[derive(Default)]
    /// A timestamp of Slack's, `seconds.micros`: the identity of a message within its channel, or the version of an
    /// event. A later one is greater, however many digits its seconds have.
    Ts
);

impl TenantId {
    /// Stands for requests whose tenant cannot be read. Slack's ids are upper case, so it can meet no real one.
    pub const UNREADABLE: &str = "unreadable";

    /// The tenant under which unreadable requests are kept.
    pub fn unreadable() -> Self {
        Self(Self::UNREADABLE.to_owned())
    }
}

impl Ts {
    /// Seconds as a number, then the fraction's digits as text. Two texts that name one moment differ in the last part, so that the
    /// order agrees with equality. A text that is no timestamp comes before every timestamp.
    fn key(&self) -> (Option<u64>, &str, &str) {
        let (seconds, fraction) = self.0.split_once('.').unwrap_or((&self.0, ""));
        (seconds.parse().ok(), fraction, &self.0)
    }
}

impl Ord for Ts {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Ts {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ts(micros: u64) -> Ts {
        format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000).into()
    }

    #[test]
    fn seconds_are_compared_as_numbers() {
        assert!(Ts::from("10000000000.0") > Ts::from("9999999999.9"));
        assert!(Ts::from("1700000000.000200") > Ts::from("1700000000.000100"));
        assert!(Ts::from("0.0") > Ts::from("none"));
    }

    proptest! {
        #[test]
        fn timestamps_are_in_the_order_of_their_moments(a in 0..u64::MAX, b in 0..u64::MAX, shift in 0..64u32) {
            let (a, b) = (a >> shift, b >> shift);
            prop_assert_eq!(ts(a).cmp(&ts(b)), a.cmp(&b));
        }

        #[test]
        fn any_texts_have_one_order_that_agrees_with_equality(texts in proptest::array::uniform3("[0-9a.]{0,5}")) {
            let [a, b, c] = texts.map(Ts::from);
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            prop_assert_eq!(a.cmp(&b) == Ordering::Equal, a == b);
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
        }
    }
}
