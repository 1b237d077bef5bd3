//! Incidents: from `/incident declare` to the post-mortem.
//!
//! A command, a button or a timer is read (`command`, `interaction`), the incident is loaded (`rows`), a pure function
//! decides, and `change` turns the decision into rows, timeline and outbox in one transaction. What Slack and the status
//! page are to be told lies in the outbox as effects, which `perform` does in order later: so an incident can be
//! declared while Slack is down.

pub mod ask;
pub mod case;
pub mod change;
pub mod channel_name;
pub mod command;
pub mod decide;
pub mod declare;
pub mod delivery;
pub mod desk;
pub mod effect;
pub mod events;
pub mod forms;
pub mod handle;
pub mod handover;
pub mod home;
pub mod incident;
pub mod interaction;
pub mod lifecycle;
pub mod marks;
pub mod metrics;
pub mod milestone;
pub mod notes;
pub mod pages;
pub mod paging;
pub mod people;
pub mod perform;
pub mod permissions;
pub mod person;
pub mod properties;
pub mod public;
pub mod read;
pub mod relations;
pub mod reminders;
pub mod render;
pub mod review;
pub mod role;
pub mod routing;
pub mod rows;
pub mod settings;
pub mod severity;
pub mod speak;
pub mod status;
pub mod tasks;
pub mod templates;
pub mod timeline;
pub mod timers;
