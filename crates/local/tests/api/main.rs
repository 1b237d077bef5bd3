//! The HTTP API without a domain: routes, credentials, keys, limits, browsers, and what the operator asks.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod api_input;
mod audit;
mod browsers;
mod cross_tenant;
mod cursors;
mod described;
mod keys;
mod misfits;
mod openapi;
mod operator;
mod operator_lists;
mod processes;
mod rate_limits;
mod rights_table;
mod routes;
