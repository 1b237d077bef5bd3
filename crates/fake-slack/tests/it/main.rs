//! The stand-in over real loopback HTTP: a file per topic, one binary.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails where it unwraps, in helpers too"
)]

mod app;
mod channels;
mod chat;
mod clicks;
mod commands;
mod events;
mod fakes;
mod faults;
mod files;
mod items;
mod oauth;
mod oauth_consent;
mod oauth_rotation;
mod openid;
mod pace;
mod page;
mod people;
mod reading;
mod response_urls;
mod revocation;
mod scheduled;
mod sockets;
mod tenants;
mod views;
