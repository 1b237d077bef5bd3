#![doc = include_str!("../README.md")]

pub mod api;
pub mod config;
pub mod incidents;
pub mod ingress;
pub mod installs;
mod keys;
mod login;
pub mod mentions;
mod operator;
pub mod ping;
pub mod reply;
pub mod routes;
mod sessions;
pub mod signing;
pub mod workspaces;
