//! The crate's documentation is its README.
#![doc = include_str!("../README.md")]

pub mod rejection;
pub mod status_page;
pub mod statuspage;
