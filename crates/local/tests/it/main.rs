//! The whole product over HTTP, one file per topic.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on panics, and one that cannot run here says so"
)]

mod answers;
mod api_input;
mod audit;
mod bad_input;
mod bolt_defects;
mod browsers;
mod budget;
mod chance;
mod clock;
mod command_line;
mod configuration;
mod corpus;
mod cross_tenant;
mod debug_output;
mod delivery_effect_worlds;
mod delivery_effects;
mod delivery_faults;
mod delivery_limits;
mod delivery_senders;
mod delivery_worlds;
mod docs;
mod domains_off;
mod durability;
mod effect_story;
mod erasure;
mod events;
mod faulty_queue;
mod faulty_table;
mod framing;
mod home;
mod incident_settings;
mod incidents;
mod incidents_api;
mod install_world;
mod installs;
mod keys;
mod kill;
mod logs;
mod operator;
mod outbox_world;
mod own_app;
mod panics;
mod process;
mod queue;
mod queue_down;
mod rate_limits;
mod replay;
mod revocation;
mod rotation;
mod rotation_worlds;
mod routes;
mod sandbox;
mod scripted;
mod sealing;
mod secrets;
mod shares;
mod shares_world;
mod shares_worlds;
mod sign_in;
mod socket_mode;
mod ssl_check;
mod status_page_world;
mod status_pages;
mod support;
mod table;
mod tenants;
mod timers;
mod unreadable;
mod web_api;
mod worker_faults;
mod worker_worlds;
