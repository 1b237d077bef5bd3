//! Outgoing webhooks through the whole product, with receivers on loopback that answer as a test says.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod backlog;
mod calls;
mod command_line;
mod counted;
mod damaged;
mod deliveries;
mod failures;
mod flood;
mod races;
mod receiver;
mod reference;
mod replays;
mod setting;
