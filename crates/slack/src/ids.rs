//! Slack's identifiers as types of their own, so that a channel can never stand where a user should.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// The workspace (`T…`) or, for an org-wide install, the Enterprise Grid organisation (`E…`) that installed
    /// the app. Every row and every message belongs to exactly one.
    TenantId
);
id!(
    #[derive(Default)]
    /// A conversation: `C…` channel, `G…` group, `D…` direct message.
    ChannelId
);
id!(
    #[derive(Default)]
    /// A person or bot user: `U…` or `W…`.
    UserId
);
id!(
    #[derive(Default)]
    /// A message's timestamp, `seconds.micros`, which is its identity within a channel.
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
