#![doc = include_str!("../README.md")]

pub mod cli;
pub mod data_dir;
mod host;
pub mod local;
pub mod queue;
pub mod server;
pub mod socket_mode;
pub mod store;
pub mod table;
pub mod telemetry;
pub mod workers;
