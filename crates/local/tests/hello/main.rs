//! The smallest domain through the whole product: mentions and pings.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod events;
