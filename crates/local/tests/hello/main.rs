//! The smallest domain through the whole product: mentions and pings.

mod events;
