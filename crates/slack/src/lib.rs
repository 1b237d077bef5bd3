#![doc = include_str!("../README.md")]

#[cfg(feature = "client")]
pub mod client;
pub mod command;
pub mod event;
#[cfg(feature = "client")]
pub mod http_client;
pub mod ids;
pub mod interaction;
pub mod lenient;
#[cfg(feature = "client")]
pub mod outcome;
pub mod signature;
pub mod tenant;
