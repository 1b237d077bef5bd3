//! Installing the app through the whole product: tokens and their rotation, signing in, and erasing.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on panics"
)]

mod erasure;
mod erasure_races;
mod forged;
mod installs;
mod listing;
mod own_app;
mod revocation;
mod rights;
mod rotation;
mod rotation_worlds;
mod sign_in;
mod storing;
mod tenants;
