#![doc = include_str!("../README.md")]

mod alarms;
pub mod api;
mod decide;
pub mod domain;
mod effects;
mod model;
mod render;
pub mod service;

pub use self::service::Hooks;
