//! The crate's documentation is its README.
#![doc = include_str!("../README.md")]

mod api;
mod blocks;
mod bookmarks;
mod caller;
mod clock;
mod commands;
mod config;
mod control;
mod delivery;
mod envelope;
mod events;
mod fake;
mod faults;
mod files;
mod http_client;
mod ids;
mod interactions;
mod message_json;
mod oauth;
mod pace;
mod records;
mod response_urls;
mod room;
mod router;
mod scopes;
mod seed;
mod signing;
mod sockets;
mod state;
mod workspaces;
mod world;

pub use clock::Clock;
pub use config::FakeConfig;
pub use delivery::{Attempt, DeliveryReport};
pub use envelope::Addressee;
pub use fake::FakeSlack;
pub use faults::{Fault, FaultKind};
pub use oauth::{Approval, InstallRecord};
pub use records::{Call, Channel, Ephemeral, OpenView, PostedMessage, Reaction, TokenKind, User};
pub use signing::sign;
pub use sockets::control::{Disconnect, DisconnectReason};
pub use workspaces::Workspace;
