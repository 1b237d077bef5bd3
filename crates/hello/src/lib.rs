#![doc = include_str!("../README.md")]

pub mod domain;
pub mod mention;
pub mod ping;

pub use self::domain::Hello;
