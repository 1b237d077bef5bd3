//! Local mode as a process: its command line, configuration, files, logs and Socket Mode; and the documentation.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on panics, and one that cannot run here says so"
)]

mod command_line;
mod configuration;
mod debug_output;
mod docs;
mod domains_off;
mod durability;
mod hosts;
mod kill;
mod logs;
mod replay;

mod sandbox;
mod socket_mode;
mod template;
