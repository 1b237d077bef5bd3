//! Decisions: from what somebody asks, and the incident as it stands, to a change of it or a refusal. They are pure, apart
//! from the reads of rows that a few of them begin with; they commit nothing and call nobody.

pub mod change;
pub mod context;
pub mod declaration;
pub mod declare;
pub mod handover;
pub mod lifecycle;
pub mod limits;
pub mod marks;
pub mod metrics;
pub mod notes;
pub mod paging;
pub mod people;
pub mod properties;
pub mod public;
pub mod read;
pub mod relations;
pub mod reminders;
pub mod request;
pub mod review;
pub mod routing;
pub mod settings;
pub mod speak;
pub mod tasks;
