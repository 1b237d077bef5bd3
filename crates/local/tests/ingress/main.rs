//! Slack's signed requests at the door: what is answered, queued, refused and set aside.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on panics, and one that cannot run here says so"
)]

mod answers;
mod bad_input;
mod bolt_defects;
mod corpus;
mod framing;
mod queue_down;
mod ssl_check;
mod unreadable;
