//! What is stored of incidents, and what always holds of it: values, their rows, and the rules that follow from the values
//! alone. Nothing here calls Slack or knows who asked for what.

pub mod actor;
pub mod channel_name;
pub mod delivery;
pub mod effect;
pub mod form;
pub mod incident;
pub mod milestone;
pub mod news;
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
