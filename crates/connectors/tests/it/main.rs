//! Tests of the clients against stand-ins over real loopback HTTP: one binary, a file per topic.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails where it unwraps, in helpers too"
)]

mod controls;
mod incidents;
mod limits;
mod lists;
mod lost_answers;
mod pages;
mod refusals;
