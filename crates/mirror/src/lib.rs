#![doc = include_str!("../README.md")]

pub mod gaps;
pub mod messages;
