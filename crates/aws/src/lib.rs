#![doc = include_str!("../README.md")]

pub mod client;
pub mod dynamodb;
pub mod lambda;
pub mod secrets;
pub mod sqs;
pub mod store;
pub mod telemetry;
