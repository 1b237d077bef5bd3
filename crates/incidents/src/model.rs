//! The data model of incidents: values, the rows that store them, and the rules that depend on the values alone.
//! Nothing here calls Slack or knows about requests.

pub mod actor;
pub mod channel_name;
pub mod effect;
pub mod form;
pub mod incident;
pub mod milestone;
pub mod news;
pub mod notification;
pub mod permissions;
pub mod publication;
pub mod role;
pub mod rows;
pub mod settings;
pub mod severity;
pub mod status;
pub mod templates;
pub mod timeline;
pub mod timer_kind;
pub mod timers;
pub mod transition;
