//! What `tidegate-slack` promises about bytes that come from outside, over vectors and arbitrary input.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails where it unwraps, in helpers too"
)]

mod any_json;
#[cfg(feature = "client")]
mod api_oauth;
mod envelope;
mod form;
mod interaction;
#[cfg(feature = "client")]
mod loopback;
mod signature;
mod signature_vectors;
