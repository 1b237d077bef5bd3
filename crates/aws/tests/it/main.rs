//! The adapters against servers of their own kind on loopback: no account, no network, no waiting.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails where it unwraps, in helpers too"
)]

mod batches;
mod environment;
mod http_requests;
mod loopback;
mod queue;
mod secrets;
mod table;
mod table_failures;
