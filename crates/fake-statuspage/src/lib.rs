//! The crate's documentation is its README.
#![doc = include_str!("../README.md")]

mod api;
mod clock;
mod config;
mod control;
mod fake;
mod faults;
mod limits;
mod records;
mod world;

pub use clock::Clock;
pub use config::{ErrorShape, FakeConfig, SeedComponent};
pub use fake::{FakeStatuspage, Running};
pub use faults::{Fault, FaultKind};
pub use records::{Component, Incident, IncidentUpdate, Postmortem, Request};
