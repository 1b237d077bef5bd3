#![doc = include_str!("../README.md")]

pub mod domain;
pub mod gaps;
pub mod messages;

pub use self::domain::Mirror;
