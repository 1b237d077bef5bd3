//! What `tidegate-slack` promises about bytes that come from outside, over vectors and arbitrary input.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails where it unwraps, and one that cannot run here says so"
)]

mod any_json;
mod api_calls;
mod api_corpus;
mod api_oauth;
mod blocks;
mod corpus;
mod envelope;
mod event_shapes;
mod form;
mod interaction;
mod interaction_shapes;
mod loopback;
mod redaction;
mod signature;
mod signature_vectors;
