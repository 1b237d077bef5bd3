#![doc = include_str!("../README.md")]

pub mod mentions;
pub mod ping;
