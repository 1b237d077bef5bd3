//! Incidents: from `/incident declare` to the post-mortem.
//!
//! A command, a button or a timer is read (`command`, `interaction`), the incident is loaded (`store`), a pure function
//! decides, and `change` turns the decision into rows, timeline and outbox in one transaction. What Slack and the status
//! page are to be told lies in the outbox as effects, which `effects` performs in order later: so an incident can be
//! declared while Slack is down.

pub mod command;
pub mod incident;
pub mod milestone;
pub mod permissions;
pub mod render;
pub mod role;
pub mod settings;
pub mod severity;
pub mod status;
pub mod templates;
pub mod timeline;
pub mod timers;
