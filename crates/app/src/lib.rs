#![doc = include_str!("../README.md")]

pub mod config;
pub mod domains;
pub mod manifest;
pub mod product;

pub use tidegate_api as api;
pub use tidegate_incidents as incidents;
pub use tidegate_installs as installs;
pub use tidegate_mirror as mirror;
