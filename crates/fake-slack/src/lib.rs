//! The crate's documentation is its README.
#![doc = include_str!("../README.md")]

mod api;
mod blocks;
mod clock;
mod commands;
mod config;
mod control;
mod delivery;
mod events;
mod fake;
mod faults;
mod http_client;
mod interactions;
mod message_json;
mod records;
mod response_urls;
mod room;
mod router;
mod signing;
mod state;
mod world;

pub use clock::Clock;
pub use config::FakeConfig;
pub use delivery::{Attempt, DeliveryReport};
pub use fake::FakeSlack;
pub use faults::{Fault, FaultKind};
pub use records::{Call, Channel, Ephemeral, OpenView, PostedMessage, Reaction, User};
pub use signing::sign;
