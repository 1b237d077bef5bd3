//! Incidents through the whole product: what people type and click, the HTTP API, settings, and status pages.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on panics"
)]

mod calls;
mod calls_refused;
mod decision;
mod incident_settings;
mod incidents;
mod incidents_api;
mod limits;
mod long_timeline;
mod scopes_of_keys;
mod settings_fields;
mod status_page_world;
mod status_pages;
