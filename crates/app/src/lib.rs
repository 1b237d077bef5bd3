#![doc = include_str!("../README.md")]

pub mod config;
pub mod domains;
pub mod routes;

pub use tidegate_api as api;
pub use tidegate_hello::{mentions, ping};
pub use tidegate_incidents as incidents;

pub use tidegate_installs as installs;
pub use tidegate_mirror as workspaces;
